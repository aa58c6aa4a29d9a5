"""Who counts when more submit than the network rewards."""

from __future__ import annotations

from decimal import Decimal

import pytest

from devtools.fake_chain.active_set import ActiveSet, Rules
from devtools.fake_chain.competitors import Competitor
from devtools.fake_chain.ledger import Ledger
from devtools.fake_chain.options import Options, Timing
from devtools.fake_chain.rejection import Rejection
from devtools.fake_chain.scores import (
    Average,
    Group,
    Scores,
    initial_average,
    next_average,
    quantile,
)
from tests.fake_chain.participant import Participant

GROUP: Group = (69, "inferer")
ALPHA = Decimal("0.1")


def scores(**averages: str) -> Scores:
    """Averages of participants who have submitted for nonce 1."""
    made = Scores()
    for name, score in averages.items():
        made.set(GROUP, name, Average(Decimal(score), 1))
    return made


def admit(active: ActiveSet[str], *names: str, nonce: int = 2, limit: int = 2) -> list[bool]:
    rules = Rules(limit, ALPHA)
    return [active.admit(name, nonce, f"of {name}", rules) for name in names]


def test_a_free_place_is_anybodys() -> None:
    active: ActiveSet[str] = ActiveSet(GROUP, scores(low="-9"))
    assert admit(active, "low", "new") == [True, True]
    assert active.members == {"low": "of low", "new": "of new"}
    assert active.lowest == ("low", Average(Decimal(-9), 2))


def test_a_better_score_pushes_the_lowest_out() -> None:
    known = scores(best="3", middle="2", worst="1")
    active: ActiveSet[str] = ActiveSet(GROUP, known)
    assert admit(active, "worst", "middle", "best") == [True, True, True]
    assert list(active.members) == ["middle", "best"]
    assert active.lowest == ("middle", Average(Decimal(2), 2))
    # As nobody has been scored yet, it moves towards 0.
    assert known.average(GROUP, "worst") == Average(Decimal("0.9"), 2)


@pytest.mark.parametrize("score", ["1", "0.5"])
def test_who_is_not_better_is_dropped_without_an_error(score: str) -> None:
    known = scores(best="3", worst="1", own=score)
    active: ActiveSet[str] = ActiveSet(GROUP, known)
    assert admit(active, "best", "worst", "own") == [True, True, False]
    assert "own" not in active.members
    assert known.average(GROUP, "own") == Average(Decimal(score) * Decimal("0.9"), 2)


def test_newcomers_begin_below_everybody() -> None:
    """TestCalculateTopicInitialEmaScore: two standard deviations of 0.1581139 below 0.1."""
    averages = [Decimal(number) / 10 for number in (5, 3, 1, 4, 2)]
    assert float(initial_average(averages)) == pytest.approx(0.1 - 2 * 0.1581139, abs=1e-6)
    known = Scores()
    known.add(GROUP, 1, dict(zip("abcde", averages, strict=True)), Decimal(1))
    active: ActiveSet[str] = ActiveSet(GROUP, known)
    assert admit(active, "a", "new", nonce=2, limit=1) == [True, False]
    assert known.average(GROUP, "new").score == initial_average(averages)


def test_who_is_new_and_dropped_keeps_the_first_score() -> None:
    known = scores(best="3", worst="1")
    active: ActiveSet[str] = ActiveSet(GROUP, known)
    assert admit(active, "best", "worst", "new") == [True, True, False]
    assert known.average(GROUP, "new") == Average(Decimal(0), 2)


def test_twice_is_once_too_often() -> None:
    active: ActiveSet[str] = ActiveSet(GROUP, scores(best="3", worst="1"))
    admit(active, "best", "worst", "new")
    codes = []
    for name in ("best", "new"):
        with pytest.raises(Rejection) as caught:
            admit(active, name)
        codes.append((caught.value.failure.code, caught.value.failure.log))
    assert codes == [
        (1, "inference already submitted"),
        (78, "cannot update EMA more than once per window"),
    ]


def test_a_missed_epoch_costs_a_tenth_of_the_lead() -> None:
    """The chain's own example: 300 towards 200, four times a tenth, is 265.61."""
    known = scores(idle="100", new="0")
    active: ActiveSet[str] = ActiveSet(GROUP, known)
    active.admit("idle", 2, "", Rules(2, ALPHA), missed=4)
    assert known.average(GROUP, "idle") == Average(Decimal("65.61"), 2)


def test_an_average_takes_a_tenth_of_what_is_new() -> None:
    assert next_average(ALPHA, Decimal(5), Decimal(0), is_first=True) == 5
    assert next_average(ALPHA, Decimal(5), Decimal(1), is_first=False) == Decimal("1.4")


def test_a_quantile_is_interpolated() -> None:
    """TestGetQuantileOfDecs in math/utils_test.go of the chain."""
    values = [Decimal(number) for number in range(1, 11)]
    assert quantile(values, Decimal("0.25")) == Decimal("3.25")
    assert quantile(values, Decimal("0.75")) == Decimal("7.75")
    assert quantile([], Decimal("0.25")) == 0


def crowded(*errors: str, most: int) -> Ledger:
    """A topic with the truth 100, and as many played inferers as count."""
    made = Ledger(Options(window_blocks=3), say=lambda _: None)
    others = [Competitor(name=str(n), error=Decimal(each)) for n, each in enumerate(errors)]
    referee = Competitor(name="referee", kind="reputer")
    made.behaviour = made.behaviour.changed(
        {
            "topics": {69: {"truth": "100"}},
            "competitors": [*others, referee],
            "most_inferers": most,
        }
    )
    return made


def epoch(chain: Ledger, participant: Participant, value: str = "100") -> tuple[int, bool]:
    """Submits, and lets the epoch end; returns the code, and whether it was admitted."""
    window, _ = chain.open_window(69, "worker", "both")
    code = participant.code(participant.inference(window.nonce, value))
    chain.close_windows(69)
    chain.open_window(69, "reputer", "both")
    chain.close_windows(69)
    found = chain.competition.epoch(69, window.nonce)
    assert found
    assert found.inferences
    return code, participant.address in found.inferences.inferers


def test_an_accepted_transaction_may_count_for_nothing() -> None:
    """The first one always: a newcomer's score is no higher than that of those who are in."""
    chain = crowded("0.01", "0.02", most=2)
    own = Participant(chain)
    own.join()
    before = chain.accounts[own.address].balance
    assert epoch(chain, own) == (0, False)
    assert chain.topics.submissions[-1].is_admitted is False
    assert chain.accounts[own.address].balance == before - 300_000


def test_who_is_better_gets_in_when_others_have_been_scored() -> None:
    chain = crowded("0.01", "0.2", most=2)
    own = Participant(chain)
    own.join()
    assert [epoch(chain, own) for _ in range(3)] == [(0, False), (0, True), (0, True)]
    lowest = chain.competition.lowest(69, "inferer")
    assert lowest
    assert lowest[1].score < chain.competition.scores.average(GROUP, own.address).score


def test_live_inferences_are_cleared_when_the_window_closes() -> None:
    chain = crowded("0.01", most=2)
    own = Participant(chain)
    own.join()
    window, _ = chain.open_window(69, "worker", "both")
    own.code(own.inference(window.nonce, "100"))
    assert chain.competition.live(69, own.address) == (window.nonce, {"y": Decimal(100)})
    chain.close_windows(69)
    assert chain.competition.live(69, own.address) is None


def test_who_stays_away_loses_the_lead_over_newcomers() -> None:
    timing = Timing(epoch=5, window=2, lag=5)
    chain = Ledger(Options(timings={69: timing}), say=lambda _: None)
    own = Participant(chain)
    own.join()
    while chain.height < 1011:
        chain.make_block()
    known = chain.competition.scores
    newcomers = known.initial(GROUP)
    known.set(GROUP, own.address, Average(newcomers + 1, 1001))
    assert own.code(own.inference(1011)) == 0
    # The epoch of 1006 is the one that was missed.
    kept = known.average(GROUP, own.address)
    assert (float(kept.score - newcomers), kept.height) == (pytest.approx(0.9), 1011)
