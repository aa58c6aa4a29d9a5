"""What a pull request is told about its plans, with stand-ins for Terraform and GitHub's CLI."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

Result = subprocess.CompletedProcess[str]
SCRIPTS = Path(__file__).resolve().parents[2] / ".github" / "scripts"

# $PLAN_<stack> is what `plan` prints; one that begins with "Error" fails. $OUTPUTS_<stack>, or else
# $OUTPUTS, is what `output` prints.
TERRAFORM = r"""#!/usr/bin/env bash
stack="${1##*/}"
echo "$stack $2 ${*:3}" >>"$CALLS"
case "$2" in
  output)
    name="OUTPUTS_${stack//-/_}"
    echo "${!name:-$OUTPUTS}"
    ;;
  plan)
    name="PLAN_${stack//-/_}"
    printf '%s\n' "${!name}"
    [[ ${!name} != Error* ]] ;;
  *) echo "Terraform has been successfully initialized!" ;;
esac
"""

# Answers a list of comments with $EXISTING, and records everything else.
GH = r"""#!/usr/bin/env bash
if [[ " $* " == *" --paginate "* ]]; then
  printf '%s' "$EXISTING"
else
  printf '%s\n' "$@" >>"$CALLS"
fi
"""

NO_CHANGES = "No changes. Your infrastructure matches the configuration."


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    for name, text in {"terraform": TERRAFORM, "gh": GH}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(stubs: Path, script: str, *arguments: str, **variables: str) -> Result:
    environment = os.environ | {
        "PATH": f"{stubs}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(stubs),
        "CALLS": str(stubs / "calls"),
        "GITHUB_REPOSITORY": "owner/repository",
        **variables,
    }
    return subprocess.run(
        [str(SCRIPTS / script), *arguments],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
    )


def plan(stubs: Path, common: str, node: str, *, deployed: bool = True) -> Result:
    return run(
        stubs,
        "plan.sh",
        "stacks",
        PLAN_allora_common=common,
        PLAN_allora_single_node=node,
        OUTPUTS=json.dumps({"name": {}} if deployed else {}),
    )


def test_both_plans_are_shown_with_their_verdicts(stubs: Path) -> None:
    result = plan(stubs, NO_CHANGES, "  # aws_eip.x will be created\nPlan: 1 to add, 0 to change.")
    assert result.returncode == 0
    assert f"### `allora-common`: {NO_CHANGES}\n" in result.stdout
    assert "### `allora-single-node`: Plan: 1 to add, 0 to change.\n" in result.stdout
    assert "aws_eip.x will be created" in result.stdout
    assert "successfully initialized" not in result.stdout


def test_the_plan_takes_no_lock_and_applies_nothing(stubs: Path) -> None:
    plan(stubs, NO_CHANGES, NO_CHANGES)
    calls = (stubs / "calls").read_text().splitlines()
    plans = [call for call in calls if call.split()[1] == "plan"]
    assert len(plans) == 2
    assert all("-lock=false" in call and "-out" not in call for call in plans)
    assert {call.split()[1] for call in calls} == {"init", "plan", "output"}


def test_the_second_stack_waits_for_the_first_one_to_be_deployed(stubs: Path) -> None:
    result = plan(stubs, "Plan: 8 to add", NO_CHANGES, deployed=False)
    assert result.returncode == 0
    assert "### `allora-single-node`: not planned" in result.stdout
    assert "cdktf deploy allora-common" in result.stdout
    assert "allora-single-node plan" not in (stubs / "calls").read_text()


@pytest.mark.parametrize("beside_a_host", [True, False])
def test_a_fleet_is_planned_and_a_host_if_there_is_one(stubs: Path, *, beside_a_host: bool) -> None:
    (stubs / "stacks" / "allora-fleet").mkdir(parents=True)
    result = run(
        stubs,
        "plan.sh",
        str(stubs / "stacks"),
        PLAN_allora_common=NO_CHANGES,
        PLAN_allora_single_node=NO_CHANGES,
        PLAN_allora_fleet="Plan: 2 to add",
        OUTPUTS_allora_single_node='{"name": {}}' if beside_a_host else "{}",
        OUTPUTS='{"name": {}}',
    )
    assert result.returncode == 0, result.stderr
    assert "### `allora-fleet`: Plan: 2 to add\n" in result.stdout
    assert ("### `allora-single-node`" in result.stdout) is beside_a_host


def test_a_fleet_waits_for_the_first_stack_as_well(stubs: Path) -> None:
    (stubs / "stacks" / "allora-fleet").mkdir(parents=True)
    stacks = str(stubs / "stacks")
    result = run(stubs, "plan.sh", stacks, PLAN_allora_common="Plan: 8 to add", OUTPUTS="{}")
    assert result.returncode == 0, result.stderr
    assert "### `allora-fleet`: not planned" in result.stdout
    assert "allora-single-node" not in result.stdout


def test_a_failed_plan_is_shown_and_fails_the_check(stubs: Path) -> None:
    result = plan(stubs, NO_CHANGES, "Error: AccessDenied")
    assert result.returncode == 1
    assert "### `allora-single-node`: the plan failed" in result.stdout
    assert "Error: AccessDenied" in result.stdout


def test_a_huge_plan_fits_into_a_comment(stubs: Path) -> None:
    result = plan(stubs, "x" * 20_000 + "\nPlan: 1 to add", "resource\n" * 6_000 + "Plan: 2 to add")
    assert len(result.stdout) < 65_536 * 2 / 3  # a third plan fits, too
    assert "### `allora-single-node`: Plan: 2 to add" in result.stdout
    assert "the rest is in the log of the job" in result.stdout
    assert "resource\n" * 6_000 in result.stderr


@pytest.mark.parametrize(
    ("existing", "method", "address"),
    [
        ("", "POST", "repos/owner/repository/issues/7/comments"),
        ("11\n12\n", "PATCH", "repos/owner/repository/issues/comments/11"),
    ],
)
def test_there_is_one_comment(
    stubs: Path, tmp_path: Path, existing: str, method: str, address: str
) -> None:
    (tmp_path / "plan.md").write_text("## Terraform plan\n")
    result = run(stubs, "comment.sh", "7", str(tmp_path / "plan.md"), EXISTING=existing)
    assert result.returncode == 0, result.stderr
    called = (stubs / "calls").read_text()
    assert called.split("\n")[2:5] == ["--method", method, address]
    assert "body=<!-- terraform-plan -->\n## Terraform plan" in called
