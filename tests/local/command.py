"""The `allora` command in a fork of the tests' process.

It has a process, standard streams and an environment of its own, as when a shell starts it; only
what it imports is there already.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NoReturn

import allora_cli
from allora_cli import __main__ as operator
from allora_cli.terminal import console

for module in pkgutil.walk_packages(allora_cli.__path__, "allora_cli."):
    importlib.import_module(module.name)

ROOT = Path(__file__).resolve().parents[2]
_PIPE_BYTES = 16 * 1024  # what a pipe takes everywhere before somebody reads


@dataclass(frozen=True)
class Finished:
    """How the command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: str = "",
    cwd: Path = ROOT,
    together: bool = False,
) -> Finished:
    """Runs it to its end.

    Args:
        arguments: those of `allora`.
        environment: all of it.
        stdin: what comes by a pipe.
        cwd: where it runs.
        together: whether stdout gets all that is printed, in the order in which it is printed.
    """
    reads, writes = os.pipe()
    with os.fdopen(reads) as given, TemporaryFile() as out, TemporaryFile() as err:
        with os.fdopen(writes, "wb") as typed:
            assert len(stdin.encode()) <= _PIPE_BYTES
            typed.write(stdin.encode())
        with warnings.catch_warnings():
            # Python 3.12 and newer warn where there are threads: the fork uses nothing of theirs.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            _become(arguments, environment, (given, out, out if together else err), cwd)
        _, status = os.waitpid(child, 0)
        return Finished(os.waitstatus_to_exitcode(status), _all_of(out), _all_of(err))


def _all_of(file: IO[Any]) -> str:
    file.seek(0)
    content: bytes = file.read()
    return content.decode()


def _become(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    streams: Sequence[IO[Any]],
    cwd: Path,
) -> NoReturn:
    code = 1
    try:
        for descriptor, stream in enumerate(streams):
            os.dup2(stream.fileno(), descriptor)
        sys.stdin = os.fdopen(0, encoding="utf-8")
        sys.stdout = os.fdopen(1, "w", encoding="utf-8")
        sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace")
        # pytest's own ones report to the tests.
        threading.excepthook = threading.__excepthook__
        sys.unraisablehook = sys.__unraisablehook__
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["allora", *arguments]
        importlib.reload(console)  # looks at streams and environment when it is imported
        code = _exit_code()
    finally:
        os._exit(code)  # what runs at the tests' end is not the fork's


def _exit_code() -> int:
    try:
        return operator.main()
    except SystemExit as end:
        if end.code is None:
            return 0
        if isinstance(end.code, int):
            return end.code
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
