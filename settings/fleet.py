"""The workers of a fleet, and how Fargate runs each: `fleet.toml` beside `.env`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from pydantic import BeforeValidator

from settings.checks import one_of
from settings.errors import fault
from settings.model import Settings
from settings.variable import Section, variable


class Capacity(StrEnum):
    """A capacity provider of Fargate.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
    """

    ON_DEMAND = "FARGATE"
    SPOT = "FARGATE_SPOT"


class Architecture(StrEnum):
    """A processor architecture, by the name that Docker and EC2 use."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


class TaskSize(NamedTuple):
    """What Fargate gives a task: CPU units, 1024 a processor, and memory in MiB."""

    cpu: int
    memory: int

    def __str__(self) -> str:
        """Return the size as the file has it."""
        return f"{self.cpu / 1024:g} vCPU, {self.memory / 1024:g} GB"


ZONES_WITHOUT_FARGATE: Final = ("apne1-az3", "cnn1-az4", "usw1-az2")
"""Ids of availability zones
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html)."""

_GIB: Final = 1024
SIZES: Final = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: tuple(range(1 * _GIB, 4 * _GIB + 1, _GIB)),
    1024: tuple(range(2 * _GIB, 8 * _GIB + 1, _GIB)),
    2048: tuple(range(4 * _GIB, 16 * _GIB + 1, _GIB)),
    4096: tuple(range(8 * _GIB, 30 * _GIB + 1, _GIB)),
    8192: tuple(range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB)),
    16384: tuple(range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB)),
}
"""Memory in MiB by CPU units
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html)."""

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?) vCPU, (\d+(?:\.\d+)?) GB", re.IGNORECASE)


def _size(text: str) -> TaskSize:
    found = _SIZE.fullmatch(text)
    if not found:
        raise fault("is not a size of a task.", 'as in "0.25 vCPU, 0.5 GB"')
    units, mib = (float(number) * 1024 for number in found.groups())
    if units not in SIZES:
        choices = ", ".join(f"{each / 1024:g}" for each in SIZES)
        raise fault(f"has a number of vCPUs that Fargate does not offer; it offers {choices}.")
    cpu = int(units)
    if mib not in SIZES[cpu]:
        first, last = SIZES[cpu][0] / 1024, SIZES[cpu][-1] / 1024
        raise fault(
            f"has a memory that Fargate does not offer with {cpu / 1024:g} vCPU: from "
            f"{first:g} to {last:g} GB.",
            f'as in "{TaskSize(cpu, SIZES[cpu][0])}"',
        )
    return TaskSize(cpu, int(mib))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise fault("is not text.", "write it in quotes")
    return value


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise fault("is neither true nor false.", "true or false, without quotes")
    return value


class FleetOptions(Section):
    """How a worker runs: in `[fleet]` for all of them, in `[workers.NAME]` for one."""

    size: Annotated[TaskSize, BeforeValidator(_size), BeforeValidator(_text)] = variable(
        "size",
        "Processors and memory of worker and model together, in a size that Fargate offers.",
        default="0.25 vCPU, 0.5 GB",
        example="0.5 vCPU, 1 GB",
        check_default=True,
    )
    capacity: Annotated[Capacity, one_of(*Capacity), BeforeValidator(_text)] = variable(
        "capacity",
        "`FARGATE`, or `FARGATE_SPOT` at about a third of the price: AWS takes such a task away "
        "with two minutes' notice when it needs the capacity, and starts another one when it can.",
        default=Capacity.ON_DEMAND.value,
        example="FARGATE_SPOT",
        check_default=True,
    )
    architecture: Annotated[Architecture, one_of(*Architecture), BeforeValidator(_text)] = variable(
        "architecture",
        "The processor that the images are for: `arm64`, or `x86_64` at a quarter more.",
        default=Architecture.ARM64.value,
        example="x86_64",
        check_default=True,
    )
    paused: Annotated[bool, BeforeValidator(_yes_or_no)] = variable(
        "paused",
        "`true` keeps the worker's definition and secrets, and runs nothing.",
        default=False,
        default_text="`false`",
        example="true",
    )
    model_logs: Annotated[bool, BeforeValidator(_yes_or_no)] = variable(
        "model_logs",
        "`true` keeps what a `MODEL_IMAGE` prints, for `allora logs model`. Only for a model that "
        "you trust: CloudWatch makes a metric of each line in its [own format]"
        "(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/"
        "CloudWatch_Embedded_Metric_Format_Specification.html), which costs 0.30 USD a month, and "
        "may pose as one of the fleet's. The project's own model is always kept.",
        default=False,
        default_text="`false`",
        example="true",
    )
    api_key: Annotated[bool, BeforeValidator(_yes_or_no)] = variable(
        "api_key",
        "`true` gives the worker its API key of developer.allora.network, which testnet's faucet "
        "asks for: `allora secret set api-key --worker NAME` stores it.",
        default=False,
        default_text="`false`",
        example="true",
    )


@dataclass(frozen=True)
class FleetWorker:
    """A worker of the fleet.

    Attributes:
        settings: Its own over those of `.env`; `settings.worker_name` is its name.
        options: How it runs.
    """

    settings: Settings
    options: FleetOptions

    @property
    def name(self) -> str:
        """The worker's name: of its table, its secrets' path, its service and its construct."""
        return self.settings.worker_name

    @property
    def logs_model(self) -> bool:
        """Whether what its model prints is kept."""
        return self.settings.runs_own_model or self.options.model_logs


@dataclass(frozen=True)
class Fleet:
    """All workers of a file, in its order."""

    workers: tuple[FleetWorker, ...]

    @property
    def running(self) -> tuple[FleetWorker, ...]:
        """Those that are not paused."""
        return tuple(worker for worker in self.workers if not worker.options.paused)

    @property
    def reporting(self) -> tuple[FleetWorker, ...]:
        """Those that run our worker, which reports metrics."""
        return tuple(worker for worker in self.running if not worker.settings.worker_image)
