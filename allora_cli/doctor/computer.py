"""The tools on this computer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, unknown, warning

_SETUP = "make setup, then: . .venv/bin/activate"
_SECONDS = 30


def look_at_python(_: CheckContext) -> Finding:
    """Whether Python is new enough."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036 - somebody may have come around `make setup`
        return fail(f"{found}: 3.11 or newer is needed", "make setup PYTHON=/path/to/python3.12")
    return ok(found, version=found)


def look_at_node(_: CheckContext) -> Finding:
    """Whether there is Node.js, which cdktf and Python's cdktf library run on."""
    return _tool("node", "--version", at_least=(20,), wanted="20 or newer is needed")


def look_at_cdktf(_: CheckContext) -> Finding:
    """Whether the cdktf CLI is the one that belongs to the library."""
    finding = _tool("cdktf", "--version", at_least=(0, 21), wanted="0.21 is needed")
    if finding.facts.get("version", "0.21").startswith("0.21"):
        return finding
    return fail(f"{finding.facts['version']}: 0.21 is needed", _SETUP, **finding.facts)


def look_at_terraform(_: CheckContext) -> Finding:
    """Whether Terraform can lock a state in S3."""
    return _tool("terraform", "version", at_least=(1, 10), wanted="1.10 or newer is needed")


def look_at_session_manager(_: CheckContext) -> Finding:
    """Whether `allora connect` can work. Nothing else needs these two."""
    needed = {"aws": "AWS CLI", "session-manager-plugin": "Session Manager plugin"}
    missing = [name for tool, name in needed.items() if shutil.which(tool) is None]
    if missing:
        return warning(
            f"no {', no '.join(missing)}: for `allora connect`",
            "README.md, Deploy to AWS, has the links",
            missing=missing,
        )
    return ok("both are installed")


def _tool(name: str, option: str, *, at_least: tuple[int, ...], wanted: str) -> Finding:
    path = shutil.which(name)
    if path is None:
        return fail("is not installed, or not in the path", _SETUP)
    try:
        done = subprocess.run(
            [path, option],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            # Terraform would ask its maker for a newer one.
            env=os.environ | {"CHECKPOINT_DISABLE": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return unknown(f"{path} {option} takes more than {_SECONDS} seconds")
    except OSError as error:
        return fail(f"{path} does not run: {error.strerror}", _SETUP)
    found = re.search(r"\d+(?:\.\d+)+", done.stdout)
    if done.returncode or found is None:
        return fail(f"{path} does not run: {_reason(done)}", _SETUP)
    return _judged(found.group(), at_least=at_least, wanted=wanted)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """The line that tells most: Node.js begins with where it was."""
    lines = done.stderr.strip().splitlines()
    named = [line for line in lines if "rror" in line]
    return (named or lines or [f"exit code {done.returncode}"])[0].strip()


def _judged(version: str, *, at_least: tuple[int, ...], wanted: str) -> Finding:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[: len(at_least)])
    if numbers < at_least:
        return fail(f"{version}: {wanted}", _SETUP, version=version)
    return ok(version, version=version)
