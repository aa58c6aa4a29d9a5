"""Run a fake chain until it is stopped: `python -m fake_chain`."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from collections.abc import Mapping

from .behaviour import Behaviour
from .options import Options
from .server import FakeChain


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        prog="fake_chain",
        description="A stand-in for an Allora node: gRPC, websocket, REST, and HTTP to control it.",
    )
    defaults = Options()
    parser.add_argument("--bind", default=defaults.bind, help="address of all ports")
    parser.add_argument("--grpc-port", type=int, default=9090, help="0: any free one")
    parser.add_argument("--websocket-port", type=int, default=26657, help="0: any free one")
    parser.add_argument("--rest-port", type=int, default=defaults.rest_port, help="0: any free one")
    parser.add_argument("--control-port", type=int, default=8090, help="0: any free one")
    parser.add_argument("--chain-id", default=defaults.chain_id)
    parser.add_argument(
        "--topic", type=int, action="append", dest="topics", help="can be given again; default 69"
    )
    parser.add_argument("--block-seconds", type=float, default=defaults.block_seconds)
    parser.add_argument("--window-blocks", type=int, default=defaults.window_blocks)
    parser.add_argument(
        "--epoch-blocks",
        type=int,
        default=defaults.epoch_blocks,
        help="a window opens every so many blocks; 0: on demand alone",
    )
    parser.add_argument(
        "--lag-blocks", type=int, help="blocks from a nonce to its truth; default: an epoch"
    )
    parser.add_argument(
        "--aligned-reputers",
        action="store_true",
        help="windows of reputers open with an epoch's end, and do not overlap",
    )
    parser.add_argument(
        "--durations",
        choices=("blocks", "seconds"),
        default=defaults.durations,
        help="what windows, epochs and the lag count",
    )
    parser.add_argument(
        "--behaviour", type=_read_object, default={}, help="JSON, as POST /behaviour takes it"
    )
    arguments = vars(parser.parse_args())
    behaviour = arguments.pop("behaviour")
    arguments["topics"] = tuple(arguments["topics"] or defaults.topics)
    try:
        options = Options(**arguments)
        Behaviour(chain_id=options.chain_id).changed(behaviour)
    except ValueError as error:
        parser.error(str(error))
    asyncio.run(_run(options, behaviour))


def _read_object(text: str) -> dict[str, object]:
    read: object = json.loads(text)
    if not isinstance(read, dict):
        raise TypeError
    return read


async def _run(options: Options, behaviour: Mapping[str, object]) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with FakeChain(options) as chain:
        urls = {
            "grpc": chain.grpc_url,
            "websocket": chain.websocket_url,
            "rest": chain.rest_url,
            "control": chain.control_url,
        }
        print(json.dumps(urls), flush=True)
        if behaviour:
            await chain.behave(**behaviour)
        await stopped.wait()


if __name__ == "__main__":
    main()
