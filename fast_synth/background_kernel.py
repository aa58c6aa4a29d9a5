"""Let the jsii kernel work while Python imports.

The kernel is the Node process behind every CDKTF class. When a Python module of a jsii package is
imported, jsii has the kernel load that package, and waits. Python can import the other packages,
the stacks and the settings meanwhile.
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
"""jsii's package cache (400 MB), in the project's folder instead of the user's."""


def start() -> None:
    """Start the kernel and let it load packages in the background.

    Call it before anything imports `cdktf` or `constructs`, with the kernel's environment in place.
    """
    os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(CACHE))
    jsii.kernel.provider = cast("BaseProvider", _LoadingInBackground(jsii.kernel.provider))


class _LoadingInBackground:
    """A connection to the kernel that does not wait for loads.

    The first other request waits until all have loaded, and raises the error of a failed one.

    Args:
        connection: jsii's own; it takes one request at a time.
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
