"""Checks of the instance type and the machine image."""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, warning
from settings.images import ubuntu_parameter


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
