"""The product's application, which stamps when a hub is woken, has read, and when a frame is made."""

from __future__ import annotations

from typing import Any

from benchmarks.live_stations import Stamps
from project.asgi import application
from realtime.hubs.hub import Hub
from realtime.wire.frames import Frame
from realtime.wire.ring_buffer import RingBuffer

__all__ = ["application"]
_stamps = Stamps()
_extend, _frame, _wake = RingBuffer.extend, Hub._shared, Hub.wake


def _stamped_wake(self: Hub) -> None:
    _stamps.at("hub woken", [self.head + 1])
    _wake(self)


def _stamped_extend(self: RingBuffer, items: Any) -> None:
    found = list(items)
    _stamps.at("read by the hub", [item.last for item in found])
    _extend(self, found)


def _stamped_frame(self: Hub, ring: RingBuffer, cursor: int, limit: int) -> Frame:
    frame = _frame(self, ring, cursor, limit)
    _stamps.at("frame made", range(cursor + 1, frame.last + 1))
    return frame


Hub.wake = _stamped_wake  # type: ignore[method-assign]
RingBuffer.extend = _stamped_extend  # type: ignore[method-assign]
Hub._shared = _stamped_frame  # type: ignore[method-assign]
