"""Network namespaces: the machine's own stays as it is, whatever the test does."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.host.command import run

_CLONE_NEWNET = 0x40000000  # https://man7.org/linux/man-pages/man2/setns.2.html
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Sockets that this thread makes are the namespace's, and stay so afterwards."""
    with Path("/proc/thread-self/ns/net").open() as own, path(name).open() as other:
        _enter(other.fileno())
        try:
            yield
        finally:
            _enter(own.fileno())


def path(name: str) -> Path:
    """The file that stands for a namespace."""
    return Path("/run/netns") / name


def create(name: str) -> None:
    """A namespace with nothing but a loopback interface."""
    run("ip", "netns", "add", name)
    run("ip", "-n", name, "link", "set", "lo", "up")


def processes(name: str) -> list[int]:
    """The processes inside; none when there is no such namespace."""
    if not path(name).exists():
        return []
    return [int(pid) for pid in run("ip", "netns", "pids", name).split()]


def delete(name: str) -> None:
    """Removes the namespace, if there is one."""
    if path(name).exists():
        run("ip", "netns", "delete", name)


def _enter(descriptor: int) -> None:
    # os.setns is there only from Python 3.12 on.
    if _libc.setns(descriptor, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
