"""`make cdk-terrain`: the move of a checkout, for good."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.moved import ROOT, of_the_move

pytestmark = of_the_move

OLD_NAME = re.compile(
    r"^ *(from|import) cdktf\b|cdktf_cdktf|@cdktf/provider-aws|\bcdktf-cli\b", re.M
)


def git(checkout: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=tests", "-c", "user.email=tests@example.org")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout


def move(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "devtools.cdk_terrain"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A commit of this checkout as it stands, without what has no names of CDKTF."""
    folder = tmp_path / "checkout"
    for file in git(ROOT, "ls-files", "-co", "--exclude-standard", "-z").split("\0"):
        if (ROOT / file).is_file() and not file.startswith(("docs/", "tests/samples/")):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes((ROOT / file).read_bytes())
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "Everything")
    return folder


def old_names(checkout: Path) -> list[str]:
    """The program's files that still name CDKTF's packages."""
    return [
        str(file.relative_to(checkout))
        for pattern in ("**/*.py", "**/*.toml", "scripts/**/*", "package.json")
        for file in checkout.glob(pattern)
        if file.is_file()
        and "cdk_terrain" not in str(file)
        and OLD_NAME.search(file.read_text("utf-8"))
    ]


def test_it_renames_everything_once(checkout: Path) -> None:
    assert len(old_names(checkout)) > 30
    first = move(checkout)
    assert first.returncode == 0, first.stderr
    assert "make lock-packages && make setup" in first.stdout
    assert old_names(checkout) == []
    changed = git(checkout, "diff")

    second = move(checkout)
    assert second.returncode == 0, second.stderr
    assert "already" in second.stdout
    assert git(checkout, "diff") == changed


def test_it_moves_to_the_versions_that_are_tested(checkout: Path) -> None:
    move(checkout)
    pinned = dict(re.findall(r'^([\w-]+) = "(\S+)"$', (checkout / "Pipfile").read_text(), re.M))
    tested = (checkout / "scripts" / "setup" / "cdktn.in").read_text().split()
    assert tested == [
        name + pinned[name] for name in re.findall(r"^[\w-]+", "\n".join(tested), re.M)
    ]
    assert f'"cdktn-cli": "{pinned["cdktn"][2:]}"' in (checkout / "package.json").read_text()


def test_work_that_is_not_committed_is_left_alone(checkout: Path) -> None:
    (checkout / "main.py").write_text("mine")
    before = git(checkout, "diff")
    refused = move(checkout)
    assert refused.returncode == 1
    assert "git stash" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert git(checkout, "diff") == before


def test_a_line_that_is_not_there_is_named(checkout: Path) -> None:
    pipfile = checkout / "Pipfile"
    pipfile.write_text(pipfile.read_text().replace('"==20.1.0"', '"*"'))
    git(checkout, "commit", "--quiet", "--all", "-m", "My own version")
    refused = move(checkout)
    assert refused.returncode == 1
    assert "Pipfile lacks 'cdktf-cdktf-provider-aws = \"==20.1.0\"'" in refused.stderr
    assert git(checkout, "diff") == ""


def test_what_is_not_gits_is_left_alone(checkout: Path) -> None:
    (checkout / ".git").rename(checkout / "no git")
    refused = move(checkout)
    assert refused.returncode == 1
    assert "is not a git checkout" in refused.stderr
