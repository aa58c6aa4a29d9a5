"""Hints of windows, a reset of the chain, and payments that are held back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from allora_worker.chain_reset import ResetDetector
from allora_worker.circuit_breaker import CircuitBreaker
from allora_worker.errors import FailureKind, WindowLostError
from allora_worker.hints import Hints
from allora_worker.submitter import AttemptFailedError
from allora_worker.windows import Window


def test_an_announcement_is_overdue_once_and_only_while_its_window_is_open() -> None:
    hints = Hints()
    first, second = Window(100, 100, 110), Window(120, 120, 130)
    hints.expect([100])
    assert not hints.take_overdue(101, [first])
    assert hints.take_overdue(102, [first])
    assert not hints.take_overdue(103, [first])
    hints.expect([120])
    assert not hints.take_overdue(131, [])
    assert not hints.take_overdue(125, [second])


def test_an_announced_window_is_not_missing() -> None:
    hints = Hints()
    hints.announce(100, is_known=False)
    hints.expect([100, 120])
    hints.announce(120, is_known=True)
    windows = [Window(100, 100, 200), Window(120, 120, 200)]
    assert not hints.take_overdue(150, windows)


def test_invented_announcements_are_forgotten() -> None:
    hints = Hints()
    for nonce in range(1, 2002):
        hints.announce(nonce, is_known=True)
    assert not hints.is_announced(1)
    assert hints.is_announced(2001)


@pytest.mark.asyncio
async def test_a_hint_makes_some_polls_follow_soon() -> None:
    hints = Hints()
    hints.announce(100, is_known=False)
    for _ in range(5):
        await asyncio.wait_for(hints.wait_for_poll(3600, at_least=0.01), 60)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(hints.wait_for_poll(3600, at_least=0.01), 0.2)


def at(minute: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)


def test_three_polls_in_a_row_make_a_reset() -> None:
    resets = ResetDetector()
    assert not resets.is_reset(1000, at(100))
    assert not resets.is_reset(990, at(101))
    assert not resets.is_reset(1001, at(102))
    assert not resets.is_reset(10, at(103))
    assert not resets.is_reset(11, at(104))
    assert resets.is_suspected
    assert resets.is_reset(12, at(105))
    assert not resets.is_suspected
    assert not resets.is_reset(13, at(106))


def test_a_node_that_is_far_behind_is_no_reset() -> None:
    resets = ResetDetector()
    assert not resets.is_reset(1000, at(100))
    for minute in range(10, 20):
        assert not resets.is_reset(minute, at(minute))
        assert not resets.is_suspected


async def _pay(breaker: CircuitBreaker, *, was_paid: bool = True) -> None:
    with pytest.raises(AttemptFailedError):
        async with breaker.payment(pause=3600):
            raise AttemptFailedError(FailureKind.REJECTED, "rejected", was_paid=was_paid)


@pytest.mark.asyncio
async def test_three_rejections_in_a_row_hold_payments_back() -> None:
    breaker = CircuitBreaker(69)
    await _pay(breaker)
    await _pay(breaker)
    async with breaker.payment(pause=3600):
        pass
    await _pay(breaker)
    await _pay(breaker, was_paid=False)
    await _pay(breaker)
    assert not breaker.seconds_left
    await _pay(breaker)
    assert breaker.seconds_left > 3000
    with pytest.raises(WindowLostError) as caught:
        async with breaker.payment(pause=3600):
            pytest.fail("a payment was let through")
    assert caught.value.kind is FailureKind.REJECTED
