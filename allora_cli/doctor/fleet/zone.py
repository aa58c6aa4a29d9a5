"""Check where a fleet's tasks run."""

from __future__ import annotations

from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, fail, ok
from settings.fleet import ZONES_WITHOUT_FARGATE


def check_fleet_zone(context: CheckContext) -> Finding:
    """Check that Fargate runs in the availability zone that the settings name."""
    settings = context.settings
    if settings.subnet_id:
        (subnet,) = context.ec2.describe_subnets(SubnetIds=[settings.subnet_id])["Subnets"]
        setting, zone = "AWS_SUBNET_ID", subnet["AvailabilityZoneId"]
    elif settings.availability_zone:
        named = context.ec2.describe_availability_zones(ZoneNames=[settings.availability_zone])
        setting, zone = "AWS_AVAILABILITY_ZONE", named["AvailabilityZones"][0]["ZoneId"]
    else:
        return ok("one where Fargate runs")
    if zone in ZONES_WITHOUT_FARGATE:
        return fail(f"Fargate does not run in {zone}", f"another {setting}", zone=zone)
    return ok(zone, zone=zone)
