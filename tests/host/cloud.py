"""The world around the host: AWS, archives, registries and exchanges, in a network of their own.

Two namespaces of a slot, joined by a cable: the host's, and one that plays everything that the host
reaches. Nothing leads from them to the machine's own network, or to another slot's.
The servers have their listening sockets in the second one and otherwise run in this process, with
the machine's own network, so that they can pass requests on.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping

from tests.host import namespaces
from tests.host.command import run
from tests.host.dns import DnsServer
from tests.host.slots import Slot
from tests.host.web import Site, Transfer, WebServer

HOST_ADDRESS = "10.0.0.10"
ADDRESS = "198.51.100.1"
"""Where everything is that has a name; a documentation address, https://www.rfc-editor.org/rfc/rfc5737."""
_ROUTER, _RESOLVER, _METADATA = "10.0.0.1", "10.0.0.2", "169.254.169.254"


class Cloud:
    """Plays sites for the host.

    Attributes:
        names: further names that have the address, beside those of the sites.
    """

    def __init__(
        self,
        slot: Slot,
        *,
        metadata: Site,
        plain: Mapping[str, Site],
        secure: Mapping[str, Site],
        tls: ssl.SSLContext,
    ) -> None:
        """Makes the namespaces, and serves.

        Args:
            slot: whose namespaces they are.
            metadata: the instance metadata service.
            plain: sites by name, on port 80.
            secure: sites by name, on port 443.
        """
        self.names: set[str] = set()
        self._sites = {*plain, *secure}
        self._slot = slot
        _join_namespaces(slot)
        with namespaces.inside(slot.cloud_network):
            metadata_socket = _listen(_METADATA, 80)
            plain_socket, secure_socket = _listen(ADDRESS, 80), _listen(ADDRESS, 443)
            resolver_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            resolver_socket.bind((_RESOLVER, 53))
        # As AWS answers with a hop limit of 1: the host gets it, what it forwards to does not.
        self._metadata_socket = metadata_socket
        self.let_metadata_travel(hops=1)
        self._web = [WebServer(plain_socket, plain), WebServer(secure_socket, secure, tls)]
        self._servers: list[WebServer | DnsServer] = [
            *self._web,
            WebServer(metadata_socket, {"*": metadata}),
            DnsServer(resolver_socket, self._address_of),
        ]

    @property
    def transfers(self) -> list[Transfer]:
        """What the host got from the sites."""
        return [transfer for server in self._web for transfer in server.transfers]

    def let_metadata_travel(self, hops: int) -> None:
        """Sets how far answers of the metadata service get, as the option of an instance does."""
        self._metadata_socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)

    def close(self) -> None:
        """Ends it."""
        for server in self._servers:
            server.close()
        remove(self._slot)

    def _address_of(self, name: str) -> str | None:
        _, _, parent = name.partition(".")
        known = self._sites | self.names
        return ADDRESS if name in known or f"*.{parent}" in known else None


def connect(slot: Slot, address: str, port: int) -> socket.socket:
    """A connection as somebody on the internet makes it, to the host or to another."""
    with namespaces.inside(slot.cloud_network):
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(30)
    try:
        connection.connect((address, port))
    except OSError:
        connection.close()
        raise
    return connection


def _listen(address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(128)
    return listener


def _join_namespaces(slot: Slot) -> None:
    host, cloud = slot.host_network, slot.cloud_network
    for name in (host, cloud):
        namespaces.create(name)
    # On a machine in AWS these would be its own interface and the VPC's router.
    run(
        *("ip", "-n", host, "link", "add", "ens5", "address", "02:00:0a:00:00:0a"),
        *("type", "veth", "peer", "name", "vpc", "netns", cloud),
    )
    run("ip", "-n", host, "address", "add", f"{HOST_ADDRESS}/24", "dev", "ens5")
    for address in (f"{_ROUTER}/24", f"{_RESOLVER}/24"):
        run("ip", "-n", cloud, "address", "add", address, "dev", "vpc")
    for address in (ADDRESS, _METADATA):
        run("ip", "-n", cloud, "address", "add", f"{address}/32", "dev", "lo")
    run("ip", "-n", host, "link", "set", "ens5", "up")
    run("ip", "-n", cloud, "link", "set", "vpc", "up")
    run("ip", "-n", host, "route", "add", "default", "via", _ROUTER)


def remove(slot: Slot) -> None:
    """Removes the namespaces, whatever an interrupted run has left of them."""
    for name in (slot.host_network, slot.cloud_network):
        namespaces.delete(name)
