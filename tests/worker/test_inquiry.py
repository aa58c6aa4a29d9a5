"""Which nonces the worker asks the network about, and when it stops to."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections import Counter
from decimal import Decimal
from typing import cast

import pytest
from allora_worker.contract import Role
from allora_worker.errors import ChainUnavailableError
from allora_worker.inquiry import Inquiry
from allora_worker.verdict import Losses, Standing
from allora_worker.verdict_queries import VerdictQueries
from allora_worker.windows import Topic

pytestmark = pytest.mark.asyncio

OWN = "allo1own"
TOPIC = Topic(
    topic_id=69,
    name="a topic",
    loss_method="mse",
    epoch_length=20,
    ground_truth_lag=100,
    submission_window=10,
    epoch_last_ended=1000,
)


class Network:
    """What a network knows of the worker, which has a nonce every 20 blocks."""

    address = OWN

    def __init__(self) -> None:
        self.admits: dict[int, dict[str, Decimal | None]] = {}
        self.scored: dict[int, dict[str, Decimal | None]] = {}
        self.live: int | None = None
        self.average: Decimal | None = None
        self.average_nonce = 0
        self.is_silent = False
        self.calls: Counter[str] = Counter()

    async def standing(self) -> Standing:
        self.calls["standing"] += 1
        if self.is_silent:
            raise ChainUnavailableError
        return Standing(
            is_topic_active=True,
            is_whitelisted=True,
            score=self.average,
            scored_nonce=self.average_nonce,
        )

    async def live_nonce(self) -> int | None:
        return self.live

    async def admitted(self, nonce: int) -> dict[str, Decimal | None]:
        self.calls["admitted"] += 1
        return self.admits.get(nonce, {})

    async def scores(self, nonce: int) -> dict[str, Decimal | None]:
        self.calls["scores"] += 1
        return self.scored.get(nonce, {})

    async def threshold(self) -> Decimal | None:
        return None

    async def network_value(self, nonce: int) -> Decimal | None:
        return Decimal(nonce)

    async def reward_fraction(self) -> Decimal | None:
        return Decimal("0.5")

    async def losses(self, _: int) -> Losses:
        return Losses()


def inquiry(network: Network, role: Role = Role.INFERER) -> Inquiry:
    return Inquiry(TOPIC, cast("VerdictQueries", network), role)


ME: dict[str, Decimal | None] = {OWN: Decimal(7)}
OTHERS: dict[str, Decimal | None] = {"allo1other": Decimal(5)}


async def test_the_newest_closed_nonce_is_the_admission() -> None:
    network = Network()
    asked = inquiry(network)
    network.admits = {1000: ME, 1020: OTHERS}
    facts = await asked.ask(1045, {1000: Decimal(7), 1020: Decimal(8), 1040: Decimal(9)})
    assert facts.admission is not None
    assert (facts.admission.nonce, facts.admission.is_admitted) == (1020, False)
    assert (facts.admission.value, facts.admission.network_value) == (8, 1020)
    network.admits[1040] = ME
    facts = await asked.ask(1065, {})
    assert facts.admission is not None
    assert (facts.admission.nonce, facts.admission.is_admitted) == (1040, True)
    assert facts.admission.value == 7  # as the network has it
    before = network.calls["admitted"]
    await asked.ask(1070, {})
    assert network.calls["admitted"] == before  # nothing is open


async def test_nonces_are_scored_a_lag_later_on_the_grid_of_the_workers_own() -> None:
    """A topic that has just begun tells of another height than its first nonce's."""
    network = Network()
    asked = inquiry(network)
    network.admits = {1007: ME}
    network.scored = dict.fromkeys(range(1007, 2000, 20), ME)
    await asked.ask(1020, {1007: Decimal(7)})
    network.admits = {1107: ME}
    facts = await asked.ask(1130, {1107: Decimal(7)})
    assert facts.settlement is not None
    # 1027 may be scored only when the epoch ends that its truth is known in.
    assert facts.settlement.nonce == 1007
    facts = await asked.ask(1150, {})
    assert facts.settlement is not None
    assert facts.settlement.nonce == 1027


async def test_a_nonce_that_was_paid_is_scored() -> None:
    network = Network()
    asked = inquiry(network)
    network.scored = {1020: ME | OTHERS | {"allo1third": None}}
    asked.paid_nonce = 1020
    facts = await asked.ask(1025, {})
    assert facts.settlement is not None
    assert (facts.settlement.nonce, facts.settlement.rank, facts.settlement.ranked) == (1020, 1, 3)


async def test_what_is_old_says_nothing() -> None:
    network = Network()
    asked = inquiry(network)
    network.admits = {1000: ME}
    network.scored = {1000: ME}
    asked.paid_nonce = 1000
    assert (await asked.ask(1100, {1000: Decimal(7)})).judged == (1000, 1000)
    assert (await asked.ask(1101, {})).judged == (0, 1000)
    assert (await asked.ask(1200, {})).judged == (0, 1000)
    assert (await asked.ask(1201, {})).judged == (0, 0)
    # Nor does it when a new process finds it.
    asked = inquiry(network)
    network.average, network.average_nonce = Decimal(1), 1000
    assert await asked.recall(1201) == 1000
    assert (await asked.ask(1201, {})).judged == (0, 0)


async def test_what_was_submitted_while_the_network_was_silent_is_asked_for_later() -> None:
    network = Network()
    asked = inquiry(network)
    network.admits, network.is_silent = {1000: ME}, True
    with pytest.raises(ChainUnavailableError):
        await asked.ask(1020, {1000: Decimal(7)})
    network.is_silent = False
    assert (await asked.ask(1025, {})).judged == (1000, 0)


async def test_what_was_submitted_before_a_reset_of_the_chain_hides_nothing() -> None:
    network = Network()
    asked = inquiry(network)
    network.admits = {1000: ME}
    before = dict.fromkeys((50_000, 50_020, 50_040), Decimal(1))
    assert (await asked.ask(1015, {1000: Decimal(7)} | before)).judged == (1000, 0)


@pytest.mark.parametrize(
    ("live", "admitted", "average", "newest"),
    [
        (None, (), 0, None),
        (1000, (), 0, 1000),
        (None, (960, 980), 0, 980),
        (None, (900,), 0, None),  # too long ago to look for
        (None, (980,), 1000, 1000),  # not admitted, but remembered with the score
        (None, (980,), 700, 980),  # the score is of a nonce a lag ago
        (10_000, (), 20_000, None),  # from the future
    ],
)
async def test_the_newest_submission_is_recalled(
    live: int | None, admitted: tuple[int, ...], average: int, newest: int | None
) -> None:
    network = Network()
    network.live, network.admits = live, dict.fromkeys(admitted, ME)
    network.average_nonce = average
    assert await inquiry(network).recall(1010) == newest


async def test_what_a_silent_network_does_not_recall_is_not_taken_for_nothing() -> None:
    network = Network()
    network.is_silent, network.live = True, 1000
    with pytest.raises(ChainUnavailableError):
        await inquiry(network).recall(1010)


async def test_a_reputers_submission_is_judged_a_lag_later() -> None:
    network = Network()
    asked = inquiry(network, Role.REPUTER)
    network.admits = {1000: OTHERS}
    facts = await asked.ask(1140, {1000: None})
    assert facts.admission is not None
    assert not facts.admission.is_admitted
    assert facts.admission.network_value is None


async def test_a_worker_that_stops_while_it_recalls_leaves_no_query_behind() -> None:
    network = Network()
    inquiry = Inquiry(TOPIC, cast("VerdictQueries", network), Role.INFERER)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        recalling = asyncio.create_task(inquiry.recall(1000))
        # Before the tasks of its two queries begin, which are created by then.
        asyncio.get_running_loop().call_soon(recalling.cancel)
        with pytest.raises(asyncio.CancelledError):
            await recalling
        gc.collect()
    assert [str(each.message) for each in caught] == []
