"""Have jsii talk to the kernel that was started early."""

from __future__ import annotations

from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import jsii
from jsii.__meta__ import __jsii_runtime_version__
from jsii._kernel.providers.process import ProcessProvider, _NodeProcess

from fast_synth.early_kernel import EarlyKernel

if TYPE_CHECKING:
    from subprocess import Popen

    from jsii._kernel.providers import BaseProvider
    from jsii._kernel.types import LoadRequest


def use(kernel: EarlyKernel) -> None:
    """Connect jsii to a kernel.

    Call it before anything imports `cdktf` or `constructs`.
    """
    jsii.kernel.provider = cast("BaseProvider", _LoadingLate(_EarlyProvider(kernel)))


class _LoadingLate:
    """A connection that asks for packages before it asks for anything else.

    A package is loaded when a Python module of it is imported. Nobody needs the answer before the
    first class is used; an error is an error of that use.
    """

    def __init__(self, connection: BaseProvider) -> None:
        self._connection = connection
        self._loads: list[LoadRequest] = []

    def load(self, request: LoadRequest) -> None:
        self._loads.append(request)

    def __getattr__(self, name: str) -> object:
        while self._loads:
            self._connection.load(self._loads.pop(0))
        return getattr(self._connection, name)


class _EarlyProvider(ProcessProvider):
    def __init__(self, kernel: EarlyKernel) -> None:
        self._kernel = kernel

    @cached_property
    def _process(self) -> _NodeProcess:
        return _adopted(self._kernel) or super()._process


def _adopted(kernel: EarlyKernel) -> _NodeProcess | None:
    """Return jsii's view of a kernel, or None if it is not the one that jsii expects."""
    if kernel.take(f"@jsii/runtime@{__jsii_runtime_version__}"):
        return _EarlyProcess(kernel)
    kernel.end()
    return None


class _EarlyProcess(_NodeProcess):
    def __init__(self, kernel: EarlyKernel) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        channels = SimpleNamespace(stdin=kernel.channel, stdout=kernel.channel)
        self._process = cast("Popen[bytes]", channels)
        self._kernel = kernel

    def stop(self) -> None:
        self._kernel.end()
