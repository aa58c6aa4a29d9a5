"""The picture of a fleet: its workers in the place of the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from allora_cli.diagram.architecture import Architecture, purpose_of, row
from allora_cli.diagram.parts import Arrow, Part
from settings import Settings
from settings.fleet import Fleet, FleetWorker
from shared.stacks import FLEET, SINGLE_NODE

_MOST_CARDS: Final = 4
"""The workers beyond are a number."""


class FleetArchitecture(Architecture):
    """The architecture of a fleet, without the single host that may run beside it.

    Args:
        stacks: the Terraform JSON of each stack, by the stack's id.
    """

    stack = FLEET
    _commands = "allora doctor, images, deploy, status, logs, restart, destroy"
    _outlived = "the tasks"

    def __init__(
        self, settings: Settings, fleet: Fleet, stacks: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self._workers = fleet.workers
        drawn = {name: stack for name, stack in stacks.items() if name != SINGLE_NODE}
        super().__init__(settings, drawn)

    def _titles(self) -> tuple[str, str]:
        s = self._settings
        running = sum(not worker.options.paused for worker in self._workers)
        title = f"Allora fleet of {_workers(len(self._workers))} on AWS"
        return title, f"{running} running on Fargate in {s.aws_region}"

    def _instance_box(self) -> Part:
        cards = [_card(worker) for worker in self._workers[:_MOST_CARDS]]
        if more := len(self._workers) - len(cards):
            cards.append(Part(f"{more} more", style="node", width=90))
        self._worker = cards[0]
        types = ["aws_ecs_cluster", "aws_ecs_cluster_capacity_providers"]
        types += ["aws_ecs_service", "aws_ecs_task_definition"]
        lines = ["a service and a task each, on Fargate"]
        return Part("ECS cluster", lines, style="instance", content=cards, gap=26, types=types)

    def _services(self) -> Part:
        """The roles, and where images and secrets come from."""
        types = ["aws_iam_role", "aws_iam_role_policy", "aws_iam_policy"]
        types += ["aws_iam_role_policy_attachment", "aws_iam_instance_profile"]
        lines = ["to start tasks, to build images; none for what runs in a task"]
        role = self._card(Part("IAM role", lines, "role"), *types)
        lines = ["builds what is missing"]
        builder = self._card(Part("CodeBuild", lines, "container"), "aws_codebuild_project")
        lines = ["images, named after their sources"]
        images = self._card(
            Part("ECR", lines, "object"), "aws_ecr_repository", "aws_ecr_lifecycle_policy"
        )
        images.title = "ECR"
        secrets = Part("Parameter Store", ["/allora/<worker>/", "encrypted"], "parameters")
        self.arrows += [
            Arrow(self._you, secrets, "allora wallet"),
            Arrow(secrets, self._instance, "secrets"),
            Arrow(self._you, builder, "allora images"),
            Arrow(builder, images),
            Arrow(images, self._instance, "images"),
        ]
        return row(role, self._bucket(), builder, images, secrets, grows=False)


def _card(worker: FleetWorker) -> Part:
    settings, options = worker.settings, worker.options
    model = settings.model_image or "baseline model"
    paused = ["paused"] if options.paused else []
    lines = [purpose_of(settings), model, f"{options.size}, {options.capacity}", *paused]
    return Part(worker.name, lines, "container", "node", width=150)


def _workers(count: int) -> str:
    return "one worker" if count == 1 else f"{count} workers"
