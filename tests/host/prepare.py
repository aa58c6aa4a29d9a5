"""Makes what all hosts need, if it is not in the cache: `python -m tests.host.prepare`."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.host import certificates, packages, python_image, ubuntu


def main() -> None:
    """Make everything at once; most of it waits for downloads."""
    authority = certificates.authority()
    makers: dict[str, Callable[[], object]] = {
        "Ubuntu's disk": lambda: ubuntu.disk(authority),
        "The base image of the containers": lambda: python_image.python_image(authority),
        "Python packages of the containers": packages.wheels,
    }
    with ThreadPoolExecutor(len(makers)) as pool:
        for made in [pool.submit(_report, *maker) for maker in makers.items()]:
            made.result()


def _report(name: str, make: Callable[[], object]) -> None:
    started = time.monotonic()
    make()
    print(f"  • {name}: ready after {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
