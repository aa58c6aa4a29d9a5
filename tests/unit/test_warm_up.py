"""Set-up waits for jsii's index of the provider, and does well without."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fast_synth import warm_up


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    """A package in jsii's cache."""
    directory = tmp_path / "cache" / "provider"
    directory.mkdir(parents=True)
    return directory


@pytest.fixture
def linked(tmp_path: Path, cached: Path) -> Path:
    """The same package as the kernel has linked it."""
    link = tmp_path / "link"
    link.symlink_to(cached)
    return link


def test_an_index_that_is_there_is_not_waited_for(linked: Path, cached: Path) -> None:
    (cached / ".jsii.runtime.v1.json").touch()
    assert warm_up._wait_for_index(linked, timeout=0).startswith("Ready")


def test_it_waits_until_the_index_is_there(linked: Path, cached: Path) -> None:
    timer = threading.Timer(0.2, (cached / ".jsii.runtime.v2.json").touch)
    timer.start()
    assert warm_up._wait_for_index(linked, timeout=60).startswith("Ready")


@pytest.mark.parametrize(
    "part",
    [".jsii.runtime-defs.v1.jsonl", ".jsii.runtime-index.v1", ".jsii.runtime.v1.json.42.tmp"],
)
def test_a_part_of_the_index_is_not_the_index(linked: Path, cached: Path, part: str) -> None:
    (cached / part).touch()
    assert "no index" in warm_up._wait_for_index(linked, timeout=0)


def test_a_cache_that_is_off_is_no_error(cached: Path) -> None:
    for package in (cached, None):
        assert "not in use" in warm_up._wait_for_index(package, timeout=60)


def test_a_cache_that_jsii_refuses_is_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    no_directory = tmp_path / "file"
    no_directory.touch()
    result = subprocess.run(
        [sys.executable, "-m", "fast_synth.warm_up"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(no_directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert str(no_directory) in result.stderr
    assert "JSII_RUNTIME_PACKAGE_CACHE_ROOT" in result.stderr
    assert "Traceback" not in result.stderr
