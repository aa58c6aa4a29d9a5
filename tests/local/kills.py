"""A first deployment that is killed at ten random moments: the same command finishes each.

Not part of `make test`, which has one such moment for each stack (test_state.py): `make test-kill`.
The moments are numbers of requests that change something in AWS. They are the same in each run;
`KILL_SEED` gives others.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from devtools.embedded_aws.emulator import Emulator
from tests.local.deployment import Deployment, running_instances
from tests.local.killing import killed_at
from tests.local.template import SETTINGS, prepare

SEED = int(os.environ.get("KILL_SEED", "12"))
REQUESTS = 50
"""About as many as a first deployment needs to change something, with all options."""

MOMENTS = sorted(random.Random(SEED).sample(range(1, REQUESTS + 1), 10))
ONE_WORKER = {"instances": 1, "addresses": 1, "volumes": 2, "vpcs": 1, "roles": 1}
DEPLOY = ("deploy", "--yes", "--no-wait")


@pytest.mark.parametrize("moment", MOMENTS)
def test_same_command_finishes(emulator: Emulator, tmp_path: Path, moment: int) -> None:
    deployment = Deployment(emulator, tmp_path / "deployment", dict(SETTINGS))
    prepare(deployment)
    killed = killed_at(deployment, moment, *DEPLOY)
    print(f"seed {SEED}: killed after {killed.action}, the change {killed.count}")
    done = deployment.allora(*DEPLOY)
    print(done.output)
    assert done.returncode == 0
    assert orphans(deployment) == []
    assert counted(deployment) == ONE_WORKER


def orphans(deployment: Deployment) -> list[str]:
    listed = deployment.allora_apart("state", "orphans", "--json")
    assert listed.returncode == 0, listed.stderr
    return [each["id"] for each in json.loads(listed.stdout)["orphans"]]


def counted(deployment: Deployment) -> dict[str, int]:
    """What costs money, or is limited in number; whatever its tags."""
    ec2 = deployment.client("ec2")
    vpcs = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    return {
        "instances": len(running_instances(deployment)),
        "addresses": len(ec2.describe_addresses()["Addresses"]),
        "volumes": len(ec2.describe_volumes()["Volumes"]),
        "vpcs": len(vpcs),
        "roles": len(deployment.client("iam").list_roles()["Roles"]),
    }
