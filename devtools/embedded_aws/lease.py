"""Leases on embedded AWSs that can be forked: each runs as long as somebody has a lease on it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from devtools.embedded_aws.emulator import Emulator, EmulatorError, without_aws

LOOPBACK = "127.0.0.1"

FORK = b"fork\n"
"""What a lease's holder sends for a fork, which then has the lease."""


@dataclass(frozen=True)
class Lease:
    """A hold on an embedded AWS, which runs as long as somebody has one.

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
        """A new embedded AWS, with nothing in it.

        Raises:
            EmulatorError: it did not come up; the message tells where its log is.
        """
        ours, its = socket.socketpair()
        with its, log.open("ab") as output:
            subprocess.run(
                # -u: a thread that writes into a buffer while another one forks leaves the buffer
                # of the fork locked for ever.
                [sys.executable, "-u", "-m", "devtools.embedded_aws.forking", str(its.fileno())],
                pass_fds=[its.fileno()],
                # As on AWS, a bucket of another account is closed.
                env=without_aws(os.environ) | {"MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS": "false"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal ends the tests, and they end it
                check=False,
            )
        return cls._of(ours, f"The embedded AWS did not start. Its log: {log}")

    @classmethod
    def on(cls, port: int) -> Self:
        """A lease on one that runs.

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
        """A lease on a copy, in which everything is as it is here, and which goes its own way."""
        lease = self.on(self.port)
        lease.connection.sendall(FORK)
        return self._of(lease.connection, "The embedded AWS did not fork.")

    def release(self) -> None:
        """Ends the lease."""
        self.connection.close()

    @classmethod
    def _of(cls, connection: socket.socket, otherwise: str) -> Self:
        """The lease of a connection, once the server has introduced itself."""
        # Unbuffered, so that nothing of what comes later is taken.
        with connection.makefile("rb", buffering=0) as stream:
            try:
                line = stream.readline()
            except ConnectionError:
                line = b""
        if not line:
            connection.close()
            raise EmulatorError(otherwise)
        told = json.loads(line)
        return cls(Emulator(told["url"], told["pid"]), told["port"], connection)
