"""Checks of the tools on this computer."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable

from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, unknown, warning
from allora_cli.host.ssm_session import TOOLS
from allora_cli.terraform.synthesis import ROOT

_SETUP = "make setup, then: . .venv/bin/activate"
_SECONDS = 30


def check_python(_: CheckContext) -> Finding:
    """Check that Python is new enough."""
    found = _text(sys.version_info[:3])
    if sys.version_info < (3, 11):  # noqa: UP036 - a system without `make setup` may be older
        return fail(f"{found}: 3.11 or newer is needed", "make setup PYTHON=/path/to/python3.12")
    return ok(found, version=found)


def check_node(_: CheckContext) -> Finding:
    """Check Node.js, which cdktf and its Python library run on."""
    return _tool("node", "--version", "20 or newer", lambda version: version >= (20,))


def check_cdktf(_: CheckContext) -> Finding:
    """Check that the cdktf CLI is of the line that package.json names: 0.21 for 0.21.0."""
    packages = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    line = packages["dependencies"]["cdktf-cli"].rpartition(".")[0]
    return _tool("cdktf", "--version", line, lambda version: _text(version[:2]) == line)


def check_terraform(_: CheckContext) -> Finding:
    """Check that Terraform can lock a state in S3."""
    return _tool("terraform", "version", "1.10 or newer", lambda version: version >= (1, 10))


def check_session_manager(_: CheckContext) -> Finding:
    """Check the two tools that `allora connect` alone needs."""
    missing = [tool for program, tool in TOOLS.items() if shutil.which(program) is None]
    if missing:
        names = [tool.name for tool in missing]
        return warning(
            f"no {', no '.join(names)}: for `allora connect`",
            "\n".join(f"to install it: {tool.page}" for tool in missing),
            missing=names,
        )
    return ok("both are installed")


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _tool(
    name: str, option: str, wanted: str, accepts: Callable[[tuple[int, ...]], bool]
) -> Finding:
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
            # Otherwise Terraform asks its maker for a newer version.
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
    version = found.group()
    if not accepts(tuple(map(int, version.split(".")))):
        return fail(f"{version}: {wanted} is needed", _SETUP, version=version)
    return ok(version, version=version)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """Return the most useful line: Node.js begins with a source location."""
    lines = done.stderr.strip().splitlines()
    named = [line for line in lines if "rror" in line]
    return (named or lines or [f"exit code {done.returncode}"])[0].strip()
