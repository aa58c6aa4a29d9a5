"""What the network's answers mean for the worker: its verdict, and what it paid."""

from __future__ import annotations

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from allora_sdk.rpc_client.protos.emissions import v3, v10
from allora_worker import verdict_answers as answers
from allora_worker.contract import Role
from allora_worker.event_names import Earning
from allora_worker.rewards import Payment, Payments, read_payment
from allora_worker.verdict import Admission, Losses, Settlement, Standing, Verdict, decide

OWN, OTHER = "allo1own", "allo1other"
ACTIVE = Standing(is_topic_active=True, is_whitelisted=True)
INACTIVE = Standing(is_topic_active=False, is_whitelisted=True)
NOT_LISTED = Standing(is_topic_active=True, is_whitelisted=False)


def standing(score: str | None, scored_nonce: int = 0) -> Standing:
    return Standing(
        is_topic_active=True,
        is_whitelisted=True,
        score=None if score is None else Decimal(score),
        scored_nonce=scored_nonce,
    )


def outside(threshold: str | None = None) -> Admission:
    lowest = None if threshold is None else Decimal(threshold)
    return Admission(100, is_admitted=False, threshold=lowest)


ADMITTED = Admission(100, is_admitted=True)
REWARDED = Settlement(60, reward_fraction=Decimal("0.1"))


# --- the verdict


@pytest.mark.parametrize(
    ("facts", "state", "nonce"),
    [
        ((ACTIVE, None, None), Earning.UNKNOWN, None),
        ((ACTIVE, ADMITTED, None), Earning.UNKNOWN, 100),
        ((ACTIVE, ADMITTED, REWARDED), Earning.EARNING, 60),
        ((ACTIVE, None, REWARDED), Earning.EARNING, 60),
        ((ACTIVE, ADMITTED, Settlement(60)), Earning.UNKNOWN, 60),
        ((ACTIVE, ADMITTED, Settlement(60, reward_fraction=Decimal(0))), Earning.NO_REWARD, 60),
        # The exact reward is better than the share, which the network smooths.
        (
            (
                ACTIVE,
                ADMITTED,
                Settlement(60, reward_fraction=Decimal(1), reward_allo=Decimal(0)),
            ),
            Earning.NO_REWARD,
            60,
        ),
        (
            (
                ACTIVE,
                ADMITTED,
                Settlement(60, reward_fraction=Decimal(0), reward_allo=Decimal(1)),
            ),
            Earning.EARNING,
            60,
        ),
        # Not admitted, whatever an older nonce earned.
        ((standing("0.12"), outside("0.31"), REWARDED), Earning.NOT_IN_ACTIVE_SET, 100),
        ((standing("0.31"), outside("0.31"), None), Earning.NOT_IN_ACTIVE_SET, 100),
        ((standing("0.4"), outside("0.31"), REWARDED), Earning.NOT_ADMITTED, 100),
        ((standing("0.12"), outside(), None), Earning.NOT_ADMITTED, 100),
        ((standing(None), outside("0.31"), None), Earning.NOT_ADMITTED, 100),
        # The network remembers the nonce of a worker whom it leaves out.
        ((standing("0.4", 100), outside("0.31"), None), Earning.NOT_IN_ACTIVE_SET, 100),
        ((INACTIVE, ADMITTED, REWARDED), Earning.TOPIC_INACTIVE, None),
        ((NOT_LISTED, ADMITTED, REWARDED), Earning.NOT_WHITELISTED, None),
        ((INACTIVE, outside(), None), Earning.TOPIC_INACTIVE, None),
    ],
)
def test_the_facts_lead_to_a_state(facts: Any, state: Earning, nonce: int | None) -> None:
    decision = decide(*facts)
    assert (decision.state, decision.nonce) == (state, nonce)
    assert (decision.reason is None) == (state is Earning.EARNING)


def test_a_low_score_is_told_with_the_lowest_of_the_active_set() -> None:
    decision = decide(standing("0.1234567"), outside("0.3141592"), None)
    assert decision.reason == (
        "the submission for nonce 100 was accepted, but is not in the active set (0.123; its "
        "lowest score is 0.314)"
    )


def test_a_verdict_is_reported_with_all_its_digits() -> None:
    tiny = Decimal("0.0000000123456789012345678901234567")
    verdict = Verdict(
        state=Earning.EARNING,
        reason=None,
        nonce=60,
        standing=standing("1E-9"),
        admission=Admission(100, is_admitted=True, value=Decimal(7), network_value=tiny),
        settlement=Settlement(60, rank=3, ranked=32, losses=Losses(own=Decimal("-4.5"))),
    )
    report = verdict.report()
    assert json.loads(json.dumps(report)) == report
    assert report["score"] == "0.000000001"
    assert report["network_value"] == "0.0000000123456789012345678901234567"
    assert (report["is_admitted"], report["closed_nonce"], report["settled_nonce"]) == (
        True,
        100,
        60,
    )
    assert (report["rank"], report["ranked"], report["loss"]) == (3, 32, "-4.5")
    assert report["naive_loss"] is report["reward_allo"] is report["judged_at"] is None


# --- the answers


@pytest.mark.parametrize(
    "text", ["", "NaN", "-Infinity", "sNaN", "1e400", "1e-400", "0x1", "1_0" * 100, "9" * 300]
)
def test_no_nonsense_is_a_figure(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|figure"):
        answers.read_decimal(text)


@pytest.mark.parametrize(
    ("text", "number"), [("0E-200", "0"), ("-1.5e-30", "-1.5e-30"), ("-0", "0")]
)
def test_small_figures_are_figures(text: str, number: str) -> None:
    assert answers.read_decimal(text) == Decimal(number)
    assert len(f"{answers.read_decimal(text):f}") < 40


def score(address: str, text: str, nonce: int = 60) -> v3.Score:
    return v3.Score(topic_id=69, block_height=nonce, address=address, score=text)


def test_nobody_has_a_score_before_the_first() -> None:
    assert answers.read_score(v10.GetInfererScoreEmaResponse()) is None
    none = v10.GetInfererScoreEmaResponse(score=score(OWN, "0", nonce=0))
    assert answers.read_score(none) is None
    one = v10.GetInfererScoreEmaResponse(score=score(OWN, "0.5"))
    assert answers.read_score(one) == (Decimal("0.5"), 60)


def test_a_topic_that_is_not_full_has_no_threshold() -> None:
    assert answers.read_threshold(v10.GetCurrentLowestInfererScoreResponse()) is None
    full = v10.GetCurrentLowestInfererScoreResponse(score=score(OTHER, "0.31"))
    assert answers.read_threshold(full) == Decimal("0.31")


def test_a_neighbours_score_that_is_no_number_is_none() -> None:
    scores = v3.Scores(scores=[score(OWN, "0.5"), score(OTHER, "NaN")])
    answer = v10.GetWorkerInferenceScoresAtBlockResponse(scores=scores)
    assert answers.read_scores(answer) == {OWN: Decimal("0.5"), OTHER: None}
    assert answers.read_scores(v10.GetWorkerInferenceScoresAtBlockResponse()) == {}


def test_losses_are_known_once_a_nonce_is_scored() -> None:
    unscored = v3.ValueBundle(combined_value="0", naive_value="0")
    answer = v10.GetNetworkLossBundleAtBlockResponse(loss_bundle=unscored)
    assert answers.read_losses(answer, OWN) == Losses()
    scored = v3.ValueBundle(
        combined_value="-4",
        naive_value="NaN",
        inferer_values=[v3.WorkerAttributedValue(worker=OWN, value="-3.5")],
    )
    answer = v10.GetNetworkLossBundleAtBlockResponse(loss_bundle=scored)
    assert answers.read_losses(answer, OWN) == Losses(Decimal("-3.5"), Decimal(-4), None)
    assert answers.read_losses(answer, OTHER) == Losses(None, Decimal(-4), None)


def test_an_inference_with_several_labels_is_no_number() -> None:
    inferences = [
        SimpleNamespace(inferer=OWN, values=["0.2", "0.8"]),
        SimpleNamespace(inferer=OTHER, values=["1.5"]),
    ]
    answer = SimpleNamespace(inferences=SimpleNamespace(inferences=inferences))
    assert answers.read_inferences(answer) == {OWN: None, OTHER: Decimal("1.5")}


# --- rewards


def paid(**changes: object) -> dict[str, str]:
    """The attributes of a typed event, which are JSON."""
    event = {
        "actor_type": "ACTOR_TYPE_INFERER_UNSPECIFIED",
        "topic_id": "69",
        "block_height": "60",
        "addresses": [OTHER, OWN],
        "rewards": ["1000000000000000000.9", "1500000000000000000.7"],
        "block_height_tx": "190",
    } | changes
    return {name: json.dumps(value) for name, value in event.items()}


def test_a_payment_is_in_whole_uallo() -> None:
    payment = read_payment(paid(), Role.INFERER, OWN)
    assert payment == Payment(69, 60, Decimal("1.5"))


def test_who_is_not_paid_gets_nothing() -> None:
    payment = read_payment(paid(), Role.INFERER, "allo1third")
    assert payment == Payment(69, 60, Decimal(0))


def test_another_roles_event_says_nothing() -> None:
    assert read_payment(paid(), Role.REPUTER, OWN) is None


def test_a_reputer_that_delegates_to_itself_is_paid_twice() -> None:
    event = paid(actor_type="ACTOR_TYPE_REPUTER", addresses=[OWN, OWN])
    payment = read_payment(event, Role.REPUTER, OWN)
    assert payment is not None
    assert payment.allo == Decimal("2.5")


@pytest.mark.parametrize(
    "changes",
    [
        {"rewards": ["1"]},
        {"rewards": ["1", "NaN"]},
        {"rewards": ["1", "1e999"]},
        {"rewards": ["1", "-1"]},
        {"block_height": "soon"},
        {"addresses": 7},
    ],
    ids=str,
)
def test_a_nonsensical_event_is_an_error(changes: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        read_payment(paid(**changes), Role.INFERER, OWN)


def test_each_nonce_is_paid_once() -> None:
    payments = Payments()
    assert payments.add(Payment(69, 60, Decimal(1)))
    assert not payments.add(Payment(69, 60, Decimal(1)))
    assert payments.of(60) == 1
    assert payments.of(61) is None
    for nonce in range(100, 2000):
        payments.add(Payment(69, nonce, Decimal(1)))
    assert payments.of(60) is None  # memory is bounded


@pytest.mark.parametrize(
    ("rewards", "until", "rate"),
    [
        ({}, 0, None),
        ({100: "0"}, 100, None),
        ({100: "2"}, 0, "1728"),  # one epoch of 20 blocks: 864 in a day
        ({100: "2", 120: "1"}, 120, "1296"),
        ({60: "0", 100: "2", 120: "0"}, 120, "864"),  # since the first payment
        ({100: "2"}, 180, "345.6"),  # four nonces without one
        ({100: "2", 100_000: "2"}, 100_000, "1728"),  # more than a day ago
    ],
)
def test_rewards_are_told_by_the_day(rewards: dict[int, str], until: int, rate: str | None) -> None:
    payments = Payments()
    for nonce, allo in rewards.items():
        payments.add(Payment(69, nonce, Decimal(allo)))
    expected = None if rate is None else Decimal(rate)
    assert payments.allo_a_day(until, epoch_blocks=20, block_seconds=5.0) == expected
