"""Flow control: how much a client may be sent that it may not have read yet.

A server such as Daphne takes whatever is sent and keeps it in memory until the socket does, so the bound must be
here. A client that acknowledges (`?ack=1`, or by its first `{"ack": seq}`) is sent at most `ACK_EVENTS` events and
about `ACK_CHARACTERS` characters beyond its last acknowledgement. One that never does is believed to read
`PACE` characters a second after a first `BURST`: it is never cut off, it falls behind, and gets larger and then
fewer frames. So a client that has stopped reading costs at most `BURST` + `PACE` for each second until the server's
ping finds it dead (Daphne: within a minute).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable

from realtime.wire.frames import FRAME_EVENTS, Frame

ACK_EVENTS = 5_000
ACK_CHARACTERS = 4_194_304
BURST = 4_194_304
PACE = 524_288


class FlowControl:
    """One client's allowance; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._acknowledges = False
        self._clock = clock
        self._credit, self._credited_at = float(BURST), clock()
        self._unread: deque[tuple[int, int, int]] = deque()  # of each frame: last number, events, characters
        self._unread_events = 0
        self._unread_characters = 0
        self._changed = asyncio.Event()

    def allowance(self) -> int:
        """Return how many events may be sent now."""
        if not self._acknowledges:
            return FRAME_EVENTS if self._refilled() > 0 else 0
        if self._unread_characters >= ACK_CHARACTERS:
            return 0
        return min(FRAME_EVENTS, ACK_EVENTS - self._unread_events)

    async def wait_for_allowance(self) -> int:
        """Wait until something may be sent, and return how many events."""
        while not (allowance := self.allowance()):
            self._changed.clear()
            refill = None if self._acknowledges else -self._credit / PACE + 0.01
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), refill)
        return allowance

    def sent(self, frame: Frame) -> None:
        """Count a frame that was sent."""
        self._credit = self._refilled() - len(frame.text)
        if self._acknowledges:
            self._unread.append((frame.last, frame.events, len(frame.text)))
            self._unread_events += frame.events
            self._unread_characters += len(frame.text)

    def acknowledged(self, seq: int) -> None:
        """Note that the client has everything up to `seq`; from now on its acknowledgements count."""
        self._acknowledges = True
        while self._unread and self._unread[0][0] <= seq:
            _, events, characters = self._unread.popleft()
            self._unread_events -= events
            self._unread_characters -= characters
        self._changed.set()

    def _refilled(self) -> float:
        now = self._clock()
        self._credit = min(float(BURST), self._credit + (now - self._credited_at) * PACE)
        self._credited_at = now
        return self._credit
