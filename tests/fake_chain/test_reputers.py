"""Reputers' windows, one place for each reputer, and what becomes of bundles for another nonce."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from devtools.fake_chain.competitors import Competitor
from devtools.fake_chain.ledger import Ledger
from devtools.fake_chain.options import Options, Timing
from tests.fake_chain.participant import Participant

EPOCH = 40
EPOCHS = 7


def ledger(lag: int, *, window: int = 10, **options: object) -> Ledger:
    """A topic of its own durations, in which others infer but nobody else reputes."""
    timing = Timing(epoch=EPOCH, window=window, lag=lag)
    made = Ledger(Options(timings={69: timing}, **options), say=lambda _: None)  # type: ignore[arg-type]
    others = [Competitor(name=str(number), error=Decimal(number) / 100) for number in (1, 2)]
    made.behaviour = made.behaviour.changed({"competitors": others})
    return made


def reputer(chain: Ledger) -> Participant:
    made = Participant(chain)
    made.join(reputer=True)
    return made


def open_nonces(chain: Ledger) -> list[int]:
    return [window.nonce for window in chain.windows.shown_as_open(69, "reputer")]


def scored(chain: Ledger, participant: Participant) -> list[int]:
    """Nonces whose losses the network takes from a reputer, oldest first."""
    epochs = [each for each in chain.competition.epochs(69) if participant.address in each.bundles]
    return sorted(each.nonce for each in epochs)


def play(chain: Ledger, participant: Participant, choose: Callable[[list[int]], list[int]]) -> int:
    """Lets a reputer submit for what it chooses of the open nonces, once for each.

    Returns how many of its transactions succeed.
    """
    seen: set[int] = set()
    successes = 0
    for _ in range(EPOCH * (EPOCHS + 3)):
        for nonce in choose([each for each in open_nonces(chain) if each not in seen]):
            successes += participant.code(participant.loss(nonce)) == 0
            seen.add(nonce)
        chain.make_block()
    return successes


@pytest.mark.parametrize("lag", [30, 70])
def test_who_submits_whenever_a_window_is_open_is_scored_once(lag: int) -> None:
    chain = ledger(lag)
    participant = reputer(chain)
    successes = play(chain, participant, sorted)
    assert successes >= EPOCHS
    assert len(scored(chain, participant)) == 1


@pytest.mark.parametrize("lag", [30, 70])
def test_who_waits_for_the_older_window_to_close_is_always_scored(lag: int) -> None:
    chain = ledger(lag)
    participant = reputer(chain)

    def oldest(nonces: list[int]) -> list[int]:
        return nonces[:1] if open_nonces(chain)[:1] == nonces[:1] else []

    play(chain, participant, oldest)
    assert len(scored(chain, participant)) >= EPOCHS


@pytest.mark.parametrize("lag", [40, 80])
def test_windows_do_not_overlap_when_the_lag_is_whole_epochs(lag: int) -> None:
    chain = ledger(lag)
    participant = reputer(chain)
    play(chain, participant, sorted)
    assert len(scored(chain, participant)) >= EPOCHS


def test_with_aligned_windows_nothing_overlaps() -> None:
    chain = ledger(30, aligned_reputers=True)
    participant = reputer(chain)
    play(chain, participant, sorted)
    assert len(scored(chain, participant)) >= EPOCHS


def test_a_window_is_told_of_when_the_epoch_ends_in_which_it_opened() -> None:
    chain = ledger(30)
    told = []
    for _ in range(3 * EPOCH):
        block = chain.make_block()
        told += [
            (block.height, event.attributes["nonce_block_height"], was_open)
            for event in block.events
            if event.kind.endswith("EventReputerSubmissionWindowOpened")
            for was_open in [len(open_nonces(chain))]
        ]
    assert [(height, nonce) for height, nonce, _ in told] == [
        (1041, '"1001"'),
        (1081, '"1041"'),
    ]


def test_it_opens_before_it_is_told_of() -> None:
    chain = ledger(30)
    heights = []
    while not heights:
        block = chain.make_block()
        heights = [block.height] if open_nonces(chain) else []
    assert heights == [1031]


def test_the_reason_before_between_and_after() -> None:
    chain = ledger(30)
    participant = reputer(chain)
    while chain.height < 1001:
        chain.make_block()
    assert participant.code(participant.loss(1001)) == 45  # the workers' window is open
    while chain.height < 1012:
        chain.make_block()
    assert participant.code(participant.loss(1001)) == 68  # the truth is not known
    while chain.height < 1030:
        chain.make_block()
    assert participant.code(participant.loss(1001)) == 0
    assert participant.code(participant.loss(1001)) == 1  # "reputer loss already submitted"
    while chain.height < 1081:
        chain.make_block()
    assert participant.code(participant.loss(1001)) == 75
    assert participant.code(participant.loss(997)) == 75


def test_a_bundle_that_was_thrown_away_cannot_be_sent_again() -> None:
    chain = ledger(30)
    participant = reputer(chain)
    while chain.height < 1071:
        chain.make_block()
    assert open_nonces(chain) == [1001, 1041]
    assert participant.code(participant.loss(1041)) == 0
    while chain.height < 1081:
        chain.make_block()
    assert scored(chain, participant) == []
    assert participant.code(participant.loss(1041)) == 78
    assert participant.code(participant.loss(1001)) == 75


def test_too_many_nonces_are_dropped_oldest_first() -> None:
    chain = ledger(80, reputer_nonces=1)
    while chain.height < 1051:
        chain.make_block()
    waiting = [each.nonce for each in chain.windows.waiting(69)]
    assert waiting == [1041]


def test_an_epoch_without_inferences_has_nothing_to_score() -> None:
    chain = ledger(30)
    chain.behaviour = chain.behaviour.changed({"competitors": []})
    for _ in range(2 * EPOCH):
        chain.make_block()
    assert chain.windows.of(69, "reputer") == []
    participant = reputer(chain)
    assert participant.code(participant.loss(1001)) == 75


def test_a_reputer_scores_everybody_or_nobody() -> None:
    chain = ledger(30)
    participant = reputer(chain)
    while chain.height < 1031:
        chain.make_block()
    message = participant.loss(1001)
    bundle = message.reputer_value_bundle.value_bundle
    assert bundle
    bundle.inferer_values.pop()
    message.reputer_value_bundle.signature = participant.sign(bytes(bundle))
    assert participant.code(message) == 1  # "worker sets don't match"


def test_a_reputer_needs_a_stake() -> None:
    chain = ledger(30)
    chain.behaviour = chain.behaviour.changed({"minimum_stake": 10_000})
    participant = reputer(chain)
    while chain.height < 1031:
        chain.make_block()
    assert participant.code(participant.loss(1001)) == 11
    assert participant.code(participant.stake(10_000)) == 0
    assert participant.code(participant.loss(1001)) == 0
