from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from functools import partial
from math import log10
from typing import Any

import pytest
from aiohttp import web
from allora_worker.errors import FailureKind
from allora_worker.model import ModelFailureKind

from devtools.fake_chain import FakeChain
from tests.worker.model_server import ModelServer
from tests.worker.running import ADDRESS, Worker, end_windows, twin
from tests.worker.timings import HASTY_WITH_MODEL, QUICK
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]


def submissions(chain: FakeChain) -> list[dict[str, Any]]:
    state: Any = chain.state()["submissions"]
    return list(state)


def values(chain: FakeChain) -> list[tuple[int, int, str]]:
    return [(s["topic"], s["nonce"], s["values"][0]["value"]) for s in submissions(chain)]


def has_submitted(worker: Worker, times: int) -> bool:
    return bool(worker.topic().submissions == times)


async def test_an_inferer_registers_and_submits_what_the_model_says(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain)
    model.answers("67123.450000000001")
    nonce = chain.open_window(69)
    [submission] = await until(lambda: submissions(chain))
    assert chain.state()["registered"] == {"69": [ADDRESS], "77": []}
    assert submission["role"] == "inferer"
    assert (submission["topic"], submission["nonce"]) == (69, nonce)
    assert submission["values"] == [{"label": "y", "value": "67123.450000000001"}]
    assert submission["address"] == ADDRESS
    assert submission["tx_signature_valid"]
    assert submission["bundle_signature_valid"]
    assert model.requests[-1] == "/inference/BTC"
    await until(lambda: worker.topic().submissions)
    last = worker.topic().last_submission
    assert (last.nonce, last.value) == (nonce, "67123.450000000001")
    assert len(last.tx_hash) == 64


async def test_a_window_is_found_by_polling_alone(chain: FakeChain, start: Start) -> None:
    await start(chain)
    nonce = chain.open_window(69, announce="poll")
    await until(lambda: values(chain) == [(69, nonce, "100.5")])


async def test_a_window_that_is_announced_is_looked_for_at_once(
    chain: FakeChain, start: Start
) -> None:
    await start(chain, timings=dataclasses.replace(QUICK, poll_min=3600, poll_max=3600))
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])


async def test_each_window_gets_one_submission(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    nonces = []
    for number in range(1, 4):
        nonces.append(chain.open_window(69))
        await until(partial(has_submitted, worker, number))
        chain.close_windows(69)
    assert [nonce for _, nonce, _ in values(chain)] == nonces
    assert chain.state()["rejected"] == []


async def test_a_forecaster_submits_a_loss_for_each_inferer(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await start(chain, ALLORA_WORKER_ROLE="forecaster")
    forecasts = {ADDRESS: "0.25", ADDRESS.replace("v", "w"): 0.000000125}
    model.answers(json.dumps(forecasts))
    nonce = chain.open_window(69)
    [submission] = await until(lambda: submissions(chain))
    assert submission["role"] == "forecaster"
    assert submission["forecasts"] == {ADDRESS: "0.25", ADDRESS.replace("v", "w"): "1.25E-7"}
    assert submission["bundle_signature_valid"]
    assert model.requests[-1] == f"/forecast/BTC/69/{nonce}"


async def test_a_reputer_submits_losses_against_the_ground_truth(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await start(chain, ALLORA_WORKER_ROLE="reputer")
    model.answers("110")  # the network says 100, and its inferers 99.9 and 100.1
    nonce = chain.open_window(69)
    end_windows(chain)
    chain.open_window(69, role="reputer")
    [submission] = await until(lambda: submissions(chain))
    assert (submission["role"], submission["nonce"]) == ("reputer", nonce)
    assert submission["bundle_signature_valid"]
    losses = submission["losses"]
    assert float(losses["combined"]) == float(losses["naive"]) == log10(10**2)
    assert sorted(map(float, losses["inferers"].values())) == pytest.approx(
        [log10(9.9**2), log10(10.1**2)]
    )
    assert model.requests == [f"/truth/BTC/69/{nonce}"]


async def test_a_reputer_finds_its_window_by_polling_when_the_worker_window_is_over(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await start(chain, ALLORA_WORKER_ROLE="reputer")
    model.answers("101")
    nonce = chain.open_window(69)
    polls = reputer_polls(chain)
    await until(lambda: reputer_polls(chain) > polls + 2)
    assert model.requests == submissions(chain) == []
    end_windows(chain)
    # In the same moment: the worker may submit from that block on.
    assert chain.open_window(69, role="reputer", announce="poll") == nonce
    [submission] = await until(lambda: submissions(chain))
    assert (submission["role"], submission["nonce"]) == ("reputer", nonce)


def reputer_polls(chain: FakeChain) -> int:
    calls: Any = chain.state()["calls"]
    return int(calls.get("GetOpenReputerSubmissionWindows", 0))


async def test_two_topics_share_one_wallet(chain: FakeChain, start: Start) -> None:
    worker = await start(chain, ALLORA_WORKER_TOPIC_ID="69, 77")
    assert chain.state()["registered"] == {"69": [ADDRESS], "77": [ADDRESS]}
    expected = {(69, chain.open_window(69), "100.5"), (77, chain.open_window(77), "100.5")}
    await until(lambda: set(values(chain)) == expected)
    assert chain.state()["rejected"] == []
    assert [s["sequence"] for s in submissions(chain)] == [2, 3]
    await until(lambda: worker.topic(69).submissions == worker.topic(77).submissions == 1)


async def test_a_window_that_was_open_before_the_start_is_used(
    chain: FakeChain, start: Start
) -> None:
    nonce = chain.open_window(69)
    await start(chain)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])


async def test_a_restart_in_a_window_sends_nothing_twice(chain: FakeChain, start: Start) -> None:
    first = await start(chain)
    chain.open_window(69)
    await until(lambda: first.topic().submissions)
    await first.stop()
    second = await start(chain)
    await until(lambda: second.log.events("already_submitted"))
    assert len(submissions(chain)) == 1
    assert chain.state()["rejected"] == []
    assert (await second.health())["http_status"] == 200


@pytest.mark.parametrize("is_noticed", [True, False])
async def test_a_submission_from_elsewhere_is_no_failure(
    chain: FakeChain, model: ModelServer, start: Start, *, is_noticed: bool
) -> None:
    worker = await start(chain)
    await until(lambda: worker.service.status.model.state == "ok")
    model.answers("not yet")
    nonce = chain.open_window(69)
    await until(lambda: worker.topic().window_problem)  # past its first look at the network
    elsewhere = twin(chain)
    assert elsewhere.code(elsewhere.inference(nonce)) == 0
    if not is_noticed:  # by the account's sequence
        chain.ledger.accounts[ADDRESS].sequence -= 1
    model.answers("7")
    await until(lambda: worker.log.events("already_submitted"))
    failed = [each["message"] for each in worker.log.events("attempt_failed")]
    assert ["inference already submitted" in each for each in failed] == [True] * (not is_noticed)
    assert len(worker.log.events("wallet_shared")) == is_noticed
    assert values(chain) == [(69, nonce, "1.5")]
    assert worker.topic().is_fine
    assert not worker.topic().failures


@pytest.mark.parametrize("code", [67, 68])
async def test_a_transaction_outside_of_its_window_is_not_paid_for_twice(
    chain: FakeChain, start: Start, code: int
) -> None:
    worker = await start(chain)
    await chain.behave(delivertx=[code, "emissions", "nonce window not available"])
    chain.open_window(69)
    await until(lambda: worker.topic().failures[FailureKind.WINDOW_CLOSED])
    assert len(await until(lambda: chain.state()["rejected"])) == 1
    [lost] = worker.log.events("window_lost")
    assert lost["kind"] == "window_closed"


async def test_numbers_by_label_are_submitted(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await chain.behave(topics={69: {"labels": ["down", "flat", "up"], "loss_method": "focal"}})
    model.answers('{"up": 0.25, "flat": "0.5", "down": 0.2500000000000000000001}')
    worker = await start(chain)
    nonce = chain.open_window(69)
    [submission] = await until(lambda: submissions(chain))
    assert {each["label"]: each["value"] for each in submission["values"]} == {
        "up": "0.25",
        "flat": "0.5",
        "down": "0.2500000000000000000001",
    }
    assert submission["bundle_signature_valid"]
    await until(lambda: worker.topic().submissions)
    last = worker.topic().last_submission
    assert (last.nonce, last.value["up"]) == (nonce, "0.25")
    assert not worker.log.events("model_failed")


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ('{"up": 0.5, "down": 0.5, "sideways": 0}', "the label 'sideways', which the topic does"),
        ('{"up": 0.5, "down": 0.5}', "no number for 'flat', and the topic takes one for each"),
        (
            '{"up": 0.5, "down": 0.5, "flat": 0.5}',
            "numbers with the sum 1.5, and the topic takes 1",
        ),
        ("0.5", "'0.5', and the topic takes a JSON object of numbers by label"),
    ],
)
async def test_labels_that_the_network_refuses_cost_nothing(
    chain: FakeChain, model: ModelServer, start: Start, answer: str, complaint: str
) -> None:
    await chain.behave(topics={69: {"labels": ["down", "flat", "up"]}})
    model.answers(answer)
    worker = await start(chain)
    nonce = chain.open_window(69)
    await until(lambda: complaint in (worker.topic().window_problem or ""))
    assert chain.state()["rejected"] == submissions(chain) == []
    model.answers('{"up": 0.5, "down": 0.5, "flat": 0}')
    [submission] = await until(lambda: submissions(chain))
    assert submission["nonce"] == nonce


async def test_a_forecaster_works_in_a_topic_with_labels(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await chain.behave(topics={69: {"labels": ["down", "flat", "up"], "loss_method": "focal"}})
    await start(chain, ALLORA_WORKER_ROLE="forecaster")
    model.answers(json.dumps({ADDRESS: "0.25"}))
    chain.open_window(69)
    [submission] = await until(lambda: submissions(chain))
    assert submission["forecasts"] == {ADDRESS: "0.25"}


@pytest.mark.parametrize(
    ("answer", "status", "kind"),
    [
        ("NaN", 200, "not_a_number"),
        ("", 200, "not_a_number"),
        ("<html>1</html>", 200, "not_a_number"),
        ("1" * 5000, 200, "too_large"),
        ("oops", 500, "status"),
        ("1", 302, "status"),
    ],
)
async def test_a_model_that_recovers_within_the_window_loses_nothing(
    chain: FakeChain, model: ModelServer, start: Start, answer: str, status: int, kind: str
) -> None:
    worker = await start(chain)
    await until(lambda: worker.service.status.model.state == "ok")
    model.answers(answer, status)
    nonce = chain.open_window(69)
    await until(lambda: worker.service.status.model.failures[ModelFailureKind(kind)] >= 2)
    assert worker.topic().state == "working"
    assert (await worker.health())["http_status"] == 503
    model.answers("100.5")
    await until(lambda: values(chain) == [(69, nonce, "100.5")])
    await until(lambda: worker.topic().submissions)
    assert (await worker.health())["http_status"] == 200


async def test_a_model_that_hangs_is_given_up_and_asked_again(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain, timings=HASTY_WITH_MODEL)
    await until(lambda: worker.service.status.model.state == "ok")
    model.hangs()
    nonce = chain.open_window(69)
    await until(lambda: worker.service.status.model.failures[ModelFailureKind.TIMEOUT])
    model.answers("1e3")
    await until(lambda: values(chain) == [(69, nonce, "1E+3")])


async def test_a_model_that_takes_its_time_gets_more_of_it(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await start(chain, timings=HASTY_WITH_MODEL)

    async def reply(request: web.Request) -> web.Response:  # noqa: ARG001
        await asyncio.sleep(1.5)
        return web.Response(text="7")

    model.reply = reply
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "7")])


async def test_a_model_that_was_down_is_reached_again_in_the_same_window(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain)
    await until(lambda: worker.service.status.model.state == "ok")
    await model.stop()
    nonce = chain.open_window(69)
    await until(lambda: worker.service.status.model.failures[ModelFailureKind.UNREACHABLE])
    await model.start()
    await until(lambda: values(chain) == [(69, nonce, "100.5")])


async def test_a_model_that_fails_all_along_loses_the_window_and_no_other(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain)
    await until(lambda: worker.service.status.model.state == "ok")
    model.answers("not yet")
    chain.open_window(69)
    await until(lambda: worker.service.status.model.failures[ModelFailureKind.NOT_A_NUMBER])
    end_windows(chain)
    await until(lambda: worker.topic().failures[FailureKind.MODEL])
    health = await worker.health()
    assert health["http_status"] == 503
    assert health["topics"][0]["state"] == "failing"
    assert "not yet" in health["reason"]
    [lost] = [each for each in worker.log.metrics("Submissions") if each["Submissions"] == 0]
    assert lost["FailureKind"] == "model"
    model.answers("7")
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "7")])
    await until(lambda: worker.topic().submissions)
    assert (await worker.health())["http_status"] == 200


async def test_a_slow_model_holds_up_no_other_topic(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(
        chain,
        ALLORA_WORKER_TOPIC_ID="69,77",
        ALLORA_WORKER_INFERENCE_ENDPOINT=model.url + "/inference/{Token}/{TopicId}",
    )
    await until(lambda: worker.service.status.model.state == "ok")
    model.requests.clear()

    async def reply(request: web.Request) -> web.Response:
        if request.path == "/inference/BTC/69":
            await asyncio.sleep(3600)
        return web.Response(text="5")

    model.reply = reply
    chain.open_window(69)
    await until(lambda: model.requests == ["/inference/BTC/69"])
    nonce = chain.open_window(77)
    await until(lambda: values(chain) == [(77, nonce, "5")])


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (
            [13, "sdk", "insufficient fees; got: 1uallo required: 2uallo: insufficient fee"],
            "InsufficientFeesError",
        ),
        ([20, "sdk", "mempool is full"], "mempool is full (sdk code 20)"),
    ],
)
async def test_a_refusal_at_the_broadcast_counts_at_once_and_is_tried_again(
    chain: FakeChain, start: Start, refusal: list[object], reason: str
) -> None:
    worker = await start(chain)
    await chain.behave(checktx=refusal)
    nonce = chain.open_window(69)
    attempts = await until(lambda: worker.log.events("attempt_failed")[3:])
    assert reason in attempts[0]["message"]
    await chain.behave(checktx=None)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])


async def test_a_transaction_that_fails_in_its_block_is_not_paid_for_again_and_again(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain)
    await chain.behave(delivertx=[52, "emissions", "invalid value"])
    chain.open_window(69)
    await until(lambda: worker.topic().failures[FailureKind.REJECTED])
    rejected: Any = chain.state()["rejected"]
    assert len(rejected) == 3
    assert "invalid value" in worker.topic().reason
