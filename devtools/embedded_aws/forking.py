"""An embedded AWS that can be forked: a copy with all that was made in it, in some milliseconds.

A connection to its control port is a lease on it (`lease.py`). It ends with the last lease, also
when the holders were killed.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from devtools.embedded_aws.front.application import embedded_aws
from devtools.embedded_aws.front.call import load_models
from devtools.embedded_aws.iam import reference
from devtools.embedded_aws.lease import FORK, LOOPBACK
from devtools.embedded_aws.server import complete_moto
from shared.garbage_collection import collect_rarely


class _Gate:
    """Counts the requests that are under way, and lets none in while it is closed."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._under_way = 0
        self._changed = threading.Condition()

    def __call__(self, *arguments: object) -> Iterable[bytes]:
        with self._changed:
            self._under_way += 1
        try:
            return self._application(*arguments)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    @contextmanager
    def closed(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: self._under_way == 0)
            yield


class _Http(ThreadedWSGIServer):
    """Serves moto, and knows its connections, which a fork has to leave to its parent."""

    def __init__(self, gate: _Gate) -> None:
        super().__init__(LOOPBACK, 0, gate, handler=MotoRequestHandler)
        self._connections: set[Any] = set()

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        self._connections.discard(request)
        super().close_request(request)

    def abandon(self) -> None:
        """Close its sockets here, while another process goes on with them."""
        _abandon(self.socket, *self._connections)


def _abandon(*sockets: socket.socket) -> None:
    for each in sockets:
        if (descriptor := each.detach()) >= 0:
            os.close(descriptor)


class _Server:
    """An embedded AWS with its control port, in the main thread.

    Args:
        lease: the first one.
    """

    def __init__(self, lease: socket.socket) -> None:
        self._gate = _Gate(embedded_aws())
        self._open(lease)

    def _open(self, lease: socket.socket) -> None:
        self._http = _Http(self._gate)
        self._control = socket.create_server((LOOPBACK, 0))
        self._leases = {lease}
        self._introduce(lease)

    def serve(self) -> None:
        """Serve until the last lease has ended."""
        while self._leases:
            ready, _, _ = select.select([self._http.socket, self._control, *self._leases], [], [])
            for each in ready:
                if each is self._http.socket:
                    self._http.handle_request()
                elif each is self._control:
                    lease, _ = self._control.accept()
                    self._leases.add(lease)
                    self._introduce(lease)
                elif self._hear(each):
                    break  # a fork, to which the others that are ready do not belong

    def _introduce(self, lease: socket.socket) -> None:
        introduction = {
            "url": f"http://{LOOPBACK}:{self._http.server_port}",
            "pid": os.getpid(),
            "port": self._control.getsockname()[1],
        }
        try:
            lease.sendall(json.dumps(introduction).encode() + b"\n")
        except ConnectionError:
            self._end(lease)

    def _hear(self, lease: socket.socket) -> bool:
        """Handle a lease's request; return whether this process is now the fork."""
        try:
            wish = lease.recv(len(FORK))
        except ConnectionError:
            wish = b""
        if wish == FORK:
            return self._fork(lease)
        self._end(lease)
        return False

    def _fork(self, lease: socket.socket) -> bool:
        """Fork, and hand the lease that asked over to the fork; return whether this is the fork."""
        gc.freeze()  # else the first collection in the fork would copy all memory
        with self._gate.closed():
            child = os.fork()
        if child:
            self._end(lease)
            return False
        self._leases.remove(lease)
        self._http.abandon()
        _abandon(self._control, *self._leases)
        self._open(lease)
        return True

    def _end(self, lease: socket.socket) -> None:
        self._leases.discard(lease)
        lease.close()


if __name__ == "__main__":
    if os.fork():
        os._exit(0)  # the starter does not wait for the server
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for forks
    collect_rarely()
    complete_moto()
    # For all forks.
    load_models()
    reference.load()
    _Server(socket.socket(fileno=int(sys.argv[1]))).serve()
    sys.stderr.flush()
    os._exit(0)  # without waiting for threads: no client is left
