"""An `.env` of the AWS blueprint works, whichever revision it began with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from settings import Settings, SettingsError, load_settings
from settings.secret_rules import is_secret_name

_SAMPLE = Path(__file__).parents[1] / "samples" / "blueprint_settings.json"
REVISIONS: dict[str, str] = json.loads(_SAMPLE.read_text("utf-8"))["revisions"]
"""Names of settings, by commit and file."""

VALUES = {
    "AWS_ACCOUNT_ID": "123456789012",
    "AWS_REGION": "us-east-1",
    "AWS_RESOURCE_NAME_PREFIX": "AlloraWorkerx",
    "AWS_AMI_ID": "ami-04b70fa74e45c3917",
    "AWS_INSTANCE_TYPE": "t3.medium",
    "AWS_INSTANCE_CPU_TYPE": "x86_64",
    "EDGE_DATA_VOL_TYPE": "gp3",
    "EDGE_DATA_VOL_SIZE": "256",
    "EDGE_DATA_VOL_IOPS": "3000",
    "EDGE_DATA_VOL_THROUGHPUT": "125",
    "MODEL_REPO": "https://github.com/allora-network/basic-coin-prediction-node",
    "MODEL_ENV_VARS": '\nTOKEN="ETH"\nTIMEFRAME="4h"\n',
    "ALLORA_WORKER_NAME": "aws",
    "ALLORA_WORKER_TOPIC_ID": "1",
    "ALLORA_WORKER_INFERENCE_ENDPOINT": "http://source:8000/inference/{Token}",
    "ALLORA_WORKER_TOKEN": "ethereum",
}
"""Of the settings that still mean something."""


def load(folder: Path, names: str) -> Settings:
    """Load a file with these settings; its secrets have been moved."""
    values = {name: VALUES.get(name, "" if is_secret_name(name) else "x") for name in names.split()}
    path = folder / ".env"
    path.write_text("".join(f"{name}='{value}'\n" for name, value in values.items()), "utf-8")
    return load_settings(path, {})


def test_all_revisions_are_here() -> None:
    assert sum(name.endswith(".env-sample-full") for name in REVISIONS) == 12


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_revision_loads_and_warns_of_what_means_nothing(
    tmp_path: Path, revision: str
) -> None:
    warned = {text.partition(" ")[0] for text in load(tmp_path, REVISIONS[revision]).warnings}
    without_meaning = {
        name
        for name in REVISIONS[revision].split()
        if name not in VALUES and not is_secret_name(name)
    }
    assert without_meaning <= warned


def test_a_setting_of_no_revision_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"AWS_VPC_MAX_AZ \(line 3\): is not a setting"):
        load(tmp_path, "AWS_ACCOUNT_ID AWS_REGION AWS_VPC_MAX_AZ")
