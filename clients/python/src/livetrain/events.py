"""Events of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Event:
    """One event; the server's reference of events tells the types and the fields of `data`.

    Attributes:
        seq: counts 1, 2, 3, … per run.
        attempt: which attempt of the run it is of; a resume begins another one.
        timestamp: when it happened, in UTC.
    """

    type: str
    run_id: int
    seq: int
    attempt: int
    timestamp: datetime
    data: Mapping[str, Any]

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        """Return the event of an item as the server sends it."""
        return cls(
            item["type"],
            item["run_id"],
            item["seq"],
            item["attempt"],
            datetime.fromisoformat(item["timestamp"].replace("Z", "+00:00")),
            item["data"],
        )

    def item(self) -> dict[str, Any]:
        """Return it as it can be written as JSON."""
        return {
            "type": self.type,
            "run_id": self.run_id,
            "seq": self.seq,
            "attempt": self.attempt,
            "timestamp": self.timestamp.isoformat(),
            "data": dict(self.data),
        }
