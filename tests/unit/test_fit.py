"""Whether a model serves what a topic asks for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Verdict
from allora_cli.doctor.model_fit import check_model_fit
from containers.worker.allora_worker.topic_facts import Facts, Kind
from settings import Settings, SettingsError
from settings.example_model import EXAMPLE_COMMAND, EXAMPLE_REPO
from settings.fit import misfit

MakeSettings = Callable[..., Settings]
EXAMPLE = {"MODEL_REPO": EXAMPLE_REPO, "MODEL_REF": "v1", "MODEL_COMMAND": EXAMPLE_COMMAND}
EXAMPLE_BTC = EXAMPLE | {"MODEL_ENV_VARS": "TOKEN=BTC\nTIMEFRAME=1d"}
UNTOLD = {"ALLORA_WORKER_INFERENCE_ENDPOINT": "http://model:8000/inference/{Token}"}
ELSEWHERE = {"ALLORA_WORKER_INFERENCE_ENDPOINT": "https://example.com/{Token}"}
IMAGE = {"MODEL_IMAGE": "ghcr.io/you/model:1"}

BTC_PRICE = Facts(Kind.PRICE, "BTC", "1d")
ETH_PRICE = Facts(Kind.PRICE, "ETH", "8h")
LOG_RETURN = Facts(Kind.LOG_RETURN, "BTC", "1d")
VOLATILITY = Facts(Kind.VOLATILITY, "BTC", "15min")


@pytest.mark.parametrize(
    ("variables", "facts", "message", "remedy"),
    [
        ({}, BTC_PRICE, None, None),
        ({}, ETH_PRICE, None, None),
        ({}, LOG_RETURN, None, None),
        ({}, VOLATILITY, None, None),
        ({}, Facts(Kind.VOLATILITY, "BTC", "7d"), "own model does not forecast", "MODEL_"),
        ({}, Facts(Kind.CLASSIFICATION, "WTI", "1d"), "a classification of WTI over 1d", "MODEL_"),
        ({"ALLORA_WORKER_TOKEN": "BTC"}, ETH_PRICE, "is asked about BTC", "remove ALLORA_WORKER_"),
        ({"ALLORA_WORKER_TOKEN": "eth"}, ETH_PRICE, None, None),
        (
            {"MODEL_ENV_VARS": "TOPIC_HORIZONS=69=5min"},
            BTC_PRICE,
            "looks 300 s ahead",
            "TOPIC_HORIZONS in MODEL_ENV_VARS: 69=1d",
        ),
        ({"MODEL_ENV_VARS": "TOPIC_HORIZONS=70=5min"}, BTC_PRICE, None, None),
        (UNTOLD, BTC_PRICE, None, None),
        (UNTOLD, ETH_PRICE, "looks 86,400 s ahead", "the default tells the topic"),
        (UNTOLD, LOG_RETURN, "the model is not told so", "the default tells the topic"),
        (ELSEWHERE, ETH_PRICE, None, None),
        (ELSEWHERE, Facts(Kind.CLASSIFICATION, "WTI", "1d"), None, None),
        (EXAMPLE_BTC, BTC_PRICE, None, None),
        (EXAMPLE_BTC, LOG_RETURN, "answers with a price", "take another topic"),
        (EXAMPLE_BTC, ETH_PRICE, "knows BTC alone", 'TOKEN="ETH"'),
        (EXAMPLE_BTC, Facts(Kind.PRICE, "BTC", "8h"), "looks 86,400 s ahead", 'TIMEFRAME="8h"'),
        (IMAGE, LOG_RETURN, None, None),
        (IMAGE | {"ALLORA_WORKER_TOKEN": "x"}, Facts(Kind.CLASSIFICATION, "A", "1d"), None, None),
    ],
)
def test_what_a_model_serves(
    make_settings: MakeSettings,
    variables: dict[str, str],
    facts: Facts,
    message: str | None,
    remedy: str | None,
) -> None:
    found = misfit(vars(make_settings(**variables)), 69, facts)
    if message is None or remedy is None:
        assert found is None
    else:
        assert found is not None
        assert message in found.message
        assert remedy in found.remedy


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ALLORA_WORKER_TOPIC_ID": "69,87"}, "includes topic 87; it asks for a classif"),
        ({"ALLORA_WORKER_TOPIC_ID": "61", **EXAMPLE}, "includes topic 61; it asks for the log "),
    ],
)
def test_what_is_certain_is_refused_before_a_deployment(
    make_settings: MakeSettings, variables: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        make_settings(**variables)
    assert said in str(caught.value)
    assert "set MODEL_FORGE, MODEL_REPO or MODEL_IMAGE" in str(caught.value)
    assert make_settings(**(variables | IMAGE | {"MODEL_REPO": "", "MODEL_REF": ""})).topic_ids
    assert make_settings(**(variables | ELSEWHERE)).topic_ids


@pytest.mark.parametrize(
    ("variables", "warned"),
    [
        ({"ALLORA_WORKER_TOPIC_ID": "41,42"}, []),
        (
            {"ALLORA_WORKER_TOPIC_ID": "41,42", "ALLORA_WORKER_TOKEN": "BTC"},
            ["topic 41 asks for the price of ETH in 8h, and the model is asked about BTC"],
        ),
        ({"ALLORA_WORKER_TOPIC_ID": "41,42", "ALLORA_WORKER_TOKEN": "BTC", **IMAGE}, []),
        ({"ALLORA_WORKER_TOPIC_ID": "4711", "ALLORA_WORKER_TOKEN": "ETH"}, []),
        (
            {"ALLORA_WORKER_TOPIC_ID": "42", "MODEL_ENV_VARS": "TOPIC_HORIZONS=42=5min"},
            ["topic 42 asks for the price of BTC in 8h, and the model looks 300 s ahead"],
        ),
    ],
)
def test_what_is_doubtful_is_warned_of(
    make_settings: MakeSettings, variables: dict[str, str], warned: list[str]
) -> None:
    found = [each for each in make_settings(**variables).warnings if "topic" in each]
    assert len(found) == len(warned)
    for message, warning in zip(warned, found, strict=True):
        assert message in warning


def test_each_topic_has_its_own_coin_unless_a_token_is_set(make_settings: MakeSettings) -> None:
    assert make_settings(ALLORA_WORKER_TOPIC_ID="41,42").tokens == {41: "ETH", 42: "BTC"}
    assert make_settings(ALLORA_WORKER_TOPIC_ID="4711").tokens == {4711: "BTC"}
    both = make_settings(ALLORA_WORKER_TOPIC_ID="41,42", ALLORA_WORKER_TOKEN="SOL", **IMAGE)
    assert both.tokens == {41: "SOL", 42: "SOL"}


RETURNS = "1 day BTC/USD Log-Return Prediction"
CLASSES = "24 hour WTI/USD (Hyperliquid) Triple-Barrier Classification"


@pytest.mark.parametrize(
    ("variables", "name", "verdict", "detail"),
    [
        ({}, None, Verdict.OK, "69 asks for the price of BTC in 1d"),
        ({}, RETURNS, Verdict.OK, "69 asks for the log return of BTC over 1d"),
        ({}, CLASSES, Verdict.FAIL, "topic 69 asks for a classification of WTI"),
        (EXAMPLE_BTC, RETURNS, Verdict.FAIL, "and this model answers with a price"),
        (IMAGE, RETURNS, Verdict.OK, "your model has to answer that"),
        ({"ALLORA_WORKER_TOKEN": "ETH"}, None, Verdict.FAIL, "the model is asked about ETH"),
        ({"MODEL_ENV_VARS": "TOPIC_HORIZONS=69=8h"}, None, Verdict.WARNING, "looks 28,800 s"),
        ({"ALLORA_WORKER_TOPIC_ID": "4711"}, "Weather", Verdict.WARNING, "is not known here"),
        (
            {"ALLORA_WORKER_ROLE": "forecaster", **IMAGE},
            RETURNS,
            Verdict.OK,
            "not compared: a forecaster submits losses",
        ),
        ({"ALLORA_WORKER_ROLE": "forecaster"}, None, Verdict.FAIL, "own model does not predict"),
        ({"ALLORA_WORKER_ROLE": "reputer"}, None, Verdict.OK, "69 asks for the price of BTC"),
        ({"ALLORA_WORKER_ROLE": "reputer"}, RETURNS, Verdict.FAIL, "the truth of prices alone"),
    ],
)
def test_doctor_compares_the_topics_with_the_model(
    make_settings: MakeSettings,
    variables: dict[str, str],
    name: str | None,
    verdict: Verdict,
    detail: str,
) -> None:
    settings = make_settings(**variables)
    names = {settings.topic_ids[0]: name} if name else {}
    finding = check_model_fit(CheckContext(known_settings=settings, topic_names=names))
    assert finding.verdict is verdict
    assert detail in finding.detail
    assert bool(finding.remedy) == (verdict is not Verdict.OK)
