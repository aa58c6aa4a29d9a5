"""Whether somebody else sends with the wallet, by the account's sequence."""

from __future__ import annotations

from allora_worker.own_sequence import OwnSequence

DAY = 86_400


def test_the_first_sequence_says_nothing() -> None:
    own = OwnSequence()
    assert not own.take_moved(7)
    assert not own.take_moved(7)
    assert own.take_moved(8)
    assert not own.take_moved(8)


def test_what_this_process_sends_is_nobody_else_s() -> None:
    own = OwnSequence()
    own.take_moved(7)
    own.sent(7)
    assert not own.take_moved(7)  # not in a block yet, or a node that is behind
    assert not own.take_moved(8)
    own.confirmed(8)
    assert not own.take_moved(9)
    assert own.take_moved(11)


def test_a_sequence_that_an_endpoint_has_invented_is_forgotten() -> None:
    own = OwnSequence()
    own.take_moved(7)
    assert own.take_moved(2**63)
    own.confirmed(7)
    assert own.take_moved(9)


def test_moves_are_counted_for_a_day() -> None:
    now = 0.0
    own = OwnSequence(lambda: now)
    own.take_moved(7)
    for hours in range(3):
        now = hours * 3600
        own.take_moved(8 + hours)
    assert own.moves_in_a_day == 3
    assert own.report() == {"last_24_hours": 3, "last_at": "1970-01-01T02:00:00+00:00"}
    now = DAY + 1
    assert own.moves_in_a_day == 2
    now = 2 * DAY
    assert own.moves_in_a_day == 0
    assert own.report() == {"last_24_hours": 0, "last_at": None}
