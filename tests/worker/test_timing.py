from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from allora_worker.block_clock import BlockClock
from allora_worker.rate_limit import RateLimit
from allora_worker.settings import Role
from allora_worker.windows import Topic, Window, window_length, window_of

START = datetime(2026, 1, 1, tzinfo=UTC)


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_blocks_are_measured_on_the_chains_own_clock() -> None:
    time = Time()
    clock = BlockClock(5.5, time)
    clock.observe(100, START)
    assert clock.block_seconds == 5.5
    clock.observe(110, START + timedelta(seconds=20))
    assert clock.block_seconds == 2.0
    assert clock.seconds_until(120) == 20.0
    time.now += 7
    assert clock.seconds_until(120) == 13.0
    assert clock.height == 113


def test_an_old_block_or_one_without_a_time_spoils_no_measurement() -> None:
    clock = BlockClock(5.5, Time())
    clock.observe(100, START)
    clock.observe(102, START + timedelta(seconds=4))
    clock.observe(101, START + timedelta(seconds=400))
    clock.observe(105, None)
    assert clock.block_seconds == 2.0
    assert clock.seconds_until(106) == 2.0


def test_a_clock_that_was_set_makes_no_nonsense() -> None:
    clock = BlockClock(5.5, Time())
    clock.observe(100, START)
    clock.observe(101, START - timedelta(hours=1))
    assert clock.block_seconds > 0


TOPIC = Topic(
    topic_id=1,
    name="",
    loss_method="mse",
    epoch_length=60,
    ground_truth_lag=100,
    submission_window=12,
)


@pytest.mark.parametrize(
    ("role", "window"),
    [
        (Role.INFERER, Window(1000, 1000, 1012)),
        (Role.FORECASTER, Window(1000, 1000, 1012)),
        (Role.REPUTER, Window(1000, 1100, 1160)),
    ],
)
def test_windows_are_those_of_the_chain(role: Role, window: Window) -> None:
    assert window_of(role, TOPIC, 1000) == window
    assert window_length(role, TOPIC) == window.end - window.start


def test_a_rate_has_a_burst_and_comes_back() -> None:
    time = Time()
    limit = RateLimit(per_minute=60, burst=10, monotonic=time)
    assert [limit.take() for _ in range(10)] == [0] * 10
    assert limit.take() == 1
    time.now += 1
    assert limit.take() == 0
    assert limit.take() == 1
    time.now += 3600
    assert [limit.take() for _ in range(11)] == [0] * 10 + [1]
