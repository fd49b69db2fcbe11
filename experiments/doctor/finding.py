"""What `manage.py doctor` reports about one subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding with its cure. `fail`: the server cannot work like this. `warn`: it works, but not as it should."""

    level: Level
    subject: str
    text: str
    cure: str = ""

    def __str__(self) -> str:
        line = f"{self.level:<5}{self.subject}: {self.text}"
        return f"{line}\n     -> {self.cure}" if self.cure else line
