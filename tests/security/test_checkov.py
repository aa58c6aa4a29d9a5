"""checkov on what every sample synthesizes: no check may fail."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from settings import load_settings
from settings.fleet import Fleet
from shared.stacks import STACKS
from stacks.app import build_app
from tests.conftest import ROOT, SAMPLES, sample_fleet
from tests.needs import CHECKOV

# checkov's parser stumbles over what has no resources in it: a version constraint, import blocks.
READ_BY_CHECKOV = ("provider", "data", "resource", "output")


def scan(directory: Path) -> Any:
    # Not its own script, which does not start in a folder with spaces.
    checkov = (CHECKOV.with_name("python"), "-m", "checkov.main")
    result = subprocess.run(
        [*checkov, "-d", directory, "--skip-download", "-o", "json", "--soft-fail"],
        cwd=ROOT,  # where .checkov.yaml is
        env={**os.environ, "LOG_LEVEL": "ERROR", "HOME": str(directory)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(result.stdout)


def test_no_check_fails_for_any_sample(tmp_path: Path) -> None:
    deployments: list[tuple[Path, Fleet | None]] = [(sample, None) for sample in SAMPLES]
    deployments.append((SAMPLES[0], sample_fleet()))
    for sample, fleet in deployments:
        out = tmp_path / "cdktf.out"
        build_app(load_settings(sample, {}), outdir=str(out), fleet=fleet).synth()
        name = "fleet" if fleet else sample.stem
        for stack in (out / "stacks").iterdir():
            text = json.loads((stack / "cdk.tf.json").read_text())
            read = tmp_path / "scanned" / name / stack.name / "cdk.tf.json"
            read.parent.mkdir(parents=True)
            read.write_text(
                json.dumps({block: text[block] for block in READ_BY_CHECKOV if block in text})
            )
    report = scan(tmp_path / "scanned")
    failed = {
        f"{check['check_id']} {check['check_name']}: {check['resource']} in {check['file_path']}"
        for check in report["results"]["failed_checks"]
    }
    assert failed == set()
    assert report["results"]["parsing_errors"] == []
    scanned = {check["file_path"] for check in report["results"]["passed_checks"]}
    assert len(scanned) == len(STACKS) * len(deployments) + 1


def test_checkov_would_find_something(tmp_path: Path) -> None:
    """The same scan of an unencrypted volume and an open port for SSH."""
    (tmp_path / "cdk.tf.json").write_text(
        json.dumps(
            {
                "resource": {
                    "aws_ebs_volume": {"open": {"availability_zone": "us-east-1a", "size": 1}},
                    "aws_vpc_security_group_ingress_rule": {
                        "ssh": {
                            "security_group_id": "sg-1",
                            "ip_protocol": "tcp",
                            "from_port": 22,
                            "to_port": 22,
                            "cidr_ipv4": "0.0.0.0/0",
                        }
                    },
                }
            }
        )
    )
    found = {check["check_id"] for check in scan(tmp_path)["results"]["failed_checks"]}
    assert {"CKV_AWS_3", "CKV_AWS_24"} <= found
