"""The documents lead nowhere wrong, and the workflows run nothing that is not pinned."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from tests.policies import policies_for_plans

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", ".tools", "node_modules", "cdktf.out", ".local"}


def our_files() -> Iterator[Path]:
    """What belongs to the repository: neither installed nor written by the tools, nor settings."""
    for folder, folders, names in os.walk(ROOT):
        here = Path(folder)
        folders[:] = [
            name
            for name in folders
            if name not in NOT_OURS and not name.endswith(("_cache", "__pycache__"))
        ]
        yield from (here / name for name in names if not name.startswith(".env"))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


DOCUMENTS = sorted(path for path in our_files() if path.suffix == ".md")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))

FENCE = re.compile(r"^( *)(`{3,})[^\n]*\n.*?^\1\2`* *$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")


def prose(markdown: str) -> str:
    """The text without blocks of code."""
    return FENCE.sub("", markdown)


def code(markdown: str) -> str:
    """What is written as code: blocks and spans."""
    blocks = [match.group() for match in FENCE.finditer(markdown)]
    return "\n".join([*blocks, *CODE.findall(prose(markdown))])


def anchors(markdown: str) -> set[str]:
    """The anchors that GitHub makes of the headings."""
    headings = re.findall(r"^#+ +(.+?) *$", prose(markdown), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def broken_links(document: Path) -> list[str]:
    links = re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", prose(document.read_text("utf-8"))))
    return [
        link for link in links if not re.match(r"[a-z]+:", link) and not resolves(document, link)
    ]


def resolves(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (document.parent / unquote(path)) if path else document
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text("utf-8"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_links_between_documents_resolve(document: Path) -> None:
    assert broken_links(document) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# The host's role\n")
    document = tmp_path / "document.md"
    document.write_text(
        "# Top\n[a](other.md) [b](other.md#the-hosts-role) [c](#top) [d](https://example.com/x.md)\n"
        "```\n[e](in-code.md)\n```\n"
        "[f](missing.md) [g](other.md#missing) [h](#missing)\n"
    )
    assert broken_links(document) == ["missing.md", "other.md#missing", "#missing"]


def make_targets() -> set[str]:
    return set(
        re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )


def named_make_targets(markdown: str) -> set[str]:
    return set(re.findall(r"(?:^|[`\s])make ([a-z][a-z-]*)", code(markdown)))


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_make_targets_in_documents_exist(document: Path) -> None:
    assert named_make_targets(document.read_text("utf-8")) <= make_targets()


def test_readme_names_its_two_commands() -> None:
    assert {"local", "test"} <= named_make_targets((ROOT / "README.md").read_text("utf-8"))


def test_only_commands_written_as_code_are_targets() -> None:
    text = "make sure\n`make a` and `pipenv run x`\n```sh\nmake b-c X=1\n```\n"
    assert named_make_targets(text) == {"a", "b-c"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_samples_in_documents_exist(document: Path) -> None:
    for name in re.findall(r"samples/[\w-]+\.env", document.read_text("utf-8")):
        assert (ROOT / name).is_file(), name


def test_readme_has_every_sample() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    samples = [relative(sample) for sample in (ROOT / "samples").glob("*.env")]
    assert samples
    assert [sample for sample in samples if f"]({sample})" not in readme] == []


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs/adr/README.md").read_text("utf-8")
    records = {path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md")}
    assert records
    assert set(re.findall(r"\((\d{4}-[\w-]+\.md)\)", index)) == records


@pytest.mark.parametrize(
    "record", sorted((ROOT / "docs/adr").glob("[0-9]*.md")), ids=lambda path: path.stem
)
def test_a_decision_has_its_parts_in_order(record: Path) -> None:
    text = record.read_text("utf-8")
    assert text.startswith(f"# {int(record.name[:4])}. ")
    assert re.search(r"^Status: (accepted|superseded by .+)$", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


# What would tie the repository to one machine or one registry. The names are put together here, so
# that this file need not be an exception.
REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted",
    "npm" + "js",
    "yarn" + "pkg",
    "deb.debian" + ".org",
)
PLACES = re.compile(
    "|".join(map(re.escape, REGISTRIES)) + r"|(?<![\w./}-])/(?:work|Users|home)/[\w.-]+"
)


def test_no_file_names_a_registry_or_a_machines_folder() -> None:
    found = []
    for path in our_files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{relative(path)}: {place}" for place in PLACES.findall(text)]
    assert found == []


@pytest.mark.parametrize(
    "text", [*(f"https://{host}/x" for host in REGISTRIES), "at " + "/home" + "/ann/project"]
)
def test_a_place_is_found(text: str) -> None:
    assert PLACES.search(text)


@pytest.mark.parametrize("text", ["how-tos/work/x", "$HOME/home/x", "~/.cache/pip"])
def test_other_addresses_are_no_places(text: str) -> None:
    assert not PLACES.search(text)


def workflow(path: Path) -> dict[Any, Any]:
    content = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def test_there_are_workflows() -> None:
    assert {path.name for path in WORKFLOWS} >= {"ci.yaml", "plan.yaml"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=relative)
def test_workflow_grants_only_what_each_job_names(path: Path) -> None:
    content = workflow(path)
    assert content["permissions"] == {}
    for name, job in content["jobs"].items():
        assert isinstance(job["permissions"], dict), name
        assert job["permissions"]["contents"] == "read", name


@pytest.mark.parametrize("path", WORKFLOWS, ids=relative)
def test_workflow_never_runs_strangers_code_with_rights(path: Path) -> None:
    events = workflow(path)[True]  # YAML 1.1 reads the key `on` as a truth value
    assert not {"pull_request_target", "workflow_run"} & set(events)


def test_only_the_plan_of_an_own_branch_gets_a_token() -> None:
    jobs = {
        (path.name, name): job for path in WORKFLOWS for name, job in workflow(path)["jobs"].items()
    }
    trusted = {key for key, job in jobs.items() if "id-token" in job["permissions"]}
    assert trusted == {("plan.yaml", "plan")}
    condition = jobs["plan.yaml", "plan"]["if"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in condition


PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


@pytest.mark.parametrize("path", WORKFLOWS, ids=relative)
def test_actions_are_pinned_by_commit_with_their_version(path: Path) -> None:
    used = re.findall(r"^\s*(?:- )?uses: *(.+)$", path.read_text("utf-8"), re.MULTILINE)
    assert used
    assert [action for action in used if not PINNED.match(action)] == []


@pytest.mark.parametrize(
    "action", ["actions/checkout@v7", "actions/checkout@3d3c42e # v7.0.1", "a/b@" + 40 * "0"]
)
def test_a_loose_action_is_found(action: str) -> None:
    assert not PINNED.match(action)


def test_one_version_of_each_action() -> None:
    used = re.findall(
        r"uses: *([\w.-]+/[\w.-]+)[\w/-]*@(\w+)", "".join(path.read_text() for path in WORKFLOWS)
    )
    assert len(set(used)) == len({action for action, _ in used})


@pytest.mark.parametrize("path", WORKFLOWS, ids=relative)
def test_scripts_of_a_workflow_can_be_run(path: Path) -> None:
    for script in re.findall(r"\.github/scripts/[\w.-]+", path.read_text("utf-8")):
        assert os.access(ROOT / script, os.X_OK), script


def test_the_plans_role_trusts_one_repository() -> None:
    trust, _ = policies_for_plans()
    (statement,) = trust["Statement"]
    assert statement["Condition"].keys() == {"StringEquals"}
    assert statement["Condition"]["StringEquals"] == {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:OWNER/REPOSITORY:pull_request",
    }


def test_the_plans_role_only_reads_and_never_a_secret() -> None:
    _, permissions = policies_for_plans()
    for statement in permissions["Statement"]:
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert re.fullmatch(r"\w+:(Get|List|Describe)\w+", action)
            if action.startswith("ssm:"):
                assert statement["Resource"].endswith("::parameter/aws/service/canonical/*")


def test_the_plans_role_sees_no_user_data_but_its_own_workers() -> None:
    _, permissions = policies_for_plans()
    able = [
        statement
        for statement in permissions["Statement"]
        if USER_DATA & words(statement["Action"])
    ]
    assert [words(statement["Action"]) for statement in able] == [{"ec2:DescribeInstanceAttribute"}]
    assert able[0]["Condition"] == {
        "StringEquals": {
            "aws:ResourceTag/Project": "allora-worker",
            "aws:ResourceTag/ManagedBy": "cdktf",
        }
    }


USER_DATA = {
    f"ec2:{action}"
    for action in (
        "DescribeInstanceAttribute",
        "DescribeLaunchTemplateVersions",
        "DescribeSpotFleetRequests",
        "DescribeSpotInstanceRequests",
        "GetLaunchTemplateData",
    )
}


def words(value: str | list[str]) -> set[str]:
    return {value} if isinstance(value, str) else set(value)


def test_pre_commit_accepts_its_configuration(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path)}
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def test_pre_commit_runs_the_locked_tools_only() -> None:
    content = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repository["repo"] for repository in content["repos"]] == ["local"]


def test_license_is_apache_2() -> None:
    license_text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in license_text
    assert "END OF TERMS AND CONDITIONS" in license_text
