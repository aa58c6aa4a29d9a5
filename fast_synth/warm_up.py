"""Do at set-up what would otherwise slow down every synth: `python -O -m fast_synth.warm_up`.

Two things are worth having before the first synth, and a synth gets neither by itself:

- jsii's index of the AWS provider. Without it, jsii parses the provider's 120 MB description on
  every run (some seconds, and a gigabyte of memory). It writes the index in a worker thread, which
  dies with the process: a program as short as ours never gets one.
- compiled Python modules, where `PYTHONDONTWRITEBYTECODE` is set (`pipenv run` does so).

It is only about speed: without an index, synths take longer and work. It fails only if jsii does,
as a synth would: on a package cache that it cannot write, or does not trust.
"""

import atexit
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path

from jsii.errors import JSIIError

from fast_synth.acceleration import accelerate

PROVIDER = "@cdktf/provider-aws"
INDEX = ".jsii.runtime.v*.json"
"""What jsii names its index, by format version; it appears when the index is complete."""

TIMEOUT = 180.0
"""Seconds to wait for the index. It takes about 15 on two cores."""


def main() -> None:
    """Import the app as a synth does, and stay until jsii has written its index.

    Raises:
        SystemExit: jsii refuses its package cache; its message says why, and what to do.
    """
    sys.dont_write_bytecode = False
    kernel_directory = _temporary_directory_for_kernel()
    print("Preparing for fast synths (up to a minute the first time) ...", flush=True)
    try:
        accelerate(early=False)  # an early kernel writes no index: its program lies elsewhere
        importlib.import_module("stacks.app")
    except JSIIError as error:
        sys.exit(str(error))
    provider = next(kernel_directory.glob(f"jsii-kernel-*/node_modules/{PROVIDER}"), None)
    print(_wait_for_index(provider, TIMEOUT))


def _temporary_directory_for_kernel() -> Path:
    """Give the jsii kernel a temporary directory that we know.

    The kernel links the packages it loads into it, so the links lead to jsii's package cache,
    wherever that is. The directory goes after the kernel, which is the last to use it: functions
    registered with `atexit` run in reverse order, and jsii registers the kernel's end later.
    """
    directory = tempfile.TemporaryDirectory(prefix="warm-up-")
    atexit.register(directory.cleanup)
    os.environ["TMPDIR"] = directory.name
    return Path(directory.name)


def _wait_for_index(package: Path | None, timeout: float) -> str:
    """Wait until jsii has indexed a package.

    Args:
        package: Where the kernel has linked the package; None if it did not load it.
        timeout: Seconds to wait at most.

    Returns:
        A sentence that tells a person how it went.
    """
    if package is None or not package.is_symlink():
        return "jsii's package cache is not in use: each synth takes some seconds longer."
    cached = package.resolve()
    deadline = time.monotonic() + timeout
    while not any(cached.glob(INDEX)):
        if time.monotonic() > deadline:
            return f"jsii wrote no index to {cached} in time: each synth takes some seconds longer."
        time.sleep(0.1)
    return f"Ready: jsii's index of {PROVIDER} is in place."


if __name__ == "__main__":
    main()
