"""What tests/host needs of a machine, and what it leaves there."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.host import cache, slots

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "a cache"
    monkeypatch.setenv("ALLORA_TEST_CACHE", str(path))
    return path


def cache_command(*arguments: str) -> str:
    # As `make clean` may: without the project's own Python packages.
    result = subprocess.run(
        [sys.executable, "-S", "-m", "tests.host.cache", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        text=True,
    )
    assert result.stderr == ""
    return result.stdout


def test_where_no_host_can_be_booted_one_sentence_says_so(tmp_path: Path) -> None:
    uname = tmp_path / "uname"
    uname.write_text("#!/bin/sh\necho Darwin\n")
    uname.chmod(0o755)
    result = subprocess.run(
        [str(ROOT / "scripts/test_host.sh")],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("✘ Only root on Linux can boot a host")


def test_cache_is_named_with_its_size(cached: Path) -> None:
    assert cache_command() == ""
    cache.kept("disk", 1, lambda path: path.write_bytes(b"1" * 3_000_000))
    assert str(cached) in cache_command()
    assert "3 MB" in cache_command()


def test_removal_of_the_cache_is_offered_and_never_done_unasked(cached: Path) -> None:
    assert cache_command("--offer") == ""
    disk = cache.kept("disk", 1, lambda path: path.write_text("1"))
    assert f"rm -rf '{cached}'" in cache_command("--offer")
    assert disk.exists()


def test_what_several_want_is_made_once_for_each_recipe() -> None:
    made = []

    def make(path: Path) -> None:
        made.append(path)
        path.write_text("1")

    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: cache.kept("disk", 1, make), range(4)))
    assert len(made) == 1
    assert set(paths) == {paths[0]}
    newer = cache.kept("disk", 2, make)
    assert newer.exists()
    assert not paths[0].exists()


def test_each_run_has_a_slot_of_its_own() -> None:
    with slots.lowest_free() as first, slots.lowest_free() as second:
        assert (first.number, second.number) == (0, 1)
        assert first.name != second.name
        first.directory.mkdir()
        second.directory.mkdir()
        with slots.abandoned() as abandoned:
            assert abandoned == []
    with slots.abandoned() as abandoned:
        assert abandoned == [first, second]
