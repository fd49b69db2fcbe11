"""Coroutines that wait for nothing are completed without an event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from runs.api.async_view import called, completed, has_loop


async def answered() -> tuple[int, bool]:
    return await called(threading.get_ident), has_loop()


def test_without_a_loop_all_is_done_in_the_calling_thread() -> None:
    assert completed(answered()) == (threading.get_ident(), False)


async def test_with_a_loop_another_thread_waits() -> None:
    thread, loop = await answered()
    assert loop
    assert thread != threading.get_ident()


def test_what_waits_for_a_loop_is_refused() -> None:
    async def waits() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="event loop"):
        completed(waits())


def test_an_error_is_passed_on() -> None:
    async def fails() -> None:
        await called(int, "one")

    with pytest.raises(ValueError, match="one"):
        completed(fails())
