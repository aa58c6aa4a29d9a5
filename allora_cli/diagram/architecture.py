"""From the stacks' resources to a picture of them.

The resources decide what is drawn. A type that only joins others counts as part of them; an unknown
one has a plain card. Not from Terraform come you, the consumers, the chain, and the services that
the host's policy allows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from os.path import commonpath, relpath
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from allora_cli.diagram.parts import Arrow, Part
from settings import Settings
from shared.stacks import COMMON, SINGLE_NODE

_GAP = 44
"""Between rows: room for the arrows' labels."""


class Architecture:
    """The architecture that some settings make.

    Args:
        stacks: the Terraform JSON of each stack, by the stack's id.

    Attributes:
        resources: what Terraform creates, by type and name.
        unknown: the addresses of those that have only a plain card.
        root: all parts of the picture.
        arrows: the arrows between them.
    """

    stack = SINGLE_NODE
    """The one beside `allora-common` that is drawn."""

    def __init__(self, settings: Settings, stacks: Mapping[str, Mapping[str, Any]]) -> None:
        self._settings = settings
        self._stacks = stacks
        self.resources: dict[str, dict[str, Any]] = {}
        for document in stacks.values():
            for type_, resources in document["resource"].items():
                self.resources.setdefault(type_, {}).update(resources)
        self.title, self.subtitle = self._titles()
        self.arrows: list[Arrow] = []
        self._actors: list[Part] = []
        self._you = Part("You", [self._commands], "person")
        self._instance = self._instance_box()
        rows = [self._services(), self._vpc(), self._watch()]
        known = {type_ for row in rows for part in row.parts() for type_ in part.types}
        unknown = [type_ for type_ in self.resources if type_ not in known]
        self.unknown = [f"{type_}.{name}" for type_ in unknown for name in self.resources[type_]]
        others = [self._card(Part(t, list(self.resources[t]), "other"), t) for t in unknown]
        self.root = self._root([*rows, row(*others)])
        shown = set(self.root.parts())
        self.arrows = [a for a in self.arrows if a.tail in shown and a.head in shown]

    _commands = "allora doctor, deploy, status, logs, connect, update, destroy"

    def _titles(self) -> tuple[str, str]:
        """Return title and subtitle of the picture."""
        s = self._settings
        title = f"Allora worker “{s.worker_name}” on AWS"
        return title, f"{purpose_of(s)}: {s.instance_type} in {s.aws_region}"

    def _root(self, rows: list[Part]) -> Part:
        s = self._settings
        title, lines = f"AWS account {s.aws_account_id}", [s.aws_region]
        account = Part(title, lines, style="account", content=rows, column=True, gap=_GAP)
        legend = row(
            Part(lines=[f"stack {self.stack}"], style="node"),
            Part(lines=[f"stack {COMMON}: outlives {self._outlived}"], style="common"),
            Part(lines=["not created by Terraform"]),
        )
        main = row(row(self._you, account, column=True, gap=_GAP), legend, column=True)
        return row(row(*self._actors, column=True, grows=False), main, gap=_GAP)

    _outlived = "the host"

    def _all(self, type_: str) -> list[dict[str, Any]]:
        return list(self.resources.get(type_, {}).values())

    def _card(self, card: Part, *types: str) -> Part:
        """Return a card for the resources of some types; it is absent without the first type."""
        count = len(self._all(types[0]))
        common = types[0] in self._stacks[COMMON]["resource"]
        card.absent, card.types, card.style = not count, types, "common" if common else "node"
        card.title = f"{count} {card.title}s" if count > 1 else card.title
        return card

    def _instance_box(self) -> Part:
        s = self._settings
        (instance,) = self._all("aws_instance")
        disk = instance["root_block_device"]
        data = self._stacks[SINGLE_NODE]["data"].get("aws_ssm_parameter", {})
        ubuntu = re.search(r"/ubuntu/server/([\d.]+)", json.dumps(data))
        image = f"Ubuntu {ubuntu[1]}" if ubuntu else instance["ami"]
        root = f"{disk['volume_size']} GiB {disk['volume_type']}"
        sealed = "encrypted" if disk["encrypted"] else "not encrypted"
        path = urlsplit(s.inference_endpoint or "http://model/inference/{Token}").path
        forge = PurePath(s.model_forge).name if s.model_forge else ""
        source = s.model_image or forge or (s.model_repo or "").rpartition("://")[2]
        version = f" @ {s.model_ref[:12]}" if s.model_ref else ""
        model = source + version or "the project’s baseline model"
        request = f"GET {path.replace('{Token}', listed(dict.fromkeys(s.tokens.values())))}"
        worker = [s.worker_image or f"Allora SDK {s.sdk_version}", purpose_of(s)]
        self._worker = Part("Worker container", worker, "container", "node", width=170)
        model_card = Part("Model container", [model, request], "model", "node", width=170)
        self.arrows.append(Arrow(self._worker, model_card))
        lines = [s.instance_type, s.architecture, image, root, sealed]
        content, types = [self._worker, model_card], ["aws_instance", "terraform_data"]
        return Part("EC2 instance", lines, style="instance", content=content, gap=26, types=types)

    def _services(self) -> Part:
        """The role, and what it lets the host reach."""
        (policy,) = self._all("aws_iam_role_policy")
        statements = {s["Sid"]: s for s in json.loads(policy["policy"])["Statement"]}
        allowed = re.sub("(?<=[a-z])(?=[A-Z])", " ", listed(statements)).lower()
        types = ["aws_iam_role", "aws_iam_role_policy", "aws_iam_instance_profile"]
        role = self._card(Part("IAM role", [allowed], "role"), *types)
        names = [a.partition(":parameter")[2] for a in statements["ReadOwnParameters"]["Resource"]]
        folder = commonpath(names)
        lines = [f"{folder}/", listed(relpath(name, folder) for name in names), "encrypted"]
        parameters = Part("Parameter Store", lines, "parameters")
        session = Part("Session Manager", ["a shell without SSH, port or key"], "terminal")
        self.arrows += [
            Arrow(role, self._instance, "instance profile", quiet=True),
            Arrow(self._you, parameters, "allora wallet, secret"),
            Arrow(parameters, self._instance, "secrets"),
            Arrow(self._you, session, "allora connect"),
            Arrow(session, self._instance, "shell"),
        ]
        return row(role, self._bucket(), parameters, session, grows=False)

    def _bucket(self) -> Part:
        s = self._settings
        state = Part("Terraform state", [listed(self._stacks), "locked while in use"], "state")
        contexts = Part("Host archive", ["scripts and sources, by digest"], "object")
        content = [state, self._card(contexts, "aws_s3_object")]
        lines = [s.state_bucket, *{s.state_region} - {s.aws_region}]
        bucket = Part("S3 bucket", lines, style="bucket", content=content, gap=10)
        self.arrows.append(Arrow(self._you, bucket, "allora deploy"))
        self.arrows.append(Arrow(contexts, self._instance, "archive", at=34))
        return bucket

    def _vpc(self) -> Part:
        s = self._settings
        routes = [f"route {route['destination_cidr_block']}" for route in self._all("aws_route")]
        gateway = self._card(_narrow("Internet gateway", routes, "gateway"), "aws_internet_gateway")
        address = _narrow("Elastic IP", ["outlives the host"], "address")
        self._card(address, "aws_eip", "aws_eip_association")
        group = self._security_group([each for each in (gateway, address) if not each.absent])
        types = ["aws_subnet", "aws_route", "aws_route_table", "aws_route_table_association"]
        title = "Subnet" if s.subnet_id else "Public subnet"
        lines = [f"{s.subnet_id}, exists already" if s.subnet_id else s.subnet_cidr]
        content = [row(address, group, gap=24), self._data_volume()]
        subnet = Part(title, lines, "", "subnet", content=content, column=True, gap=32, types=types)
        lines = [f"{s.vpc_id}, exists already" if s.vpc_id else s.vpc_cidr]
        if self._all("aws_default_security_group"):
            lines.append("its default security group closed")
        types = ["aws_vpc", "aws_default_security_group"]
        return Part("VPC", lines, style="vpc", content=[gateway, subnet], gap=24, types=types)

    def _security_group(self, entrance: list[Part]) -> Part:
        """The group around the instance, and the traffic through it."""
        s = self._settings
        consumers = Part("Consumers", ["ask for inferences"], "people")
        submits = "via BOOT_NODES" if s.boot_nodes else "signed inferences"
        chain = Part(f"Allora {s.allora_network}", [submits], "chain")
        inward = self._door("in", "aws_vpc_security_group_ingress_rule", consumers, entrance)
        outward = self._door("out", "aws_vpc_security_group_egress_rule", chain, entrance)
        doors = row(Part(style=""), inward, outward, column=True, grows=False)
        content, types = [doors, self._instance], ["aws_security_group"]
        return Part("Security group", style="group", content=content, gap=24, types=types)

    def _door(self, direction: str, type_: str, actor: Part, entrance: list[Part]) -> Part:
        """Return a card for what may pass in one direction, and connect it."""
        rules = self._all(type_)
        ports = listed(dict.fromkeys(map(_ports, rules))) or "Nothing"
        peers = listed(rule["cidr_ipv4"] for rule in rules).replace("0.0.0.0/0", "anywhere")
        lines = [f"{'from' if direction == 'in' else 'to'} {peers}"] if rules else []
        door = Part(f"{ports} {direction}", lines, "shield", "node", types=[type_])
        actor.level, actor.absent = door, not rules
        self._actors.append(actor)
        way = [actor, *entrance, door, self._worker] if rules else []
        for tail, head in pairwise(way if direction == "in" else reversed(way)):
            self.arrows.append(Arrow(tail, head, level=door))
        return door

    def _data_volume(self) -> Part:
        """Return a row with the volume at its right end, below the instance."""
        lines = [f"{v['size']} GiB {v['type']}, encrypted" for v in self._all("aws_ebs_volume")]
        volume = Part("EBS data volume", [*lines, "outlives the host"], "disk", grows=False)
        self._card(volume, "aws_ebs_volume", "aws_volume_attachment")
        device = listed(a["device_name"] for a in self._all("aws_volume_attachment"))
        self.arrows.append(Arrow(volume, self._instance, device))
        return row(Part(style="", absent=volume.absent), volume, grows=False)

    def _watch(self) -> Part:
        """Logs, metrics, and whom they call."""
        type_ = "aws_cloudwatch_dashboard"
        bodies = [json.loads(dashboard["dashboard_body"]) for dashboard in self._all(type_)]
        lines = [f"{len(body['widgets'])} widgets" for body in bodies]
        dashboard = self._card(Part("Dashboard", lines, "chart", grows=False), type_)
        type_ = "aws_cloudwatch_log_group"
        days = f"kept for {self._settings.log_retention_days} days"
        lines = [*(group["name"] for group in self._all(type_)), days]
        logs = self._card(Part("log group", lines, "log", width=190), type_)
        alarms, topic = self._alarms(), self._topic()
        self.arrows += [
            Arrow(alarms, topic),
            Arrow(self._instance, logs, "logs", at=-56),
            Arrow(logs, dashboard, quiet=True),
        ]
        content = [alarms, logs, dashboard]
        spaces = {a.get("namespace", "") for a in self._all("aws_cloudwatch_metric_alarm")} - {""}
        watch = Part("CloudWatch", sorted(spaces), style="watch", content=content, gap=24)
        return row(topic, watch, gap=36, grows=False)

    def _alarms(self) -> Part:
        type_ = "aws_cloudwatch_metric_alarm"
        alarms = self._all(type_)
        region = f"-{self._settings.aws_region}-"  # names begin with `<prefix>-<region>-`
        names = listed(alarm["alarm_name"].partition(region)[2] for alarm in alarms)
        card = self._card(Part("alarm", [names], "alarm", width=300), type_)
        actions = [action for alarm in alarms for action in alarm.get("alarm_actions", [])]
        repairs = listed(a.rpartition(":")[2] for a in actions if ":automate:" in a)
        self.arrows += [
            Arrow(self._instance, card, "metrics", at=-56, shift=-12),
            Arrow(card, self._instance, repairs, at=56, shift=12, quiet=True),
        ]
        return card

    def _topic(self) -> Part:
        names = [topic["name"] for topic in self._all("aws_sns_topic")]
        mails = [s["endpoint"] for s in self._all("aws_sns_topic_subscription")]
        lines = names if mails else [*names, "no e-mail: set ALARM_EMAIL"]
        types = ["aws_sns_topic", "aws_sns_topic_policy", "aws_sns_topic_subscription"]
        card = self._card(Part("SNS topic", lines, "topic", grows=False), *types)
        self._actors.append(Part("Your mail", mails, "mail", level=card, absent=not mails))
        self.arrows.append(Arrow(card, self._actors[-1]))
        return card


def purpose_of(settings: Settings) -> str:
    """Return the network and the topics of a worker."""
    topics = "topics" if len(settings.topic_ids) > 1 else "topic"
    return f"{settings.allora_network}, {topics} {listed(settings.topic_ids)}"


def _ports(rule: Mapping[str, Any]) -> str:
    if rule["ip_protocol"] == "-1":
        return "Everything"
    first, last = rule["from_port"], rule["to_port"]
    return f"{rule['ip_protocol'].upper()} {first if first == last else f'{first}–{last}'}"


def listed(items: Iterable[object]) -> str:
    """Return the items in one line."""
    return ", ".join(map(str, items))


def _narrow(title: str, lines: list[str], sign: str) -> Part:
    return Part(title, lines, sign, width=96, upright=True, grows=False)


def row(*parts: Part, column: bool = False, gap: int = 16, grows: bool = True) -> Part:
    """Return an invisible box, absent without a part."""
    absent = all(part.absent for part in parts)
    return Part(style="", content=parts, column=column, gap=gap, grows=grows, absent=absent)
