"""The instance: its type, its image, and what the account's quotas leave room for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from allora_cli.doctor.check_context import QUICK, CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, unknown, warning
from settings import Settings
from settings.catalogue import catalogue
from settings.images import ubuntu_parameter
from shared.stacks import SINGLE_NODE

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
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
"""Quotas of running vCPUs by the letters that a type's name begins with; all others are "standard".
https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
"""

_ADDRESSES: Final = "L-0263D0A3"
_VPCS: Final = "L-F678F1CE"


def look_at_instance_type(context: CheckContext) -> Finding:
    """Whether the type is offered where the host is to be."""
    settings, ec2 = context.settings, _ec2(context)
    wanted = settings.availability_zone
    if settings.subnet_id:
        zone = _zone_of_subnet(ec2, settings)
        if isinstance(zone, Finding):
            return zone
        wanted = zone
    answer = ec2.describe_instance_type_offerings(
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": [settings.instance_type]}],
    )
    zones = sorted(
        offering["Location"]
        for offering in answer["InstanceTypeOfferings"]
        if re.fullmatch(rf"{settings.aws_region}[a-z]", offering["Location"])
    )
    if not zones:
        return fail(
            f"{settings.instance_type} is not offered in {settings.aws_region}",
            "another AWS_INSTANCE_TYPE, or another AWS_REGION",
        )
    if wanted and wanted not in zones:
        setting = "AWS_SUBNET_ID" if settings.subnet_id else "AWS_AVAILABILITY_ZONE"
        return fail(
            f"{settings.instance_type} is not offered in {wanted}, only in {', '.join(zones)}",
            f"another AWS_INSTANCE_TYPE, or another {setting}",
            zones=zones,
        )
    return ok(f"{settings.instance_type} is offered in {wanted or zones[0]}", zones=zones)


def look_at_vcpus(context: CheckContext) -> Finding:
    """Whether the account may run so many vCPUs more. A host that runs already needs no more."""
    settings, ec2 = context.settings, _ec2(context)
    code = quota_of(settings.instance_type)
    running = [
        instance
        for page in ec2.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        )
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
        if quota_of(instance["InstanceType"]) == code
        and instance.get("InstanceLifecycle") != "spot"
    ]
    used = sum(_vcpus_of(each) for each in running if not _is_ours(each, settings))
    needed = _vcpus(ec2, settings)
    quota = _quota(context, "ec2", code)
    if quota is None:
        return unknown(f"AWS does not tell the quota {code}", needed=needed, used=used)
    found = f"{needed} needed, {_number(quota - used)} of {_number(quota)} free"
    facts = {"quota": code, "limit": quota, "used": used, "needed": needed}
    if used + needed > quota:
        return fail(found, _ask_for_more(settings, "ec2", code), **facts)
    return ok(found, **facts)


def look_at_addresses(context: CheckContext) -> Finding:
    """Whether there is room for an Elastic IP. The one that the host has counts as room."""
    answer = _ec2(context).describe_addresses(Filters=[{"Name": "domain", "Values": ["vpc"]}])
    return _room(context, answer["Addresses"], "ec2", _ADDRESSES)


def look_at_vpcs(context: CheckContext) -> Finding:
    """Whether there is room for a VPC, unless one that exists is used."""
    if context.settings.vpc_id:
        return ok(f"none needed: AWS_VPC_ID is {context.settings.vpc_id}")
    pages = _ec2(context).get_paginator("describe_vpcs").paginate()
    return _room(context, [vpc for page in pages for vpc in page["Vpcs"]], "vpc", _VPCS)


def look_at_image(context: CheckContext) -> Finding:
    """Whether there is a machine image for the instance's architecture."""
    settings = context.settings
    return _pinned(context, settings.ami_id) if settings.ami_id else _canonical(context)


def quota_of(instance_type: str) -> str:
    """The code of the quota that a type's vCPUs count for."""
    letters = re.match(r"[a-z]+", instance_type)
    return _FAMILY_QUOTAS.get(letters.group() if letters else "", _STANDARD)


def _ec2(context: CheckContext) -> EC2Client:
    return context.client(lambda session: session.client("ec2", config=QUICK))


def _zone_of_subnet(ec2: EC2Client, settings: Settings) -> str | Finding:
    try:
        (subnet,) = ec2.describe_subnets(SubnetIds=[str(settings.subnet_id)])["Subnets"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidSubnetID.NotFound":
            return fail(
                f"there is no {settings.subnet_id} in {settings.aws_region}",
                "correct AWS_SUBNET_ID: aws ec2 describe-subnets",
            )
        raise
    if subnet["VpcId"] != settings.vpc_id:
        return fail(
            f"{settings.subnet_id} is in {subnet['VpcId']}, not in {settings.vpc_id}",
            "set AWS_VPC_ID to the subnet's VPC, or choose another subnet",
        )
    return subnet["AvailabilityZone"]


def _is_ours(resource: Any, settings: Settings) -> bool:  # noqa: ANN401 - instance, address, VPC
    """Whether this worker's stack has made it."""
    tags = {tag.get("Key"): tag.get("Value") for tag in resource.get("Tags", [])}
    return (
        tags.get("Worker") == settings.worker_name
        and tags.get("Project") == settings.name_prefix
        and tags.get("Stack") == SINGLE_NODE
    )


def _vcpus(ec2: EC2Client, settings: Settings) -> int:
    if settings.instance:
        return settings.instance.vcpus
    answer = ec2.describe_instance_types(InstanceTypes=[settings.instance_type])  # type: ignore[list-item]
    return answer["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"]


def _vcpus_of(instance: InstanceTypeDef) -> int:
    """What a running instance counts for: its type's vCPUs, even where some are turned off."""
    if known := catalogue().instance_types.get(instance["InstanceType"]):
        return known.vcpus
    options = instance.get("CpuOptions", {})
    return options.get("CoreCount", 1) * options.get("ThreadsPerCore", 1)


def _quota(context: CheckContext, service: str, code: str) -> float | None:
    """The account's value; None where AWS does not know it in this region."""
    quotas = context.client(lambda session: session.client("service-quotas", config=QUICK))
    try:
        return quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"]
    except quotas.exceptions.NoSuchResourceException:
        return None


def _room(context: CheckContext, resources: list[Any], service: str, code: str) -> Finding:
    settings = context.settings
    if any(_is_ours(each, settings) for each in resources):
        return ok("the deployed one is kept")
    quota = _quota(context, service, code)
    if quota is None:
        return unknown(f"AWS does not tell the quota {code}", used=len(resources))
    found = f"1 needed, {_number(quota - len(resources))} of {_number(quota)} free"
    facts = {"quota": code, "limit": quota, "used": len(resources), "needed": 1}
    if len(resources) >= quota:
        return fail(found, _ask_for_more(settings, service, code), **facts)
    return ok(found, **facts)


def _ask_for_more(settings: Settings, service: str, code: str) -> str:
    return (
        f"free some, or ask for more: https://{settings.aws_region}.console.aws.amazon.com/"
        f"servicequotas/home/services/{service}/quotas/{code}"
    )


def _number(value: float) -> str:
    return f"{max(value, 0):g}"


def _canonical(context: CheckContext) -> Finding:
    settings = context.settings
    ssm = context.client(lambda session: session.client("ssm", config=QUICK))
    name = ubuntu_parameter(settings.architecture)
    try:
        ami_id = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return fail(
            f"Canonical has no Ubuntu 24.04 for {settings.architecture} in {settings.aws_region}",
            "pin an image with AWS_AMI_ID, or choose another AWS_REGION",
        )
    return ok(f"{ami_id}, Ubuntu 24.04 for {settings.architecture}", ami_id=ami_id)


def _pinned(context: CheckContext, ami_id: str) -> Finding:
    settings = context.settings
    try:
        images = _ec2(context).describe_images(ImageIds=[ami_id])["Images"]
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("InvalidAMIID"):
            raise
        images = []
    if not images:
        return fail(
            f"there is no {ami_id} in {settings.aws_region}, or you may not use it",
            "correct AWS_AMI_ID, or remove it for Canonical's current image",
        )
    (image,) = images
    name, architecture = image.get("Name", ""), image.get("Architecture", "")
    if architecture != settings.architecture:
        return fail(
            f"{ami_id} is for {architecture}, and {settings.instance_type} is "
            f"{settings.architecture}",
            "another AWS_AMI_ID, or another AWS_INSTANCE_TYPE",
        )
    if not re.search(r"ubuntu.*(24\.04|noble)", name, re.IGNORECASE):
        return warning(
            f"{ami_id} is called {name!r}, which does not sound like Ubuntu 24.04",
            "see that it is: the host's scripts are made for that release",
            ami_id=ami_id,
        )
    return ok(f"{ami_id}, {name}", ami_id=ami_id)
