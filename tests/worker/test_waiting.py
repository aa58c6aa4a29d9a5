from __future__ import annotations

import asyncio
import contextlib

import pytest
from allora_worker.waiting import Backoff, in_own_task
from grpclib.exceptions import StreamTerminatedError


async def _fail_when_cancelled(began: asyncio.Event) -> None:
    """Do as grpclib, which takes every cancellation for its own."""
    began.set()
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        raise StreamTerminatedError("closed") from None


@pytest.mark.asyncio
async def test_a_call_that_fails_when_it_is_cancelled_does_not_swallow_the_cancellation() -> None:
    began = asyncio.Event()
    task = asyncio.create_task(in_own_task(_fail_when_cancelled(began), 3600))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.asyncio
async def test_a_call_that_takes_too_long_is_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        await in_own_task(_fail_when_cancelled(asyncio.Event()), 0.01)


async def _go_on_when_cancelled(began: asyncio.Event) -> None:
    """Do as the SDK, which goes on when grpclib makes a failure of the cancellation."""
    with contextlib.suppress(StreamTerminatedError):
        await _fail_when_cancelled(began)


@pytest.mark.asyncio
async def test_a_call_that_goes_on_when_it_is_cancelled_does_not_swallow_the_cancellation() -> None:
    began = asyncio.Event()
    task = asyncio.create_task(in_own_task(_go_on_when_cancelled(began), 3600))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.asyncio
async def test_a_call_that_goes_on_after_its_time_is_a_timeout() -> None:
    with pytest.raises(TimeoutError):
        await in_own_task(_go_on_when_cancelled(asyncio.Event()), 0.01)


@pytest.mark.asyncio
async def test_a_call_has_ended_before_its_cancellation_is_reported() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def call() -> None:
        try:
            await _fail_when_cancelled(began)
        finally:
            await asyncio.sleep(0)
            ended.set()

    task = asyncio.create_task(in_own_task(call(), 3600))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


@pytest.mark.asyncio
async def test_a_call_that_fails_by_itself_keeps_its_error() -> None:
    async def fail() -> None:
        raise StreamTerminatedError("closed")

    with pytest.raises(StreamTerminatedError):
        await in_own_task(fail(), 3600)


def test_pauses_double_until_an_attempt_succeeds() -> None:
    backoff = Backoff(1, 5)
    assert [backoff.next() for _ in range(5)] == [1, 2, 4, 5, 5]
    backoff.reset()
    assert backoff.next() == 1
