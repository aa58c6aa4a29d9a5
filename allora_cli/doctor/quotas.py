"""Checks of the account's quotas. What the worker already uses needs no more room."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from allora_cli.aws.queries import QUICK
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, unknown
from settings import Settings
from settings.catalogue import catalogue
from shared.aws_console import console_url
from shared.stacks import SINGLE_NODE

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceTypeDef

_STANDARD: Final = "L-1216C47A"
_FAMILY_QUOTAS: Final = {
    "dl": "L-6E869C2A",
    "f": "L-74FC7D96",
    "g": "L-DB2E81BA",
    "gr": "L-DB2E81BA",
    "hpc": "L-F7808C92",
    "inf": "L-1945791B",
    "p": "L-417A185B",
    "trn": "L-2C3B7624",
    "u": "L-43DA4232",
    "vt": "L-DB2E81BA",
    "x": "L-7295265B",
}
"""Quotas of running vCPUs by the first letters of a type's name; all others are "standard".
https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
"""

_ADDRESSES: Final = "L-0263D0A3"
VPCS: Final = "L-F678F1CE"


def check_vcpus(context: CheckContext) -> Finding:
    """Check that the account may run the instance's vCPUs."""
    settings = context.settings
    code = quota_of(settings.instance_type)
    pages = context.ec2.get_paginator("describe_instances").paginate(
        Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    )
    used = sum(
        _vcpus_of(instance)
        for instance in pages.search("Reservations[].Instances[]")
        if quota_of(instance["InstanceType"]) == code
        and instance.get("InstanceLifecycle") != "spot"
        and not _is_ours(instance, settings)
    )
    return judge(context, "ec2", code, used=used, needed=_needed_vcpus(context))


def check_addresses(context: CheckContext) -> Finding:
    """Check that there is room for an Elastic IP."""
    answer = context.ec2.describe_addresses(Filters=[{"Name": "domain", "Values": ["vpc"]}])
    return _room_for_one(context, answer["Addresses"], "ec2", _ADDRESSES)


def check_vpcs(context: CheckContext) -> Finding:
    """Check that there is room for a VPC, unless an existing one is used."""
    if context.settings.vpc_id:
        return ok(f"none needed: AWS_VPC_ID is {context.settings.vpc_id}")
    pages = context.ec2.get_paginator("describe_vpcs").paginate()
    return _room_for_one(context, list(pages.search("Vpcs[]")), "vpc", VPCS)


def quota_of(instance_type: str) -> str:
    """Return the code of the quota that a type's vCPUs count towards."""
    letters = re.match(r"[a-z]+", instance_type)
    return _FAMILY_QUOTAS.get(letters.group() if letters else "", _STANDARD)


def _room_for_one(context: CheckContext, resources: list[Any], service: str, code: str) -> Finding:
    if any(_is_ours(each, context.settings) for each in resources):
        return ok("the deployed one is kept")
    return judge(context, service, code, used=len(resources), needed=1)


def judge(context: CheckContext, service: str, code: str, *, used: float, needed: float) -> Finding:
    """Return whether a quota has room for what is needed beside what is used.

    Args:
        context: whose account and region.
        service: the quota's, as Service Quotas calls it.
        code: the quota's.
        used: by others.
        needed: in the quota's unit.
    """
    quotas = context.client(lambda session: session.client("service-quotas", config=QUICK))
    try:
        quota = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"]
    except quotas.exceptions.NoSuchResourceException:
        return unknown(f"AWS has no value for the quota {code}", needed=needed, used=used)
    found = f"{needed:g} needed, {max(quota - used, 0):g} of {quota:g} free"
    facts = {"quota": code, "limit": quota, "used": used, "needed": needed}
    if used + needed > quota:
        console = console_url(context.settings.partition, context.settings.aws_region)
        path = f"servicequotas/home/services/{service}/quotas/{code}"
        return fail(found, f"free some, or request an increase: {console}/{path}", **facts)
    return ok(found, **facts)


def _is_ours(resource: Any, settings: Settings) -> bool:  # noqa: ANN401 - instance, address, VPC
    """Return whether the resource belongs to this worker's stack."""
    tags = {tag.get("Key"): tag.get("Value") for tag in resource.get("Tags", [])}
    return (
        tags.get("Worker") == settings.worker_name
        and tags.get("Project") == settings.name_prefix
        and tags.get("Stack") == SINGLE_NODE
    )


def _needed_vcpus(context: CheckContext) -> int:
    if context.settings.instance:
        return context.settings.instance.vcpus
    wanted = context.settings.instance_type
    answer = context.ec2.describe_instance_types(InstanceTypes=[wanted])  # type: ignore[list-item]
    return answer["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"]


def _vcpus_of(instance: InstanceTypeDef) -> int:
    """Return what a running instance counts for: its type's vCPUs, even if some are disabled."""
    if known := catalogue().instance_types.get(instance["InstanceType"]):
        return known.vcpus
    options = instance.get("CpuOptions", {})
    return options.get("CoreCount", 1) * options.get("ThreadsPerCore", 1)
