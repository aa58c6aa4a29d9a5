"""A worker as a process, with the durations of the tests: `python -m tests.worker.quick PORT`.

They are in the variable TIMINGS, as JSON. With a second argument its event loop stands still as
soon as it is told to, by the file of that name; it writes the event `stands_still` when it does.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from allora_worker import service
from allora_worker.__main__ import main
from allora_worker.timings import Timings


async def _stand_still_when(path: Path) -> None:
    while not path.exists():
        await asyncio.sleep(0.01)
    print('{"event": "stands_still"}', flush=True)
    time.sleep(3600)


def _hang_with(path: Path) -> None:
    run = service.Service.run

    async def run_and_hang(self: service.Service, port: int) -> int:
        hanging = asyncio.create_task(_stand_still_when(path))
        try:
            return await run(self, port)
        finally:
            hanging.cancel()

    service.Service.run = run_and_hang  # type: ignore[method-assign]


if __name__ == "__main__":
    if len(sys.argv) > 2:
        _hang_with(Path(sys.argv[2]))
    timings = Timings(**json.loads(os.environ["TIMINGS"]))
    sys.exit(main(os.environ, timings, int(sys.argv[1])))
