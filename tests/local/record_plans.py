"""Records tests/samples/plans: python -m pytest tests/local/record_plans.py.

Not one of the level's tests: it takes a minute, and the samples are read in milliseconds.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from shared.stacks import STACKS
from tests.local.template import Deployed

SAMPLES = Path(__file__).parents[1] / "samples" / "plans"
CASES = {
    "alarms": {
        "ALARM_BALANCE": "2",
        "ALARM_EMAIL": "else@example.org",
        "ALLORA_INGRESS_CIDRS": "203.0.113.0/24",
        "LOG_RETENTION_DAYS": "60",
    },
    "architecture": {"AWS_INSTANCE_TYPE": "t4g.medium"},
    "destroy": {},
    "model": {"MODEL_REF": "v1.1"},
    "network": {"AWS_VPC_CIDR": "10.77.0.0/16"},
    "no-volume": {"EDGE_DATA_VOL_TYPE": "none", "EDGE_DATA_VOL_SIZE": ""},
    "type": {"AWS_INSTANCE_TYPE": "t3.large"},
    "volumes": {"AWS_ROOT_VOLUME_SIZE": "50", "EDGE_DATA_VOL_SIZE": "40"},
    "zone": {"AWS_AVAILABILITY_ZONE": "us-east-1c"},
}
"""Changes of a deployment with a t3.medium, a root volume of 30 GiB and a data volume of 20 GiB."""

BEFORE = {"AWS_INSTANCE_TYPE": "t3.medium", "AWS_ROOT_VOLUME_SIZE": "30"}
WITH_USER_DATA = {"model", "no-volume"}
_LONG = 200
_KEPT = frozenset(
    {"endpoint", "final_snapshot", "id", "instance_type", "iops", "name", "public_ip"}
    | {"root_block_device", "size", "throughput", "type"}
)
_UNREAD = frozenset({"provider_name"})
_COSTS = frozenset(
    {"aws_cloudwatch_log_group", "aws_cloudwatch_metric_alarm", "aws_ebs_volume", "aws_eip"}
    | {"aws_instance"}
)


def test_record(deployed: Deployed, tmp_path: Path) -> None:
    deployment, settings = deployed.deployment, dict(deployed.deployment.settings)
    deployment.write_env(**BEFORE)
    deployment.synthesize()
    deployment.apply("allora-single-node")
    for name, changes in CASES.items():
        kept = {each: value for each, value in changes.items() if value}
        deployment.settings = {
            each: value for each, value in (settings | BEFORE).items() if each not in changes
        }
        deployment.write_env(**kept)
        deployment.synthesize()
        for stack in STACKS:
            options = ("-destroy",) if name == "destroy" else ()
            file = tmp_path / "plan"
            planned = deployment.terraform(
                *(stack, "plan", "-input=false", "-detailed-exitcode", f"-out={file}", *options)
            )
            if planned.returncode == 0:
                continue
            assert planned.returncode == 2, planned.output
            folder = deployment.folder(stack)
            command = ["terraform", f"-chdir={folder}", "show", "-json", str(file)]
            shown = subprocess.run(
                command, env=deployment.environment, stdout=subprocess.PIPE, check=True
            )
            trimmed = _trimmed(json.loads(shown.stdout), user_data=name in WITH_USER_DATA)
            (SAMPLES / f"{name}.{stack}.json").write_text(trimmed, encoding="utf-8")


def _trimmed(document: dict[str, Any], *, user_data: bool) -> str:
    changes = [
        _short(change, user_data=user_data)
        for change in document["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    ]
    before = document["prior_state"]["values"]["root_module"]["resources"]
    resources = [
        {key: each[key] for key in ("mode", "type")}
        | {"values": {key: value for key, value in each["values"].items() if key in _KEPT}}
        for each in before
        if each["type"] in _COSTS
    ]
    state = {"values": {"root_module": {"resources": resources}}}
    lines = ",\n".join(json.dumps(change, ensure_ascii=False) for change in changes)
    return f'{{"resource_changes": [\n{lines}\n],\n"prior_state": {json.dumps(state)}}}\n'


def _short(value: Any, name: str = "", *, user_data: bool) -> Any:
    """Leave out what nobody reads here."""
    match value:
        case str() if len(value) > _LONG and not (user_data and name == "user_data_base64"):
            return f"{value[:40]}…"
        case list():
            return [_short(each, user_data=user_data) for each in value]
        case dict():
            return {
                key: _short(each, key, user_data=user_data)
                for key, each in value.items()
                if key not in _UNREAD
            }
        case _:
            return value
