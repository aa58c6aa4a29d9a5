"""Leases on embedded AWSs that can be forked: each runs while there is a lease on it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from devtools.embedded_aws.emulator import Emulator, EmulatorError, server_environment

LOOPBACK = "127.0.0.1"

FORK = b"fork\n"
"""What a lease's holder sends for a fork, which then has the lease."""


@dataclass(frozen=True)
class Lease:
    """A hold on an embedded AWS, which runs while there is one.

    Attributes:
        emulator: it.
        port: where others get a lease on it.
        connection: what the hold is.
    """

    emulator: Emulator
    port: int
    connection: socket.socket = field(repr=False)

    @classmethod
    def start(cls, log: Path) -> Self:
        """Return a new embedded AWS, with nothing in it.

        Raises:
            EmulatorError: it did not come up; the message names its log.
        """
        ours, its = socket.socketpair()
        with its, log.open("ab") as output:
            subprocess.run(
                # -u: a thread that writes into a buffer while another one forks leaves the buffer
                # of the fork locked for ever.
                [sys.executable, "-u", "-m", "devtools.embedded_aws.forking", str(its.fileno())],
                pass_fds=[its.fileno()],
                env=server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal ends the tests, and they end it
                check=False,
            )
        return cls._of(ours, f"The embedded AWS did not start. Its log: {log}")

    @classmethod
    def on(cls, port: int) -> Self:
        """Return a lease on one that runs.

        Raises:
            EmulatorError: it does not run any more.
        """
        gone = f"No embedded AWS listens on port {port}."
        try:
            connection = socket.create_connection((LOOPBACK, port))
        except OSError as error:
            raise EmulatorError(gone) from error
        return cls._of(connection, gone)

    def fork(self) -> Self:
        """Return a lease on a copy, which is the same now and independent from now on."""
        lease = self.on(self.port)
        lease.connection.sendall(FORK)
        return self._of(lease.connection, "The embedded AWS did not fork.")

    def release(self) -> None:
        """End the lease."""
        self.connection.close()

    @classmethod
    def _of(cls, connection: socket.socket, otherwise: str) -> Self:
        """Return the lease of a connection, once the server has introduced itself."""
        # Unbuffered, so that nothing of what comes later is taken.
        with connection.makefile("rb", buffering=0) as stream:
            try:
                line = stream.readline()
            except ConnectionError:
                line = b""
        if not line:
            connection.close()
            raise EmulatorError(otherwise)
        introduction = json.loads(line)
        emulator = Emulator(introduction["url"], introduction["pid"])
        return cls(emulator, introduction["port"], connection)
