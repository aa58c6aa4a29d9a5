"""A fleet on the embedded AWS: its images, and what a deployment says of its workers."""

from __future__ import annotations

from typing import Any

import pytest

from allora_cli.errors import ExitCode
from devtools.embedded_aws.emulator import Emulator
from shared.stacks import COMMON, FLEET
from tests.local.deployer import deployer
from tests.local.deployment import Deployment
from tests.local.ejected import NO_CHANGES, eject, plan

WORDS = {
    "worker": "abandon " * 11 + "about",
    "btc-day": "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "eth-5min": "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
}
TWO = """
[workers.btc-day]
[workers.eth-5min]
ALLORA_WORKER_TOPIC_ID = 13
ALLORA_WORKER_TOKEN = "ETH"
paused = true
"""
CLUSTER = "allora-worker-fleet"
WORKER_IMAGES = f"{CLUSTER}/worker"


@pytest.fixture
def fleet(emulator: Emulator, tmp_path: Any, attached: dict[str, str]) -> Deployment:
    """A user who may do what it takes, with a fleet file and all wallets."""
    made = Deployment(emulator, tmp_path, variables=attached)
    made.variables |= deployer(made)
    write(made, TWO)
    for worker, words in WORDS.items():
        made.client("ssm").put_parameter(
            Name=f"/allora/{worker}/mnemonic", Value=words, Type="SecureString"
        )
    return made


def write(deployment: Deployment, text: str) -> None:
    (deployment.directory / "fleet.toml").write_text(text)


def services(deployment: Deployment) -> dict[str, tuple[int, int]]:
    """Desired and running tasks by worker."""
    found = deployment.client("ecs").describe_services(
        cluster=CLUSTER, services=["btc-day", "eth-5min"]
    )["services"]
    return {
        each["serviceName"]: (each["desiredCount"], each["runningCount"])
        for each in found
        if each["status"] == "ACTIVE"
    }


@pytest.mark.slow
def test_a_fleet_is_deployed_changed_and_destroyed(fleet: Deployment) -> None:
    first = fleet.allora("deploy", "--yes")
    assert first.returncode == 0, first.output
    for words in (
        "What changes for the fleet allora-worker-fleet:",
        "+ btc-day: new",
        "+ eth-5min: new, and paused",
        "CodeBuild builds worker arm64",
        "allora-worker-fleet: 1 running, 1 paused.",
    ):
        assert words in first.output
    assert services(fleet) == {"btc-day": (1, 1), "eth-5min": (0, 0)}

    # The exit to HCL: the same stacks without CDKTF.
    stacks = eject(fleet)
    for stack in (COMMON, FLEET):
        planned = plan(fleet, stacks / stack)
        assert planned.returncode == NO_CHANGES, planned.output

    ecr = fleet.client("ecr")
    (lost,) = ecr.list_images(repositoryName=WORKER_IMAGES)["imageIds"]
    ecr.batch_delete_image(repositoryName=WORKER_IMAGES, imageIds=[lost])
    nothing_else = fleet.allora("deploy", "--yes")
    assert nothing_else.returncode == 0, nothing_else.output
    assert "CodeBuild builds worker arm64" in nothing_else.output
    (built,) = ecr.list_images(repositoryName=WORKER_IMAGES)["imageIds"]
    assert built["imageTag"] == lost["imageTag"]

    write(fleet, TWO.replace("paused = true", "") + 'MODEL_IMAGE = "ghcr.io/you/m:1"\n')
    second = fleet.allora("deploy", "--yes")
    assert second.returncode == 0, second.output
    assert "~ eth-5min: runs again, because of another model image" in second.output
    assert "btc-day" not in second.output.partition("What changes")[2].partition("costs")[0]
    assert "CodeBuild" not in second.output, "nothing is built twice"
    assert services(fleet) == {"btc-day": (1, 1), "eth-5min": (1, 1)}

    refused = fleet.allora("destroy", "--yes", "--everything")
    assert refused.returncode == ExitCode.USAGE, refused.output
    gone = fleet.allora("destroy", "--yes")
    assert gone.returncode == 0, gone.output
    assert "- btc-day, eth-5min: removed; wallet and secrets stay" in gone.output
    assert "the wallets and secrets of 2 of the fleet's workers: btc-day, eth-5min" in gone.output
    again = fleet.allora("destroy", "--yes")
    assert again.returncode == 0, again.output
    assert f"Nothing is deployed: the fleet '{CLUSTER}'" in again.output
    clusters = fleet.client("ecs").describe_clusters(clusters=[CLUSTER])["clusters"]
    assert not [each for each in clusters if each["status"] == "ACTIVE"]
