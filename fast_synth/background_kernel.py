"""Let the jsii kernel work while Python imports.

The kernel is the Node process behind every CDKTF class. jsii starts it, and has it load a package,
when a Python module of that package is imported, and waits for it each time. Python has enough to
import meanwhile that needs no answer from the kernel: the rest of the packages, the stacks, the
settings.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, cast

import jsii

if TYPE_CHECKING:
    from jsii._kernel.providers import BaseProvider
    from jsii._kernel.types import LoadRequest

CACHE = Path(__file__).resolve().parent.parent / ".tools" / "jsii"
"""Where jsii unpacks its packages (400 MB): in the project's folder, not in the user's cache."""


def start() -> None:
    """Start the kernel, and no longer wait for what it loads.

    Call it before anything imports ``cdktf`` or ``constructs``, which would start the kernel, and
    when the environment is as the kernel shall see it.
    """
    os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(CACHE))
    jsii.kernel.provider = cast("BaseProvider", _LoadingInBackground(jsii.kernel.provider))


class _LoadingInBackground:
    """A connection to the kernel that does not wait for what loads, only for anything else.

    So the first request for a result waits until everything has loaded, and raises the error of a
    load that failed.

    Args:
        connection: jsii's own, of which only one request may be under way.
    """

    def __init__(self, connection: BaseProvider) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(max_workers=1)
        # Any request starts the kernel.
        self._under_way: list[Future[object]] = [self._thread.submit(connection.stats)]

    def load(self, request: LoadRequest) -> None:
        self._under_way.append(self._thread.submit(self._connection.load, request))

    def __getattr__(self, name: str) -> object:
        while self._under_way:
            self._under_way.pop(0).result()
        return getattr(self._connection, name)
