"""Checks of the instance type, of the account's plan for it, and of the machine image."""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from allora_cli.aws import free_plan
from allora_cli.aws.queries import QUICK
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, warning
from settings.images import ubuntu_parameter
from settings.sections.instance import ADVISED_MEMORY_MIB
from shared.aws_console import console_url


def check_instance_type(context: CheckContext) -> Finding:
    """Check that the type is offered in the host's zone."""
    settings = context.settings
    wanted = settings.availability_zone
    if settings.subnet_id:
        zone = _zone_of_subnet(context, settings.subnet_id)
        if isinstance(zone, Finding):
            return zone
        wanted = zone
    answer = context.ec2.describe_instance_type_offerings(
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


def check_account_plan(context: CheckContext) -> Finding:
    """Check that the account's plan allows the instance type.

    EC2 refuses another one only when the network and the address exist already.
    """
    settings = context.settings
    if settings.partition != "aws":
        return ok(f"there is no Free plan in {settings.partition}")
    region = free_plan.REGION
    plan = free_plan.find_free_plan(
        context.client(lambda each: each.client("freetier", region_name=region, config=QUICK))
    )
    if plan is None:
        return ok("not the Free plan: every instance type is allowed", free_plan=False)
    upgrade = f"upgrade to the Paid plan: {console_url(settings.partition, region)}/billing/home"
    if plan.is_over:
        return fail("the account's Free plan is over", upgrade, free_plan=True)
    eligible = free_plan.eligible_types(context.ec2)
    if settings.instance_type in {each.name for each in eligible}:
        left = f", with {plan.usd_left:.0f} USD of credits left" if plan.usd_left else ""
        until = f", until {plan.ends:%Y-%m-%d}" if plan.ends else ""
        return ok(f"the Free plan{until}{left}; it allows {settings.instance_type}", free_plan=True)
    enough = free_plan.large_enough(eligible, ADVISED_MEMORY_MIB, settings.architecture)
    instead = f"AWS_INSTANCE_TYPE={' or '.join(enough)}; or " if enough else ""
    return fail(
        f"the account is on AWS's Free plan, which does not allow {settings.instance_type}",
        f"{instead}{upgrade}",
        free_plan=True,
        eligible=enough,
    )


def check_image(context: CheckContext) -> Finding:
    """Check that there is a machine image for the instance's architecture."""
    ami_id = context.settings.ami_id
    return _pinned(context, ami_id) if ami_id else _canonical(context)


def _zone_of_subnet(context: CheckContext, subnet_id: str) -> str | Finding:
    settings = context.settings
    try:
        (subnet,) = context.ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidSubnetID.NotFound":
            return fail(
                f"there is no {subnet_id} in {settings.aws_region}",
                "correct AWS_SUBNET_ID: aws ec2 describe-subnets",
            )
        raise
    if subnet["VpcId"] != settings.vpc_id:
        return fail(
            f"{subnet_id} is in {subnet['VpcId']}, not in {settings.vpc_id}",
            "set AWS_VPC_ID to the subnet's VPC, or choose another subnet",
        )
    return subnet["AvailabilityZone"]


def _canonical(context: CheckContext) -> Finding:
    settings, ssm = context.settings, context.ssm
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
        images = context.ec2.describe_images(ImageIds=[ami_id])["Images"]
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
            "make sure that it is: the host's scripts are made for that release",
            ami_id=ami_id,
        )
    return ok(f"{ami_id}, {name}", ami_id=ami_id)
