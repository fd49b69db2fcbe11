"""The clients at the head of a run's journal: what is new is written to all of them in one loop.

A task that wakes for each client and each frame makes a frame cost a third more. A client leaves when it cannot take
a frame at once, and is then served by its own task until it is at the head again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeAlias

from realtime.wire.frames import Frame

Push: TypeAlias = Callable[[Frame], bool]
"""Gives a client a frame, all of it or nothing; False: it cannot take it now. Never waits."""
SLICE_SECONDS = 0.002
"""How long the event loop writes to clients before it does what else there is: very many take five times as long."""


class Followers:
    """Those of one hub; to be used within one event loop."""

    def __init__(self) -> None:
        self._pushes: dict[asyncio.Future[None], Push] = {}

    def __bool__(self) -> bool:
        """Tell whether there is one."""
        return bool(self._pushes)

    async def follow(self, push: Push) -> None:
        """Let `push` have every frame until it refuses one, or `release`; raises what it raises."""
        left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pushes[left] = push
        try:
            await left
        finally:
            self._pushes.pop(left, None)

    async def push(self, frame: Frame) -> None:
        """Give the frame to all who follow now; who comes meanwhile has it, who goes gets it no more."""
        until = time.monotonic() + SLICE_SECONDS
        for left, push in [*self._pushes.items()]:
            if time.monotonic() >= until:
                await asyncio.sleep(0)
                until = time.monotonic() + SLICE_SECONDS
            if left in self._pushes:
                self._push_to(left, push, frame)

    def _push_to(self, left: asyncio.Future[None], push: Push, frame: Frame) -> None:
        try:
            if not push(frame):
                self._leave(left)
        except Exception as error:  # whatever one client's socket raises, the others get theirs
            self._leave(left, error)

    def release(self) -> None:
        """Let all of them go on by themselves."""
        for left in [*self._pushes]:
            self._leave(left)

    def _leave(self, left: asyncio.Future[None], error: Exception | None = None) -> None:
        del self._pushes[left]  # now: its task runs later, and must miss no frame and get none twice
        if left.done():  # its task was cancelled
            return
        if error is None:
            left.set_result(None)
        else:
            left.set_exception(error)
