from __future__ import annotations

from pathlib import Path

import pytest
from allora_worker.contract import Role
from allora_worker.errors import CannotStartError
from allora_worker.settings import FeeLimits, Settings, load_settings

MINIMAL = {
    "ALLORA_NETWORK": "testnet",
    "ALLORA_WORKER_TOPIC_ID": "69",
    "ALLORA_WORKER_TOKEN": "BTC",
}


def load(**changes: str) -> Settings:
    return load_settings(MINIMAL | changes)


def test_what_is_not_set_has_a_default() -> None:
    settings = load(ALLORA_GRPC_URL="", ALLORA_WORKER_ROLE=" ")
    assert settings == Settings(
        network="testnet",
        worker_name="allora-worker",
        role=Role.INFERER,
        topic_ids=(69,),
        token="BTC",
        inference_endpoint="http://model:8000/inference/{Token}",
        forecast_endpoint=(
            "http://model:8000/forecast/{Token}?topic_id={TopicId}&block_height={BlockHeight}"
        ),
        ground_truth_endpoint=(
            "http://model:8000/ground-truth/{Token}?topic_id={TopicId}&block_height={BlockHeight}"
        ),
        grpc_urls=(),
        websocket_urls=(),
        boot_nodes="",
        secrets_dir=Path("/run/secrets"),
        state_dir=Path("/var/lib/allora"),
        fee_limits=FeeLimits(a_transaction=10**16, a_day=10**18),
    )


def test_without_a_token_each_topic_has_its_own() -> None:
    assert load(ALLORA_WORKER_TOKEN=" ").token is None


def test_metrics_of_a_fleet_have_its_name_too() -> None:
    assert load(ALLORA_WORKER_NAME="a").labels == {"WorkerName": "a"}
    of_fleet = load(ALLORA_WORKER_NAME="a", ALLORA_FLEET="shop-fleet")
    assert of_fleet.labels == {"WorkerName": "a", "Fleet": "shop-fleet"}
    with pytest.raises(CannotStartError, match=r"ALLORA_FLEET is 'a b', which is not a name"):
        load(ALLORA_FLEET="a b")


def test_several_topics_are_separated_by_commas() -> None:
    assert load(ALLORA_WORKER_TOPIC_ID="69, 77").topic_ids == (69, 77)


@pytest.mark.parametrize(
    ("role", "path"),
    [("inferer", "/inference/"), ("forecaster", "/forecast/"), ("reputer", "/ground-truth/")],
)
def test_the_role_decides_what_the_model_server_is_asked(role: str, path: str) -> None:
    assert path in load(ALLORA_WORKER_ROLE=role).model_endpoint


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("ALLORA_NETWORK", "", "testnet, mainnet, local"),
        ("ALLORA_NETWORK", "devnet", "testnet, mainnet, local"),
        ("ALLORA_WORKER_ROLE", "validator", "inferer, forecaster, reputer"),
        ("ALLORA_WORKER_TOPIC_ID", "", "TOPIC_ID=69"),
        ("ALLORA_WORKER_TOPIC_ID", "BTC", "TOPIC_ID=69"),
        ("ALLORA_WORKER_TOPIC_ID", "0", "TOPIC_ID=69"),
        ("ALLORA_WORKER_TOPIC_ID", "69,", "TOPIC_ID=69"),
        ("ALLORA_WORKER_TOPIC_ID", "69,69", "once"),
        ("ALLORA_WORKER_TOPIC_ID", "069,69", "once"),
        ("ALLORA_WORKER_NAME", "a/b", "my-worker"),
        ("ALLORA_WORKER_TOKEN", "BTC/USD", "TOKEN=BTC"),
        ("ALLORA_WORKER_TOKEN", "..", "TOKEN=BTC"),
        ("ALLORA_GRPC_URL", "https://host:443", "grpc+https://"),
        ("ALLORA_GRPC_URL", "grpc+https://", "grpc+https://"),
        ("ALLORA_GRPC_URL", "grpc+https://host:port", "grpc+https://"),
        ("ALLORA_WEBSOCKET_URL", "https://host/websocket", "wss://"),
        ("ALLORA_WORKER_INFERENCE_ENDPOINT", "model:8000", "http://"),
        ("ALLORA_WORKER_INFERENCE_ENDPOINT", "http://model/{token}", "{BlockHeight}"),
        ("ALLORA_WORKER_INFERENCE_ENDPOINT", "http://model/{Token", "{BlockHeight}"),
        ("ALLORA_MAX_FEE", "0", "above 0"),
        ("ALLORA_MAX_FEE", "0.000", "above 0"),
        ("ALLORA_MAX_FEE", "-1", "as in 0.5"),
        ("ALLORA_MAX_FEE", "1e-3", "as in 0.5"),
        ("ALLORA_MAX_FEE", "0,01", "as in 0.5"),
        ("ALLORA_MAX_FEE", "inf", "as in 0.5"),
        ("ALLORA_MAX_DAILY_FEES", "0.0000000000000000001", "18 digits"),
    ],
)
def test_an_error_names_variable_value_and_remedy(name: str, value: str, remedy: str) -> None:
    with pytest.raises(CannotStartError) as caught:
        load(**{name: value})
    message = str(caught.value)
    assert message.startswith(f"{name} is ")
    assert repr(value) in message if value else "is not set" in message
    assert remedy in message.split("; ", 1)[1]
    assert "\n" not in message
    assert caught.value.exit_code == 78


def test_a_local_chain_has_no_endpoints_of_its_own() -> None:
    with pytest.raises(CannotStartError, match="ALLORA_WEBSOCKET_URL is not set"):
        load(ALLORA_NETWORK="local", ALLORA_GRPC_URL="grpc+http://fake:9090")


def test_the_limits_of_fees_are_exact() -> None:
    limits = load(
        ALLORA_MAX_FEE="0.000000000000000001", ALLORA_MAX_DAILY_FEES="999999999.999999999999999999"
    ).fee_limits
    assert limits == FeeLimits(a_transaction=1, a_day=10**27 - 1)


def test_a_day_s_fees_are_no_less_than_one_transaction_s() -> None:
    with pytest.raises(CannotStartError) as caught:
        load(ALLORA_MAX_FEE="2")
    assert "ALLORA_MAX_DAILY_FEES is '1', which is less than ALLORA_MAX_FEE (2)" in str(
        caught.value
    )
    assert load(ALLORA_MAX_FEE="2", ALLORA_MAX_DAILY_FEES="2").fee_limits.a_day == 2 * 10**18
