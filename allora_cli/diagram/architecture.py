"""From Terraform's resources to a picture of them.

What is drawn is what the stacks make: each part looks for its resources by following references
from the instance, and is left out where there are none. What only joins two resources is not drawn
by itself but counts as part of them. A resource that no part has taken gets a card of its own, so
that none is missing.

Beyond Terraform are only those who come from outside (you, consumers, the chain) and what the
host's policy lets it reach: Parameter Store and Session Manager.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable
from typing import Any

from allora_cli.diagram import texts
from allora_cli.diagram.cards import Arrow, Box, Card, Origin, Picture, Style
from allora_cli.diagram.host import read_host
from allora_cli.diagram.terraform import Resource, Terraform


class Architecture:
    """The picture of some stacks.

    Args:
        terraform: all stacks of one app.

    Attributes:
        picture: what to draw.
        shown: the card or box that stands for each resource.
        unknown: resources that this module does not know, by address: each has a plain card.
    """

    def __init__(self, terraform: Terraform) -> None:
        self._terraform = terraform
        self.shown: dict[Resource, Card | Box] = {}
        self._arrows: list[Arrow] = []
        self._actors: list[tuple[Card, Card]] = []
        self._instance = terraform.all("aws_instance")[0]
        self._host = read_host(self._instance.text("user_data_base64"))
        self.unknown: list[str] = []
        self.picture = self._draw()

    def _draw(self) -> Picture:
        operator = Card(
            "You",
            ["pipenv run allora doctor, deploy, status, logs, connect, update, destroy"],
            "person",
            Origin.OUTSIDE,
        )
        instance = self._instance_box()
        vpc = self._vpc(instance)
        services = Box(content=self._services(operator, instance), gap=16, grows=False)
        watch = Box(content=self._watch(instance), gap=36, grows=False)
        rows: list[Card | Box] = [services, vpc, watch]
        rows += self._others()
        account = Box(
            f"AWS account {self._account_id}",
            self._region,
            rows,
            Style.ACCOUNT,
            column=True,
            gap=44,
        )
        return Picture(
            title=f"Allora worker “{self._host.variables['ALLORA_WORKER_NAME']}” on AWS",
            subtitle=f"{texts.network(self._host)}, {texts.topics(self._host)}: "
            f"{self._instance.text('instance_type')} in {self._region}",
            operator=operator,
            account=account,
            actors=self._actors,
            arrows=self._arrows,
        )

    @property
    def _stack(self) -> dict[str, Any]:
        return dict(self._terraform.stacks[self._instance.stack])

    @property
    def _region(self) -> str:
        return str(self._stack["provider"]["aws"][0]["region"])

    @property
    def _account_id(self) -> str:
        return str(self._stack["provider"]["aws"][0]["allowed_account_ids"][0])

    def _show(self, part: Card | Box, resources: Iterable[Resource]) -> None:
        """These resources are what the part stands for, as far as the stacks make them."""
        for resource in resources:
            if not resource.is_data:
                self.shown[resource] = part

    def _others(self) -> list[Card | Box]:
        """A plain card for each resource that nothing else stands for."""
        cards = []
        for resource in self._terraform.resources:
            if resource not in self.shown:
                self.unknown.append(resource.address)
                card = Card(
                    resource.type,
                    [resource.address.partition(".")[2]],
                    origin=texts.origin(resource),
                )
                self._show(card, [resource])
                cards.append(card)
        return [Box(content=list(cards), grows=False)] if cards else []

    def _vpc(self, instance: Box) -> Box:
        subnet = self._terraform.target(self._instance, "subnet_id")
        if subnet is None:
            raise ValueError("the instance refers to no subnet")
        vpc = self._terraform.target(subnet, "vpc_id")
        group = self._security_group(instance)
        address = self._address()
        volume = self._data_volume(instance)
        inner: list[Card | Box] = [Box(content=[address, group], gap=24)]
        if volume:
            # At the right, below the instance, so that the way to it is short.
            inner.append(Box(content=[Box(), volume], grows=False, above=8))
        gateways = self._terraform.referring(vpc, "vpc_id", "aws_internet_gateway") if vpc else []
        routing = self._routing(subnet)
        title, note = texts.subnet_title(subnet, public=bool(gateways and routing))
        subnet_box = Box(title, note, inner, Style.SUBNET, column=True)
        entrance = self._gateway(gateways, routing) if gateways else address
        content: list[Card | Box] = [entrance, subnet_box] if gateways else [subnet_box]
        box = Box(*texts.vpc_title(vpc, subnet), content, Style.VPC, gap=24)
        if vpc:
            defaults = self._terraform.referring(vpc, "vpc_id", "aws_default_security_group")
            self._show(box, [vpc, *defaults])
            if defaults:
                box.note += ", its default security group closed"
        self._show(subnet_box, [subnet, *routing])
        self._traffic(entrance, address)
        return box

    def _gateway(self, gateways: list[Resource], routing: list[Resource]) -> Card:
        routes = [r.text("destination_cidr_block") for r in routing if r.type == "aws_route"]
        card = Card(
            "Internet gateway",
            [f"route {route}" for route in routes],
            "gateway",
            width=92,
            grows=False,
            upright=True,
        )
        self._show(card, gateways)
        return card

    def _routing(self, subnet: Resource) -> list[Resource]:
        """The subnet's route table, with its routes and its association."""
        terraform = self._terraform
        associations = terraform.referring(subnet, "subnet_id", "aws_route_table_association")
        tables = [t for a in associations for t in terraform.targets(a, "route_table_id")]
        routes = [r for t in tables for r in terraform.referring(t, "route_table_id", "aws_route")]
        return [*associations, *tables, *routes]

    def _security_group(self, instance: Box) -> Box:
        terraform = self._terraform
        group = terraform.targets(self._instance, "vpc_security_group_ids")[0]
        ins = terraform.referring(group, "security_group_id", "aws_vpc_security_group_ingress_rule")
        outs = terraform.referring(group, "security_group_id", "aws_vpc_security_group_egress_rule")
        doors = [texts.door(rules, direction) for rules, direction in ((ins, "in"), (outs, "out"))]
        for door, rules in zip(doors, (ins, outs), strict=True):
            self._show(door, rules)
        # As far down as the containers in the instance, to which the arrows go.
        column = Box(content=list(doors), column=True, gap=14, above=38, grows=False)
        box = Box("Security group", content=[column, instance], style=Style.SECURITY_GROUP, gap=24)
        self._show(box, [group])
        self._doors = dict(zip(("in", "out"), doors, strict=True))
        self._has_doors = {"in": bool(ins), "out": bool(outs)}
        return box

    def _address(self) -> Card:
        terraform = self._terraform
        associations = terraform.referring(self._instance, "instance_id", "aws_eip_association")
        card = Card(
            "Elastic IP", ["outlives the host"], "address",
            width=92, grows=False, upright=True,
        )  # fmt: skip
        for association in associations:
            self._show(card, [association, *terraform.targets(association, "allocation_id")])
        return card

    def _traffic(self, entrance: Card, address: Card) -> None:
        """One level for what comes in and one for what goes out, through all doors on the way."""
        way = [entrance] if entrance is address else [entrance, address]
        host = self._host
        if self._has_doors["in"]:
            consumers = Card(
                "Consumers", ["ask for inferences"], "people", Origin.OUTSIDE, width=154
            )
            self._line([consumers, *way, self._doors["in"], self._worker], self._doors["in"])
            self._actors.append((consumers, self._doors["in"]))
        if self._has_doors["out"]:
            lines = ["signed inferences"]
            if host.worker("BOOT_NODES"):
                lines = ["through BOOT_NODES"]
            chain = Card(f"Allora {texts.network(host)}", lines, "chain", Origin.OUTSIDE, width=154)
            self._line(
                [self._worker, self._doors["out"], *reversed(way), chain], self._doors["out"]
            )
            self._actors.append((chain, self._doors["out"]))

    def _line(self, stops: list[Card], level: Card) -> None:
        for tail, head in itertools.pairwise(stops):
            self._arrows.append(Arrow(tail, head, level=level))

    def _instance_box(self) -> Box:
        host, instance = self._host, self._instance
        self._worker = Card("Worker container", texts.worker_lines(host), "container", width=170)
        model = Card("Model container", texts.model_lines(host), "brain", width=170)
        self._arrows.append(Arrow(self._worker, model, level=model))
        self._model = model
        replaced_by = self._terraform.all("terraform_data")
        architecture = next((r.body["input"].get("architecture", "") for r in replaced_by), "")
        disk = instance.body["root_block_device"]
        sealed = ", encrypted" if disk.get("encrypted") else ""
        note = ", ".join([instance.text("instance_type"), architecture, self._system()])
        root = f"root volume {disk['volume_size']} GiB {disk['volume_type']}{sealed}"
        box = Box("EC2 instance", note, [self._worker, model], Style.INSTANCE, gap=26, below=root)
        self._show(box, [instance, *replaced_by])
        return box

    def _system(self) -> str:
        """The machine image: which Ubuntu, or its id."""
        parameter = self._terraform.target(self._instance, "ami")
        if parameter is None:
            return self._instance.text("ami")
        version = re.search(r"/ubuntu/server/([\d.]+)/", parameter.text("name"))
        return f"Ubuntu {version[1]}" if version else parameter.text("name")

    def _data_volume(self, instance: Box) -> Card | None:
        attachments = self._terraform.referring(
            self._instance, "instance_id", "aws_volume_attachment"
        )
        if not attachments:
            return None
        volumes = [v for a in attachments for v in self._terraform.targets(a, "volume_id")]
        sealed = ", encrypted" if all(v.body.get("encrypted") for v in volumes) else ""
        card = Card(
            "EBS data volume",
            [
                *(f"{v.text('size')} GiB {v.text('type')}{sealed}" for v in volumes),
                "outlives the host",
            ],
            "disk", width=170, grows=False,
        )  # fmt: skip
        self._show(card, [*attachments, *volumes])
        device = attachments[0].text("device_name")
        self._arrows.append(Arrow(card, instance, device, down=True))
        return card

    def _services(self, operator: Card, instance: Box) -> list[Card | Box]:
        """The role and what the host reaches by it."""
        profile = self._terraform.target(self._instance, "iam_instance_profile")
        role = self._terraform.target(profile, "role") if profile else None
        if profile is None or role is None:
            return [self._bucket(operator, instance)]
        policies = self._terraform.referring(role, "role", "aws_iam_role_policy")
        statements = [s for p in policies for s in p.document("policy")["Statement"]]
        card = Card(
            "IAM role",
            [", ".join(texts.words(s["Sid"]) for s in statements)],
            "person-badge",
            texts.origin(role),
            width=178,
        )
        self._show(card, [profile, role, *policies])
        self._arrows.append(Arrow(card, instance, "instance profile", down=True, quiet=True))
        parts: list[Card | Box] = [card, self._bucket(operator, instance)]
        parts += self._parameters(statements, operator, instance)
        parts += self._session_manager(statements, operator, instance)
        return parts

    def _bucket(self, operator: Card, instance: Box) -> Box:
        backend = self._stack["terraform"]["backend"]["s3"]
        state = Card(
            "Terraform state",
            [
                ", ".join(self._terraform.stacks),
                "locked while in use" if backend.get("use_lockfile") else "",
            ],
            "state",
            Origin.OUTSIDE,
            width=168,
        )
        content: list[Card | Box] = [state]
        objects = self._terraform.all("aws_s3_object")
        if objects:
            card = Card("Host archive", ["scripts and sources, by digest"], "object", width=150)
            self._show(card, objects)
            self._arrows.append(Arrow(card, instance, "sources", down=True))
            content.append(card)
        place = "" if backend["region"] == self._region else f", {backend['region']}"
        box = Box("S3 bucket", f"{backend['bucket']}{place}", content, Style.BUCKET, gap=10)
        self._arrows.append(Arrow(operator, box, "allora deploy", down=True))
        return box

    def _parameters(
        self, statements: list[dict[str, Any]], operator: Card, instance: Box
    ) -> list[Card]:
        names = [
            arn.partition(":parameter")[2]
            for s in statements
            if "ssm:GetParameters" in s["Action"]
            for arn in s["Resource"]
        ]
        if not names:
            return []
        folder = os.path.commonpath(names)
        own = ", ".join(os.path.relpath(name, folder) for name in names)
        lines = [f"{folder}/", own, "encrypted"]
        card = Card("Parameter Store", lines, "drawer", Origin.OUTSIDE, width=165)
        self._arrows.append(Arrow(operator, card, "allora wallet, secret", down=True))
        self._arrows.append(Arrow(card, instance, "secrets", down=True))
        return [card]

    def _session_manager(
        self, statements: list[dict[str, Any]], operator: Card, instance: Box
    ) -> list[Card]:
        if not any("ssmmessages:CreateControlChannel" in s["Action"] for s in statements):
            return []
        lines = (
            [] if "key_name" in self._instance.body else ["a shell without SSH: no port, no key"]
        )
        card = Card("Session Manager", lines, "terminal", Origin.OUTSIDE, width=165)
        self._arrows.append(Arrow(operator, card, "allora connect", down=True))
        self._arrows.append(Arrow(card, instance, "shell", down=True))
        return [card]

    def _watch(self, instance: Box) -> list[Card | Box]:
        """Logs, metrics, and whom they call."""
        alarms, alarm_card = self._alarms(instance)
        dashboard = self._dashboard()
        logs = self._logs(instance, dashboard)
        cards = [card for card in (alarm_card, logs, dashboard) if card]
        box = Box("CloudWatch", self._namespace(), list(cards), Style.WATCH, gap=24)
        topic = self._topic(alarms, alarm_card)
        return [topic, box] if topic else [box]

    def _namespace(self) -> str:
        spaces = sorted(
            {a.text("namespace") for a in self._terraform.all("aws_cloudwatch_metric_alarm")} - {""}
        )
        return f"metrics of {', '.join(spaces)}" if spaces else ""

    def _alarms(self, instance: Box) -> tuple[list[Resource], Card | None]:
        alarms = self._terraform.all("aws_cloudwatch_metric_alarm")
        if not alarms:
            return [], None
        names = [alarm.text("alarm_name") for alarm in alarms]
        # They begin with `<prefix>-<region>-` (docs/architecture.md).
        own = ", ".join(name.partition(f"-{self._region}-")[2] or name for name in names)
        card = Card(f"{len(alarms)} alarms", [own], "alarm", width=250)
        self._show(card, alarms)
        self._arrows.append(Arrow(instance, card, "metrics", down=True))
        actions = [
            action.rpartition(":")[2]
            for alarm in alarms
            for action in alarm.body.get("alarm_actions", [])
            if ":automate:" in action
        ]
        if actions:
            label = ", ".join(dict.fromkeys(actions))
            self._arrows.append(Arrow(card, instance, label, down=True, quiet=True))
        return alarms, card

    def _topic(self, alarms: list[Resource], alarm_card: Card | None) -> Card | None:
        topics = list(
            dict.fromkeys(
                target
                for alarm in alarms
                for target in self._terraform.targets(alarm, "alarm_actions")
                if target.type == "aws_sns_topic"
            )
        )
        if not topics or alarm_card is None:
            return None
        card = Card("SNS topic", [t.text("name") for t in topics], "topic", texts.origin(topics[0]),
                    width=150, grows=False)  # fmt: skip
        self._show(card, topics)
        for topic in topics:
            self._show(card, self._terraform.referring(topic, "arn", "aws_sns_topic_policy"))
            subscriptions = self._terraform.referring(
                topic, "topic_arn", "aws_sns_topic_subscription"
            )
            self._show(card, subscriptions)
            if not subscriptions:
                card.lines.append("no e-mail: ALARM_EMAIL is not set")
            for subscription in subscriptions:
                inbox = Card(
                    "Your mail", [subscription.text("endpoint")], "mail", Origin.OUTSIDE, width=154
                )
                self._arrows.append(Arrow(card, inbox, level=card))
                self._actors.append((inbox, card))
        self._arrows.append(Arrow(alarm_card, card, level=card))
        return card

    def _dashboard(self) -> Card | None:
        dashboards = self._terraform.all("aws_cloudwatch_dashboard")
        if not dashboards:
            return None
        count = sum(len(d.document("dashboard_body")["widgets"]) for d in dashboards)
        card = Card("Dashboard", [f"{count} widgets"], "chart", width=118, grows=False)
        self._show(card, dashboards)
        return card

    def _logs(self, instance: Box, dashboard: Card | None) -> Card | None:
        groups = self._terraform.all("aws_cloudwatch_log_group")
        if not groups:
            return None
        days = sorted({g.text("retention_in_days") for g in groups})
        lines = [*(g.text("name") for g in groups), f"kept for {', '.join(days)} days"]
        card = Card("Log groups", lines, "log", texts.origin(groups[0]), width=190, grows=False)
        self._show(card, groups)
        self._arrows.append(Arrow(instance, card, "logs", down=True))
        bodies = [d.text("dashboard_body") for d in self._terraform.all("aws_cloudwatch_dashboard")]
        if dashboard and any(g.text("name") in body for g in groups for body in bodies):
            self._arrows.append(Arrow(card, dashboard, level=card, quiet=True))
        return card
