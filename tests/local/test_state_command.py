"""What may become of a state in its bucket, what is said about it, and how `allora state` mends it.

No Terraform: the states are written as it would write them.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from allora_cli.errors import ExitCode
from devtools.embedded_aws.emulator import ACCOUNT_ID, Emulator
from tests.local.deployment import BUCKET, Deployment, Result

STACK = "allora-single-node"
KEY = f"{STACK}/terraform.tfstate"
INSTANCE = "i-0123456789abcdef0"


@pytest.fixture
def place(emulator: Emulator, tmp_path: Path) -> Deployment:
    made = Deployment(emulator, tmp_path)
    s3 = made.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return made


def state(serial: int, *, lineage: str = "a", region: str = "us-east-1") -> dict[str, Any]:
    """One with an instance alone, as an interrupted run leaves it."""
    values = {
        "id": INSTANCE,
        "arn": f"arn:aws:ec2:{region}:{ACCOUNT_ID}:instance/{INSTANCE}",
        "availability_zone": f"{region}a",
        "instance_type": "t3.medium",
        "tags_all": {"Stack": STACK},
    }
    resource = {
        "mode": "managed",
        "type": "aws_instance",
        "name": "host",
        "instances": [{"attributes": values}],
    }
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": serial,
        "lineage": lineage,
        "outputs": {},
        "resources": [resource],
    }


def put(place: Deployment, body: bytes | dict[str, Any], key: str = KEY) -> str:
    """Return the id of the new version."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = place.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)
    return str(answer["VersionId"])


def lock(place: Deployment, who: str) -> None:
    document = {
        "ID": "6f1c0e2a",
        "Operation": "OperationTypeApply",
        "Who": who,
        "Created": "2026-11-22T09:15:02Z",
        "Path": f"{BUCKET}/{KEY}",
    }
    put(place, document, f"{KEY}.tflock")


def is_locked(place: Deployment) -> bool:
    listed = place.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return f"{KEY}.tflock" in [each["Key"] for each in listed]


def refused(result: Result, code: str) -> str:
    assert result.returncode == ExitCode.PROBLEM, result.output
    assert f"#{code}" in result.output
    assert "Traceback" not in result.output
    return result.output


def versions(place: Deployment) -> list[dict[str, Any]]:
    listed = place.allora_apart("state", "versions", STACK, "--json")
    assert listed.returncode == 0, listed.stderr
    found: list[dict[str, Any]] = json.loads(listed.stdout)["versions"]
    return found


BAD = {
    "state-damaged": b"not json",
    "state-newer": json.dumps({**state(1), "version": 5, "terraform_version": "2.0.0"}).encode(),
    "state-foreign": json.dumps(state(1, region="eu-west-1")).encode(),
}


@pytest.mark.parametrize("code", BAD)
def test_a_state_that_cannot_be_used_is_said_by_every_command(place: Deployment, code: str) -> None:
    put(place, state(7))
    put(place, BAD[code])
    for command in (("destroy", "--yes"), ("update", "--yes")):
        assert f"allora state restore {STACK}" in refused(place.allora(*command), code)
    report = json.loads(place.allora_apart("doctor", "--json").stdout)
    (check,) = [each for each in report["checks"] if each["id"] == "state"]
    assert (check["verdict"], check["facts"]["error"]) == ("fail", code)
    restored = place.allora("state", "restore", STACK, "--yes")
    assert restored.returncode == 0, restored.output
    assert [each["serial"] for each in versions(place) if each["current"]] == [8]


@pytest.mark.parametrize("body", [b"", b"not json"])
def test_a_damaged_state_is_a_sentence_also_for_those_who_only_look(
    place: Deployment, body: bytes
) -> None:
    put(place, body)
    for command in ("status", "connect", "restart"):
        refused(place.allora(command), "state-damaged")


def test_a_deleted_state_is_missed_and_comes_back(place: Deployment) -> None:
    put(place, state(7))
    place.client("s3").delete_object(Bucket=BUCKET, Key=KEY)
    assert "1 resources" in refused(place.allora("status"), "state-deleted")
    assert [(each["deletion"], each["current"]) for each in versions(place)] == [
        (True, True),
        (False, False),
    ]
    restored = place.allora_apart("state", "restore", STACK, "--yes", "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["serial"] == 8
    told = refused(place.allora("status"), "partly-deployed")
    assert f"the instance {INSTANCE} (t3.medium), price unknown" in told
    assert "To remove it: allora destroy" in told


def test_a_deleted_state_without_resources_is_not_missed(place: Deployment) -> None:
    put(place, {**state(7), "resources": []})
    place.client("s3").delete_object(Bucket=BUCKET, Key=KEY)
    refused(place.allora("status"), "not-deployed")


def test_a_state_that_is_all_right_needs_a_version_to_go_back_to(place: Deployment) -> None:
    first = put(place, state(7))
    put(place, state(9))
    assert "serial 9" in refused(place.allora("state", "restore", STACK, "--yes"), "state-version")
    refused(place.allora("state", "restore", STACK, "no-such", "--yes"), "state-version")
    refused(place.allora("state", "restore", STACK, first), "not-a-terminal")
    done = place.allora("state", "restore", STACK, first, "--yes")
    assert done.returncode == 0, done.output
    now = versions(place)
    # Above all others, so that Terraform takes it; and nothing is lost.
    assert [each["serial"] for each in now] == [10, 9, 7]
    assert {each["lineage"] for each in now} == {"a"}
    assert not is_locked(place)


def test_nothing_is_restored_while_a_run_holds_the_state(place: Deployment) -> None:
    put(place, state(7))
    put(place, b"")
    lock(place, "ada@laptop")
    assert "ada@laptop" in refused(place.allora("state", "restore", STACK, "--yes"), "state-locked")
    assert len(versions(place)) == 2


def test_a_lock_is_released_when_the_operator_says_so(place: Deployment) -> None:
    lock(place, "ada@laptop")
    refused(place.allora("state", "unlock"), "not-a-terminal")
    assert is_locked(place)
    done = place.allora_apart("state", "unlock", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    (released,) = json.loads(done.stdout)["released"]
    assert (released["who"], released["holder"]) == ("ada@laptop", "elsewhere")
    assert not is_locked(place)
    assert "is not locked" in place.allora("state", "unlock").output


def test_a_killed_run_s_lock_does_not_stop_doctor_and_one_elsewhere_does(
    place: Deployment,
) -> None:
    def verdict() -> tuple[str, str]:
        report = json.loads(place.allora_apart("doctor", "--json").stdout)
        (check,) = [each for each in report["checks"] if each["id"] == "state-lock"]
        return check["verdict"], check["remedy"]

    lock(place, f"ada@{socket.gethostname()}")
    found, remedy = verdict()
    assert found == "warning"
    assert "allora state unlock" in remedy
    lock(place, "ada@laptop")
    assert verdict()[0] == "fail"


def test_another_s_lock_stops_destroy(place: Deployment) -> None:
    lock(place, "ada@laptop")
    assert "allora state unlock" in refused(place.allora("destroy", "--yes"), "state-locked")
    assert is_locked(place)


def test_a_killed_run_s_lock_is_released_on_the_way(place: Deployment) -> None:
    lock(place, f"ada@{socket.gethostname()}")
    refused(place.allora("destroy"), "not-a-terminal")
    assert is_locked(place)
    done = place.allora("destroy", "--yes")
    assert done.returncode == 0, done.output
    assert "was killed" in done.output
    assert not is_locked(place)


def test_a_stack_that_there_is_not(place: Deployment) -> None:
    result = place.allora("state", "versions", "allora")
    assert result.returncode == ExitCode.USAGE
    assert "allora-common" in result.output


def test_a_state_that_was_never_saved_comes_first(place: Deployment) -> None:
    folder = place.folder(STACK)
    folder.mkdir(parents=True)
    (folder / "errored.tfstate").write_text("{}")
    told = refused(place.allora("destroy", "--yes"), "state-not-saved")
    assert "terraform state push errored.tfstate" in told
