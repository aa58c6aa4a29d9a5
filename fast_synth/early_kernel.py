"""Start the jsii kernel before Python imports jsii, and let it work while Python does.

The kernel is the Node process behind every CDKTF class. jsii starts it when the first class is
used, through another Node process that hands on what both say, and waits while it loads packages.
This starts the kernel's own program, which talks over file descriptor 3
(https://github.com/aws/jsii/blob/main/packages/%40jsii/runtime/lib/program.ts), and asks at once
for what every synth asks for. Nothing depends on the answers: jsii asks again, and the kernel has
them ready.

Where jsii is laid out in another way, there is no early kernel, and jsii starts its own.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import os
import platform
import re
import socket
import subprocess
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".tools" / "jsii"
"""jsii's package cache (400 MB), in the project's folder instead of the user's."""

_PROGRAM = "_embedded/jsii/lib__program.js"
"""The kernel's program, in the folder of the package `jsii`."""

_OPTIONS = "--max-old-space-size=4069", "--preserve-symlinks"
"""What jsii starts it with."""

_ON_DESCRIPTOR_3 = "/bin/sh", "-c", 'exec "$@" 3<&0 </dev/null', "sh"

_LOAD = re.compile(
    r'JSIIAssembly\.load\(\s*"([^"]+)",\s*"([^"]+)",\s*__name__\[0:-6\],\s*"([^"]+)"\s*\)'
)
_DEPENDENCY = re.compile(r"^import (\w+)\._jsii$", re.MULTILINE)

_END_SECONDS = 5
"""Until a kernel that does not end is stopped, as jsii does."""


class EarlyKernel:
    """A running kernel.

    Args:
        program: Its JavaScript file.
        provider: The provider package's name in JavaScript.
    """

    def __init__(self, program: Path, provider: str) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*_ON_DESCRIPTOR_3, os.environ.get("JSII_NODE", "node"), *_OPTIONS, str(program)],
                env={**os.environ, "JSII_AGENT": f"Python/{platform.python_version()}"},
                stdin=theirs.fileno(),
            )
        self.channel = self._socket.makefile("rwb")
        self._provider = provider
        self._unread = 0
        self._is_taken = False
        atexit.register(self.end)

    def expect(self, submodule: str) -> None:
        """Have it load the class of a resource that Python is importing."""
        first, *others = submodule.split("_")
        rest = "".join(map(str.capitalize, others))
        name = "AwsProvider" if submodule == "provider" else f"{first.capitalize()}{rest}"
        fqn = f"{self._provider}.{first}{rest}.{name}"
        self.ask("sget", fqn=fqn, property="tfResourceType")

    def ask(self, api: str, **request: str) -> None:
        """Send a request whose answer nobody needs, unless it serves jsii already."""
        if self._is_taken:
            return
        with contextlib.suppress(OSError):  # it has ended: the greeting is missing
            self.channel.write(json.dumps({"api": api, **request}).encode() + b"\n")
            self.channel.flush()
        self._unread += 1

    def take(self, greeting: str) -> bool:
        """Ask no more; wait for the answers, and return whether it has greeted so and given all."""
        self._is_taken = True
        try:
            if json.loads(self.channel.readline()) != {"hello": greeting}:
                return False
            return all(self.channel.readline() for _ in range(self._unread))
        except (OSError, ValueError):
            return False

    def end(self) -> None:
        """End it, as jsii does; twice is as good as once."""
        atexit.unregister(self.end)
        with contextlib.suppress(OSError, ValueError):
            self.channel.write(b'{"exit":0}\n')
            self.channel.flush()
            self._socket.shutdown(socket.SHUT_WR)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):  # what one that had ended did not take
            self.channel.close()
        self._socket.close()


def use_own_cache() -> None:
    """Have any kernel keep its packages in the project's folder, unless somebody chose another."""
    os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(CACHE))


def start(provider: str) -> EarlyKernel | None:
    """Start the kernel, and have it load a provider package and what that depends on.

    Args:
        provider: The package's name in Python.

    Returns:
        None where jsii or the package is not laid out as it was when this was written.
    """
    if os.name != "posix" or "JSII_RUNTIME" in os.environ:
        return None
    try:
        program = _folder("jsii") / _PROGRAM
        loads = _loads(provider)
    except LookupError:
        return None
    if not program.is_file():
        return None
    kernel = EarlyKernel(program, loads[-1]["name"])
    for load in loads:
        kernel.ask("load", **load)
    kernel.expect("provider")  # with the first class, it reads 32 MB of definitions
    return kernel


def _loads(package: str) -> list[dict[str, str]]:
    """Return what a package has the kernel load when it is imported, dependencies first.

    Raises:
        LookupError: It is not there, or of another form.
    """
    folder = _folder(package) / "_jsii"
    try:
        source = (folder / "__init__.py").read_text(encoding="utf-8")
    except OSError as error:
        raise LookupError(package) from error
    load = _LOAD.search(source)
    if load is None:
        raise LookupError(package)
    loads = [each for name in _DEPENDENCY.findall(source) for each in _loads(name)]
    name, version, file = load.groups()
    loads.append({"name": name, "version": version, "tarball": str(folder / file)})
    return list({each["name"]: each for each in loads}.values())


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise LookupError(package)
    return Path(spec.origin).parent
