"""Each sample pairs network, topic, token and model that fit, so that its worker can earn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from containers.model_server.model_server import settings as own_model
from containers.model_server.model_server.horizon import parse_horizon
from containers.worker.allora_worker.topic_facts import Kind, known_topics
from settings import Settings, load_settings
from settings.example_model import EXAMPLE_COMMAND, is_example
from tests.conftest import sample_fleet

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "samples").glob("*.env"))


TOPICS = known_topics().topics
"""By network and id."""

NAMES_OF_KINDS = {
    Kind.LOG_RETURN: "Log.Return",
    Kind.VOLATILITY: "Volatility",
    Kind.CLASSIFICATION: "Classification",
}


def misfits(settings: Settings) -> list[str]:
    """Return what keeps a worker with these settings from earning, as far as files can tell."""
    found = []
    for topic_id in settings.topic_ids:
        topic = TOPICS[settings.allora_network].get(topic_id)
        if topic is None:
            found.append(f"topic {topic_id} is not in the copy")
            continue
        if topic.kind is not Kind.PRICE and not settings.runs_own_model:
            found.append(f"topic {topic_id} is about a {topic.kind}")
        if settings.tokens[topic_id] != topic.token:
            found.append(f"topic {topic_id} is about {topic.token}")
        horizon = model_horizon(settings, topic_id)
        if horizon and horizon != parse_horizon(topic.horizon):
            found.append(f"topic {topic_id} looks {topic.horizon} ahead")
    if is_example(settings.model_repo):
        if EXAMPLE_COMMAND not in (settings.model_command or ""):
            found.append("the example does not start")
        if settings.model_env["TOKEN"] not in settings.tokens.values():
            found.append("the example knows another token")
    return found


def model_horizon(settings: Settings, topic_id: int) -> float | None:
    """Return how far ahead the model looks, in seconds; None for one that nobody knows."""
    if settings.runs_own_model:
        own = own_model.read_settings(settings.model_env)
        return own.topic_horizons.get(topic_id)
    if is_example(settings.model_repo):
        return parse_horizon(settings.model_env["TIMEFRAME"])
    return None


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_fits_its_topics(sample: Path) -> None:
    assert misfits(load_settings(sample, {})) == []


def test_the_workers_of_the_sample_fleet_fit_their_topics() -> None:
    assert {worker.name: misfits(worker.settings) for worker in sample_fleet().workers} == {
        "btc-day": [], "eth-5min": [], "sol-8h": [],
    }  # fmt: skip


@pytest.mark.parametrize("network", TOPICS)
def test_what_a_topic_is_about_is_that_of_its_name(network: str) -> None:
    for topic in TOPICS[network].values():
        assert topic.token in topic.name
        assert topic.horizon.rstrip("minhd") in topic.name
        for kind, words in NAMES_OF_KINDS.items():
            assert bool(re.search(words, topic.name)) == (topic.kind is kind), topic


@pytest.mark.parametrize(
    ("sample", "line", "misfit"),
    [
        ("mainnet", "ALLORA_WORKER_TOPIC_ID=1", "log-return"),
        ("mainnet", "ALLORA_WORKER_TOKEN=BTC", "is about ETH"),
        ("mainnet", "ALLORA_WORKER_TOPIC_ID=69", "not in the copy"),
        ("testnet", "ALLORA_WORKER_TOKEN=ETH", "is about BTC"),
        ("testnet", "MODEL_ENV_VARS='TOPIC_HORIZONS=69=5min'", "looks 1d ahead"),
        ("blueprint", "ALLORA_WORKER_TOPIC_ID=1", "looks 10min ahead"),
        ("blueprint", "MODEL_COMMAND=", "does not start"),
        ("own-model", "ALLORA_WORKER_TOKEN=ETH", "knows another token"),
    ],
)
def test_a_misfit_would_be_found(tmp_path: Path, sample: str, line: str, misfit: str) -> None:
    variable = line.partition("=")[0]
    kept = (ROOT / f"samples/{sample}.env").read_text("utf-8").splitlines()
    lines = [each for each in kept if not each.startswith(f"{variable}=")]
    path = tmp_path / ".env"
    path.write_text("\n".join([*lines, line]), "utf-8")
    assert misfit in " ".join(misfits(load_settings(path, {})))


EXAMPLE = "MODEL_REPO=https://github.com/allora-network/basic-coin-prediction-node\nMODEL_REF=v1\n"


@pytest.mark.parametrize(
    ("lines", "warned"),
    [
        (EXAMPLE, "MODEL_REPO .line 3.: the Dockerfile .* starts nothing"),
        (
            f"{EXAMPLE}MODEL_COMMAND=python -u /app/app.py\nMODEL_ENV_VARS='TOKEN=\"ETH\"'\n",
            "MODEL_ENV_VARS .line 6.: the model answers to ETH alone, .* about BTC",
        ),
        (
            "ALLORA_WORKER_TOKEN=ethereum",
            "ALLORA_WORKER_TOKEN .line 3.: ethereum is a coin's name.*\n.*ALLORA_WORKER_TOKEN=ETH",
        ),
    ],
)
def test_settings_that_cannot_earn_cause_a_warning(tmp_path: Path, lines: str, warned: str) -> None:
    path = tmp_path / ".env"
    path.write_text(f"AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n{lines}", "utf-8")
    (warning,) = load_settings(path, {}).warnings
    assert re.match(warned, warning)
