"""What the settings accept, worker and model server accept, and understand alike."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from containers.model_server.model_server.settings import (
    DEFAULT_PORT,
)
from containers.model_server.model_server.settings import (
    read_settings as model_settings,
)
from containers.worker.allora_worker import contract
from containers.worker.allora_worker.money import UALLO
from containers.worker.allora_worker.settings import load_settings as worker_settings
from settings import Settings, SettingsError
from user_data.compose import compose_settings

MakeSettings = Callable[..., Settings]

VALUES = {
    "ALLORA_NETWORK": ["testnet", "TESTNET", " testnet", "mainnet", "local", "devnet"],
    "ALLORA_WORKER_NAME": ["a", "a" * 32, "a" * 33, "A.b_c-d", ".a", "a/b"],
    "ALLORA_WORKER_ROLE": ["inferer", "Forecaster", "REPUTER", "validator"],
    "ALLORA_WORKER_TOPIC_ID": [
        "69", "1,2", "1, 2", " 69 ", "01", "01,1", "1,1", "0", "00", "-1", "1.0", "1_0", "1,", ",",
        "9" * 18, "9" * 19, str(2**64 - 1), str(2**64), "0" * 30 + "1", "\u0661", "BTC",
    ],
    "ALLORA_WORKER_TOKEN": [
        "BTC", "btc", "A" * 10, "A" * 11, "A" * 64, "A" * 65, "BTC-USD", "BTC.4h", "a_b", ".", "..",
        "...", "a/b", "\u00df",
    ],
    "ALLORA_WORKER_INFERENCE_ENDPOINT": [
        "http://model:8000/inference/{Token}", "https://x.example/{TopicId}/{BlockHeight}",
        "http://x/{token}", "http://x/{Token", "http://x/Token}", "http://{Token}/x", "x", "ftp://x",
        "http://", "http://x:0", "http://x:99999", "http://x:port", "http://[::1]/x", "http://[x",
        "http://x/a b", "http://x/$(id)", "http://x/'", "http://x#a", "http://\u00e9",
    ],
    "ALLORA_GRPC_URL": [
        "grpc+https://x:443", "grpc+http://x:9090", "grpc+https://x/", "grpc+https://x/p",
        "grpc+https://x?a", "https://x", "grpc+https://", "grpc+https://x:y",
        "grpc+https://x,grpc+https://y:9090", "grpc+https://x, grpc+https://x", "grpc+https://x,",
    ],
    "ALLORA_WEBSOCKET_URL": [
        "wss://x/websocket", "ws://x", "https://x", "wss://", "wss://x:0/", "wss://x/w, ws://y",
    ],
    "ALLORA_MAX_FEE": ["0.01", "1", "1.01", "0", "0.0", "1e-3", ".5", "5.", "-1"],
    "ALLORA_MAX_DAILY_FEES": [
        "1", "0.01", "0.001", "0", "999999999.999999999999999999", "1" * 10, "0." + "1" * 19,
    ],
    "MODEL_GUARD": ["warn", "hold", "off", "HOLD", "on", "false"],
    "MODEL_PORT": ["1", "80", "8080", "65535", "65536", "0", "08080"],
    "MODEL_ENV_VARS": [
        "TOKEN=ETH", "TOKEN=eth", "TOKEN=BTC/USD", "HORIZON=8h", "HORIZON=soon", "HORIZON=31d",
        "TOPIC_HORIZONS=69=1d", "TOPIC_HORIZONS=x=1h", "PRICE_SOURCES=kraken", "PRICE_SOURCES=mine",
        "PORT=8000", "PORT=8001", "PORT=http", "PORT=", "OTHER=whatever",
    ],
}  # fmt: skip
"""Values by variable: right ones, wrong ones, and what one rule could take and another not."""


def changed(value: str) -> Iterator[str]:
    """The value, and some that differ in a few characters."""
    yield value
    for _ in range(6):
        characters = list(value)
        for _ in range(random.randint(1, 2)):
            at = random.randint(0, len(characters))
            characters[at : at + random.randint(0, 1)] = random.choice("019aZ.,-_/ :{}=\u0661")
        yield "".join(characters)


@pytest.mark.parametrize("variable", VALUES)
def test_what_is_accepted_here_is_accepted_there(
    make_settings: MakeSettings, variable: str
) -> None:
    accepted = 0
    for value in (text for given in VALUES[variable] for text in changed(given)):
        try:
            settings = make_settings(**{"ALLORA_WORKER_TOPIC_ID": "1", variable: value})
        except SettingsError:
            continue
        accepted += 1
        services = json.loads(json.dumps(compose_settings(settings)))["services"]
        environments = [
            {name: text.replace("$$", "$") for name, text in services[part]["environment"].items()}
            for part in ("worker", "model")
        ]
        worker = worker_settings(environments[0])
        assert worker.topic_ids == settings.topic_ids
        assert worker.token == settings.worker_token
        assert worker.role == settings.worker_role
        assert worker.network == settings.allora_network
        assert worker.worker_name == settings.worker_name
        assert worker.fee_limits.a_transaction == settings.max_fee * UALLO
        assert worker.fee_limits.a_day == settings.max_daily_fees * UALLO
        assert worker.guard == settings.model_guard
        assert worker.inference_endpoint == settings.inference_endpoint
        assert worker.grpc_urls == settings.grpc_urls
        assert worker.websocket_urls == settings.websocket_urls
        assert model_settings(environments[1]).port == settings.model_port
    assert accepted


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ALLORA_WORKER_TOKEN": "BTC.4h"}, "ALLORA_WORKER_TOKEN: 'BTC.4h' is nothing that"),
        ({"MODEL_ENV_VARS": "HORIZON=soon"}, "MODEL_ENV_VARS: has a value for HORIZON"),
        ({"MODEL_ENV_VARS": "PORT=81"}, "MODEL_ENV_VARS: sets PORT to another port"),
    ],
)
def test_the_projects_own_model_is_asked_what_it_takes(
    make_settings: MakeSettings, variables: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        make_settings(**variables)
    assert said in str(caught.value).replace(" (environment)", "")
    settings = make_settings(**variables, MODEL_IMAGE="ghcr.io/you/model:1")  # it may take all
    assert settings.model_image


def test_defaults_are_the_same_on_both_sides(make_settings: MakeSettings) -> None:
    settings = make_settings()
    worker = worker_settings(
        {"ALLORA_NETWORK": "testnet", "ALLORA_WORKER_TOPIC_ID": "69", "ALLORA_WORKER_TOKEN": "BTC"}
    )
    assert settings.max_fee * UALLO == worker.fee_limits.a_transaction
    assert settings.max_daily_fees * UALLO == worker.fee_limits.a_day
    assert settings.forecast_endpoint == worker.forecast_endpoint
    assert settings.ground_truth_endpoint == worker.ground_truth_endpoint
    assert settings.model_guard == worker.guard
    assert settings.model_port == DEFAULT_PORT == model_settings({}).port
    assert settings.max_fee == Decimal(contract.DEFAULT_MAX_FEE)
