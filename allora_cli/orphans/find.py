"""Find what is in AWS and in no state, by the tags and names that the stacks give everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from allora_cli.aws.queries import PATIENCE, Question, Unknown
from allora_cli.context import Context
from allora_cli.errors import ErrorCode
from allora_cli.orphans.ec2 import Ec2Search
from allora_cli.orphans.fleet import FleetSearch
from allora_cli.orphans.known import Known
from allora_cli.orphans.named import NamedSearch
from allora_cli.orphans.orphan import Orphan
from settings.fleet import Fleet
from shared.stacks import FLEET

Search = Callable[[], list[Orphan]]


@dataclass(frozen=True)
class Found:
    """The orphans, and why some kinds could not be looked for."""

    orphans: tuple[Orphan, ...]
    unsearched: tuple[str, ...]


def find_orphans(context: Context, known: Known) -> Found:
    """Return everything that has this worker's tags or names, and is in no state.

    Raises:
        OperatorError: AWS does not answer.
    """
    questions = [Question(search) for search in _searches(context, known)]
    answers = [question.answer() for question in questions]
    unsearched = []
    orphans: list[Orphan] = []
    for answer in answers:
        if not isinstance(answer, Unknown):
            orphans += answer
        elif answer.error.code is ErrorCode.ACCESS_DENIED:
            unsearched.append(str(answer.error))
        else:
            raise answer.error
    return Found(tuple(orphans), tuple(unsearched))


def _searches(context: Context, known: Known) -> Iterator[Search]:
    client = context.session.client
    ec2 = Ec2Search(context, known, client("ec2", config=PATIENCE))
    yield ec2.instances
    yield ec2.addresses
    yield ec2.volumes
    yield ec2.networks
    yield ec2.security_groups
    named = NamedSearch(context, known)
    iam = client("iam", config=PATIENCE)
    cloudwatch = client("cloudwatch", config=PATIENCE)
    sns = client("sns", config=PATIENCE)
    logs = client("logs", config=PATIENCE)
    yield lambda: named.roles(iam)
    yield lambda: named.alarms(cloudwatch)
    yield lambda: named.dashboards(cloudwatch)
    yield lambda: named.topics(sns)
    yield lambda: named.log_groups(logs)
    if context.fleet:
        yield from _fleet_searches(context, context.fleet, known)


def _fleet_searches(context: Context, fleet: Fleet, known: Known) -> Iterator[Search]:
    search = FleetSearch(context, fleet, known)
    client = context.session.client
    ecr = client("ecr", config=PATIENCE)
    codebuild = client("codebuild", config=PATIENCE)
    ecs = client("ecs", config=PATIENCE)
    iam = client("iam", config=PATIENCE)
    cloudwatch = client("cloudwatch", config=PATIENCE)
    logs = client("logs", config=PATIENCE)
    ec2 = Ec2Search(context, known, client("ec2", config=PATIENCE), FLEET)
    named = NamedSearch(context, known, FLEET)
    yield ec2.networks
    yield ec2.security_groups
    yield lambda: search.repositories(ecr)
    yield lambda: search.builders(codebuild)
    yield lambda: search.services(ecs)
    yield lambda: search.clusters(ecs)
    yield lambda: search.policies(iam)
    yield lambda: named.alarms(cloudwatch)
    yield lambda: named.dashboards(cloudwatch)
    yield lambda: named.log_groups(logs)
