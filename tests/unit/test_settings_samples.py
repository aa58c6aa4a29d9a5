"""Every sample is a file that works, and the documentation is the one of this code."""

from pathlib import Path

import pytest

from settings import Settings, load_settings, reference
from settings.fleet import Capacity, FleetOptions
from settings.fleet_file import load_fleet
from settings.variable import example_of
from tests.conftest import sample_fleet

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*.env"))

_DIGEST = "sha256:" + "0123456789abcdef" * 4
_FORGE = "MODEL_FORGE=s3://my-models/predict.pkl"
NEEDS = {
    "AWS_VPC_ID": "AWS_SUBNET_ID=subnet-0123456789abcdef0",
    "AWS_SUBNET_ID": "AWS_VPC_ID=vpc-0123456789abcdef0",
    "EDGE_DATA_VOL_SIZE": "EDGE_DATA_VOL_TYPE=gp3",
    "EDGE_DATA_VOL_IOPS": "EDGE_DATA_VOL_TYPE=gp3",
    "EDGE_DATA_VOL_THROUGHPUT": "EDGE_DATA_VOL_TYPE=gp3",
    "ALLORA_NETWORK": "ALLORA_WORKER_TOPIC_ID=1",
    "MODEL_REPO": "MODEL_REF=v1\nMODEL_COMMAND=python -u /app/app.py",
    "MODEL_REF": "MODEL_REPO=https://example.com/r",
    "MODEL_FORGE": f"MODEL_SHA256={_DIGEST}\nMODEL_REQUIREMENTS=dill==0.4.0\nMODEL_PYTHON=3.12",
    "MODEL_SHA256": f"{_FORGE}\nMODEL_REQUIREMENTS=dill==0.4.0\nMODEL_PYTHON=3.12",
    "MODEL_REQUIREMENTS": f"{_FORGE}\nMODEL_SHA256={_DIGEST}\nMODEL_PYTHON=3.12",
    "MODEL_PYTHON": f"{_FORGE}\nMODEL_SHA256={_DIGEST}\nMODEL_REQUIREMENTS=dill==0.4.0",
    "BOOT_NODES": "ALLORA_WORKER_IMAGE=a/b:1",
}
"""What else must be set for the documented example of a variable to be valid."""


def test_there_are_samples() -> None:
    assert {path.stem for path in SAMPLES} >= {
        "testnet", "mainnet", "x86_64", "existing-vpc", "own-model", "boot-nodes", "blueprint",
    }  # fmt: skip


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_loads_without_a_warning(sample: Path) -> None:
    settings = load_settings(sample, {})
    if sample.stem == "blueprint":
        assert {warning.partition(" ")[0] for warning in settings.warnings} >= {
            "MODEL_REPO", "ALLORA_ENV", "ALLORA_WALLET_NODE_RPC", "ALLORA_REPUTER_TOKEN",
        }  # fmt: skip
    else:
        assert settings.warnings == ()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_says_when_to_use_it(sample: Path) -> None:
    assert sample.read_text(encoding="utf-8").startswith("# ")


def test_each_sample_shows_what_its_name_promises() -> None:
    loaded = {path.stem: load_settings(path, {}) for path in SAMPLES}
    assert loaded["mainnet"].allora_network == "mainnet"
    assert loaded["testnet"].architecture == "arm64"
    assert loaded["x86_64"].architecture == "x86_64"
    assert loaded["existing-vpc"].subnet_id
    assert loaded["own-model"].model_env["TOKEN"] == "BTC"
    assert loaded["own-model"].model_secrets == ("CG_API_KEY",)
    assert loaded["boot-nodes"].boot_nodes
    blueprint = loaded["blueprint"]
    assert blueprint.data_volume
    assert (blueprint.data_volume.type, blueprint.data_volume.size) == ("gp3", 256)
    assert blueprint.model_secrets == ("CG_API_KEY",)


def test_the_sample_fleet_shows_what_it_promises() -> None:
    sample = ROOT / "samples" / "fleet.toml"
    fleet = sample_fleet()
    workers = {worker.name: worker for worker in fleet.workers}
    assert workers.keys() == {"btc-day", "eth-5min", "sol-8h"}
    assert workers["eth-5min"].options.capacity is Capacity.SPOT
    assert workers["sol-8h"].options.paused
    assert workers["sol-8h"].settings.model_secrets == ("CG_API_KEY",)
    assert {worker.settings.runs_own_model for worker in fleet.workers} == {True, False}
    assert sample.read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_of_settings_is_of_one_worker(sample: Path) -> None:
    assert load_fleet(sample, {}) is None


@pytest.mark.parametrize("option", FleetOptions.model_fields)
def test_a_documented_example_of_a_fleet_is_valid(tmp_path: Path, option: str) -> None:
    example = example_of(FleetOptions.model_fields[option])
    (tmp_path / ".env").write_text("AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n")
    (tmp_path / "fleet.toml").write_text(f"[workers.a]\n{option} = {reference.toml(example)}\n")
    assert load_fleet(tmp_path / ".env", {})


def test_the_configuration_reference_is_up_to_date() -> None:
    assert reference.OUTPUT.read_text(encoding="utf-8") == reference.render(), (
        "docs/configuration.md is stale: run python -m settings.reference"
    )


@pytest.mark.parametrize(
    "variable", [str(field.alias) for field in Settings.model_fields.values() if field.alias]
)
def test_a_documented_example_is_valid(tmp_path: Path, variable: str) -> None:
    field = next(f for f in Settings.model_fields.values() if f.alias == variable)
    lines = {
        "AWS_ACCOUNT_ID": "AWS_ACCOUNT_ID=123456789012",
        "AWS_REGION": "AWS_REGION=us-east-1",
        variable: f"{variable}={(field.examples or [''])[0]}",
        "needs": NEEDS.get(variable, ""),
    }
    path = tmp_path / ".env"
    path.write_text("\n".join(lines.values()), encoding="utf-8")
    assert load_settings(path, {}).warnings == ()
