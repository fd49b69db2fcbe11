"""What reading one image or row gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class ReadInput:
    """One input: its `value` as the network's data module would hold it, or the `problem` with its cure.

    `facts` say what was read, as plain values; `notes` among them are sentences for people.
    """

    name: str
    value: Tensor | None = None
    problem: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
