"""What is written on the cards."""

from __future__ import annotations

import re

from allora_cli.diagram.cards import Card, Origin
from allora_cli.diagram.host import Host
from allora_cli.diagram.terraform import Resource
from shared.stacks import COMMON

_ANYWHERE = ("0.0.0.0/0", "::/0")


def origin(resource: Resource) -> Origin:
    """Which stack makes it."""
    return Origin.COMMON if resource.stack == COMMON else Origin.NODE


def words(camel_case: str) -> str:
    """`ReadOwnLogs` becomes `read own logs`, but `SessionManager` stays a name."""
    if camel_case == "SessionManager":
        return "Session Manager"
    return re.sub(r"(?<!^)(?=[A-Z])", " ", camel_case).lower()


def subnet_title(subnet: Resource, *, public: bool) -> tuple[str, str]:
    """Title and note of a subnet; public is one that has a route to an internet gateway of ours."""
    if subnet.is_data:
        return "Subnet", f"{subnet.text('id')}, exists already"
    return "Public subnet" if public else "Subnet", subnet.text("cidr_block")


def vpc_title(vpc: Resource | None, subnet: Resource) -> tuple[str, str]:
    """Title and note of a VPC, or of the existing one (None) that a subnet is in."""
    if vpc is not None:
        return "VPC", vpc.text("cidr_block")
    # Of an existing subnet, the check of its VPC has the id.
    found = re.search(r"vpc-[0-9a-f]+", str(subnet.body.get("lifecycle", "")))
    return "VPC", f"{found[0]}, exists already" if found else "exists already"


def door(rules: list[Resource], direction: str) -> Card:
    """What a security group lets `in` or `out`."""
    if not rules:
        return Card(f"Nothing {direction}", [], "shield", width=150)
    what = ", ".join(dict.fromkeys(_ports(rule) for rule in rules))
    peers = ", ".join(_peer(rule) for rule in rules)
    preposition = "from" if direction == "in" else "to"
    return Card(f"{what} {direction}", [f"{preposition} {peers}"], "shield", width=150)


def _peer(rule: Resource) -> str:
    networks = rule.text("cidr_ipv4") or rule.text("cidr_ipv6")
    return "anywhere" if networks in _ANYWHERE else networks


def _ports(rule: Resource) -> str:
    protocol = rule.text("ip_protocol")
    if protocol == "-1":
        return "Everything"
    first, last = rule.text("from_port"), rule.text("to_port")
    return f"{protocol.upper()} {first if first == last else f'{first}–{last}'}"


def network(host: Host) -> str:
    """The chain: testnet or mainnet."""
    return host.worker("ALLORA_NETWORK")


def topics(host: Host) -> str:
    """`topic 1`, or `topics 1, 2`."""
    ids = host.worker("ALLORA_WORKER_TOPIC_ID")
    return f"topics {ids.replace(',', ', ')}" if "," in ids else f"topic {ids}"


def worker_lines(host: Host) -> list[str]:
    """The worker: which one, and what it works for."""
    service = host.services["worker"]
    if "image" in service:
        return [service["image"], "your own image"]
    arguments = service["build"]["args"]
    return [f"Allora SDK {arguments['ALLORA_SDK_VERSION']}", f"{topics(host)}, {network(host)}"]


def model_lines(host: Host) -> list[str]:
    """The model: which one, and what the worker asks it."""
    service = host.services["model"]
    asked = host.worker("ALLORA_WORKER_INFERENCE_ENDPOINT").partition("?")[0]
    path = "/" + asked.partition("://")[2].partition("/")[2]
    request = "GET " + path.replace("{Token}", host.worker("ALLORA_WORKER_TOKEN"))
    if "image" in service:
        return [service["image"], request]
    if repository := host.variables["MODEL_REPO"]:
        source = repository.partition("://")[2] or repository
        reference = host.variables["MODEL_REF"]
        return [source + (f" @ {reference[:12]}" if reference else ""), request]
    return ["the project’s baseline model", request]
