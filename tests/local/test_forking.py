"""The embedded AWS of the tests: its forks, and what AWS answers where moto would not."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from devtools.embedded_aws.emulator import Emulator, EmulatorError
from devtools.embedded_aws.lease import Lease
from tests.local.deployment import ROOT, Deployment
from tests.local.template import forked

HOLDER = """
import sys
from devtools.embedded_aws.lease import Lease
lease = Lease.on(int(sys.argv[1])).fork()
print(lease.emulator.pid, flush=True)
sys.stdin.read()
"""


def names(emulator: Emulator, directory: Path) -> list[str]:
    buckets = Deployment(emulator, directory).client("s3").list_buckets()["Buckets"]
    return [bucket["Name"] for bucket in buckets]


def make(emulator: Emulator, directory: Path, name: str) -> None:
    Deployment(emulator, directory).client("s3").create_bucket(Bucket=name)


def test_a_fork_has_everything_and_goes_its_own_way(empty_aws: Lease, tmp_path: Path) -> None:
    lease = empty_aws.fork()
    make(lease.emulator, tmp_path, "before")
    with forked(lease) as fork:
        make(fork, tmp_path, "in-the-fork")
        make(lease.emulator, tmp_path, "in-the-first")
        assert names(fork, tmp_path) == ["before", "in-the-fork"]
        assert names(lease.emulator, tmp_path) == ["before", "in-the-first"]
    lease.release()
    assert names(empty_aws.emulator, tmp_path) == []


def test_it_runs_until_the_last_lease_has_ended(empty_aws: Lease, tmp_path: Path) -> None:
    first = empty_aws.fork()
    second = Lease.on(first.port)
    process = psutil.Process(first.emulator.pid)
    first.release()
    assert names(second.emulator, tmp_path) == []
    second.release()
    process.wait(300)
    with pytest.raises(EmulatorError, match="No embedded AWS"):
        Lease.on(second.port)


def test_it_ends_with_a_holder_that_was_killed(empty_aws: Lease) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(empty_aws.port)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        process = psutil.Process(int(holder.stdout.readline()))
        assert process.is_running()
        holder.kill()
    process.wait(300)


def test_a_fork_waits_for_requests_that_are_under_way(empty_aws: Lease, tmp_path: Path) -> None:
    """Each fork serves, however busy the first one is."""
    lease = empty_aws.fork()
    over = threading.Event()
    client = Deployment(lease.emulator, tmp_path).client("ec2")

    def be_busy() -> None:
        while not over.is_set():
            client.describe_instance_types(InstanceTypes=["t3.medium"])

    threads = [threading.Thread(target=be_busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            with forked(lease) as fork:
                vpcs = Deployment(fork, tmp_path).client("ec2").describe_vpcs()["Vpcs"]
                assert len(vpcs) == 1
    finally:
        over.set()
        for thread in threads:
            thread.join()
        lease.release()


def test_a_volume_that_is_detached_already_says_so(emulator: Emulator, tmp_path: Path) -> None:
    """As EC2 does: the AWS provider goes on then, when an answer was lost on the way."""
    ec2 = Deployment(emulator, tmp_path).client("ec2")
    (made,) = ec2.run_instances(ImageId="ami-785db401", MinCount=1, MaxCount=1)["Instances"]
    zone = made["Placement"]["AvailabilityZone"]
    volume = ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
    ec2.attach_volume(VolumeId=volume, InstanceId=made["InstanceId"], Device="/dev/sdf")
    ec2.detach_volume(VolumeId=volume, InstanceId=made["InstanceId"])
    with pytest.raises(ClientError, match=r"IncorrectState.*is in the 'available' state"):
        ec2.detach_volume(VolumeId=volume, InstanceId=made["InstanceId"])
