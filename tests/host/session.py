"""Records the README's terminal session from a real run: `make session` (root on Linux).

The operator's commands in a real terminal, the embedded AWS, and the host that boots what they have
deployed.
"""

from __future__ import annotations

import socketserver
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from devtools.embedded_aws.emulator import start
from devtools.terminal_recorder.__main__ import record, render
from tests.host import chain, cloud, leftovers, requirements, slots
from tests.host.slots import Slot
from tests.host.waiting import wait_for
from tests.host.wallet import new_wallet
from tests.host.world import World, instance, prepare, running_instances
from tests.local.deployment import ROOT
from tests.price_server import price_server

_CAST = ROOT / "docs" / "images" / "session.cast"
_LINES = ("allora deploy --yes",)
_DEPLOY_SECONDS = 900


class _ToTheChain(socketserver.BaseRequestHandler):
    """Passes a connection on to the chain's REST endpoint, which is in the cloud's network."""

    slot: Slot

    def handle(self) -> None:
        with cloud.connect(self.slot, cloud.ADDRESS, chain.REST_PORT) as chain_side:
            chain_side.settimeout(5)
            chain_side.sendall(self.request.recv(1 << 16))
            while answer := chain_side.recv(1 << 16):
                self.request.sendall(answer)


def main() -> int:
    """Makes docs/images/session.cast and .svg."""
    if reason := requirements.problem():
        print(reason, file=sys.stderr)
        return 1
    with slots.lowest_free() as slot:
        leftovers.remove(slot)
        _record(slot)
    return 0


def _record(slot: Slot) -> None:
    directory = slot.directory / "session"
    directory.mkdir(parents=True)
    _ToTheChain.slot = slot
    emulator = start(directory / "aws")
    try:
        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _ToTheChain) as endpoint:
            threading.Thread(target=endpoint.serve_forever, daemon=True).start()
            wallet = new_wallet()
            deployment = prepare(emulator, directory / "deployment", wallet)
            deployment.write_env(ALLORA_API_URL=f"http://127.0.0.1:{endpoint.server_address[1]}")
            world = World(deployment, wallet, directory, slot)
            try:
                _play(world)
            finally:
                world.close()
                endpoint.shutdown()
    finally:
        emulator.stop()
    render(_CAST, _CAST.with_suffix(".svg"))


def _play(world: World) -> None:
    deployment = world.deployment
    with price_server() as prices, ThreadPoolExecutor(max_workers=1) as terminal:
        environment = {**deployment.environment, "AWS_ENDPOINT_URL_PRICING": prices.url}
        environment.pop("CI")
        recording = terminal.submit(record, _CAST, _LINES, environment, ROOT)
        wait_for("the instance", lambda: len(running_instances(deployment)) == 1, _DEPLOY_SECONDS)
        world.launch(instance(deployment))
        wait_for("the registration", lambda: world.registered, _DEPLOY_SECONDS)
        world.chain.open_window()
        recording.result(timeout=_DEPLOY_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
