from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from allora_worker.block_clock import BlockClock
from allora_worker.contract import Role
from allora_worker.rate_limit import RateLimit
from allora_worker.windows import Topic, Window, nonces_to_serve, window_length, window_of

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


def test_a_node_that_is_behind_spoils_no_measurement() -> None:
    clock = BlockClock(5.5, Time())
    clock.observe(100, START)
    clock.observe(102, START + timedelta(seconds=4))
    clock.observe(101, START + timedelta(seconds=400))
    clock.observe(105, None)
    assert clock.block_seconds == 2.0
    assert clock.seconds_until(106) == 2.0


@pytest.mark.parametrize("wrong", [5_000_100, 10_000, 1])
def test_the_next_poll_heals_a_wrong_one(wrong: int) -> None:
    time = Time()
    clock = BlockClock(5.5, time)
    for number in range(4):
        clock.observe(1000 + number, START + timedelta(seconds=2 * number))
        time.now += 2
    clock.observe(wrong, START + timedelta(seconds=8))
    time.now += 2
    clock.observe(1005, START + timedelta(seconds=10))
    assert clock.height == 1005
    assert clock.seconds_until(1010) == pytest.approx(5 * clock.block_seconds)
    assert clock.block_seconds in {2.0, 5.5}


@pytest.mark.parametrize("wrong", [timedelta(hours=-1), timedelta(days=2_900_000), timedelta(0)])
def test_a_wrong_time_in_a_header_makes_no_nonsense(wrong: timedelta) -> None:
    clock = BlockClock(5.5, Time())
    clock.observe(99, START + wrong)
    assert clock.block_seconds == 5.5
    for number in range(100, 200):
        clock.observe(number, START + timedelta(seconds=2 * number) + wrong * (number % 10 == 0))
        assert clock.block_seconds in {2.0, 5.5}


def test_a_reset_of_the_chain_begins_the_measurement_anew() -> None:
    time = Time()
    clock = BlockClock(5.5, time)
    for number in range(10):
        clock.observe(1000 + number, START + timedelta(seconds=2 * number))
        time.now += 2
    assert not clock.hear(900)
    for number in range(10):  # of which most are lower than those before
        clock.observe(1000 + number, START + timedelta(hours=1, seconds=4 * number))
        time.now += 4
    assert (clock.resets, clock.block_seconds) == (1, 4.0)
    assert clock.hear(1010)


def test_what_is_heard_counts_when_it_is_likely() -> None:
    time = Time()
    clock = BlockClock(5.0, time)
    clock.observe(1000, None)
    time.now += 5
    assert clock.hear(1001)
    assert clock.height == 1001
    assert clock.hear(999)
    assert clock.height == 1001
    assert not clock.hear(1)
    assert not clock.hear(1001 + 5_000_000)
    assert not clock.hear(10**400)
    assert not any(clock.hear(height) for height in range(1004, 2000))
    assert clock.height == 1001
    assert clock.hear(1003)
    assert not clock.hear(-(10**400))
    assert clock.height == 1003


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
        (Role.REPUTER, Window(1000, 1100, 1180)),  # the next epoch ends at 1120
    ],
)
def test_windows_are_those_of_the_chain(role: Role, window: Window) -> None:
    assert window_of(role, TOPIC, 1000) == window
    assert window_length(role, TOPIC) == window.end - window.start


def test_a_reputer_without_a_rest_of_an_epoch_has_one_epoch() -> None:
    topic = dataclasses.replace(TOPIC, ground_truth_lag=120)
    assert window_of(Role.REPUTER, topic, 1000) == Window(1000, 1120, 1180)
    at_once = dataclasses.replace(TOPIC, ground_truth_lag=0)
    assert window_of(Role.REPUTER, at_once, 1000) == Window(1000, 1000, 1060)


def test_a_reputer_serves_the_oldest_nonce_alone() -> None:
    assert nonces_to_serve(Role.REPUTER, [40, 0, 80]) == [0]
    assert nonces_to_serve(Role.REPUTER, []) == []
    assert nonces_to_serve(Role.INFERER, [40, 0, 80, 120]) == [120, 80, 40]


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
