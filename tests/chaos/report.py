"""What a storm did and what was left of it: in words, and as JSON for those who keep such figures."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Report:
    """Counts, and seconds."""

    mode: str
    seed: int
    raged_seconds: float
    settled_seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    not_injected: list[str] = field(default_factory=list)
    runs: int = 0
    completed: int = 0
    failed_before_a_checkpoint: int = 0
    attempts: list[int] = field(default_factory=list)
    failures_told: dict[str, int] = field(default_factory=dict)
    clients: int = 0
    connections: int = 0
    events_stored: int = 0
    events_heard: int = 0
    numbers_recomputed: int = 0

    def text(self) -> str:
        faults = ", ".join(f"{number} {what}" for what, number in sorted(self.faults.items()))
        lines = [
            f"Storm ({self.mode}, seed {self.seed}): {sum(self.faults.values())} faults in {self.raged_seconds:.0f} s",
            f"  injected: {faults}",
            *[f"  NOT INJECTED: {what}" for what in self.not_injected],
            f"  {self.runs} runs in {sum(self.attempts)} attempts (most: {max(self.attempts)}), all ended "
            f"{self.settled_seconds:.0f} s after the storm: {self.completed} completed, "
            f"{self.failed_before_a_checkpoint} failed before there was a checkpoint",
            *[f"  failed, told and resumed, {number}: {reason}" for reason, number in self.failures_told.items()],
            f"  {self.clients} clients on 2 web servers over {self.connections} connections heard "
            f"{self.events_heard} events: none missing, none twice",
            f"  {self.events_stored} events stored without a gap; each epoch once; "
            f"{self.numbers_recomputed} final numbers recomputed; no process, no half-written file left",
        ]
        return "\n".join(lines) + "\n"

    def save(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"storm-{self.mode}-{self.seed}.json"
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")
        return path
