"""What doctor makes of a submission that no worker here can have sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from allora_cli.doctor import one_wallet
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Verdict
from settings import load_settings
from tests.http_server import json_by_path

ADDRESS = "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv"
LATEST = "/cosmos/base/tendermint/v1beta1/blocks/latest"
SCORE = f"/emissions/v10/inferer_score_ema/69/{ADDRESS}"


Answers = dict[str, Any]
"""Of the chain, by path."""


@pytest.fixture
def answers() -> Answers:
    return {LATEST: {"block": {"header": {"height": "10000"}}}}


@pytest.fixture
def context(
    answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CheckContext]:
    env = tmp_path / "env"
    with json_by_path(answers) as url:
        env.write_text(
            "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n"
            f"ALLORA_WORKER_TOPIC_ID=13,69\nALLORA_API_URL={url}\n"
        )
        monkeypatch.setenv("ALLORA_ENV_FILE", str(env))
        monkeypatch.setattr(one_wallet, "other_workers", lambda _: ([], []))
        yield CheckContext(known_settings=load_settings(), address=ADDRESS, deployed=False)


def submitted(nonce: int) -> dict[str, Any]:
    return {"score": {"topic_id": "69", "block_height": str(nonce), "score": "0.5"}}


def test_a_wallet_that_has_never_submitted(context: CheckContext, answers: Answers) -> None:
    answers[SCORE] = submitted(0)
    assert one_wallet.check_one_wallet(context).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("height", "verdict"), [(9280, Verdict.WARNING), (9279, Verdict.OK), (10001, Verdict.OK)]
)
def test_a_submission_of_the_last_hour(
    context: CheckContext, answers: Answers, height: int, verdict: Verdict
) -> None:
    answers[SCORE] = submitted(height)
    finding = one_wallet.check_one_wallet(context)
    assert finding.verdict is verdict
    if verdict is Verdict.WARNING:
        assert "in topic 69 720 blocks ago" in finding.detail


def test_a_worker_that_is_deployed_has_sent_its_own(
    context: CheckContext, answers: Answers
) -> None:
    answers[SCORE] = submitted(9999)
    context.deployed = True
    assert one_wallet.check_one_wallet(context).verdict is Verdict.OK


@pytest.mark.parametrize("answer", [{}, {"score": {}}, {"score": 7}, {"block": 7}])
def test_an_answer_that_makes_no_sense_is_no_hint(
    context: CheckContext, answers: Answers, answer: Any
) -> None:
    answers |= {SCORE: answer, LATEST: answer}
    assert one_wallet.check_one_wallet(context).verdict is Verdict.OK
