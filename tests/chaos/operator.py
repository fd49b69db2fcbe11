"""Looks after the runs: resumes what has failed, and keeps the reason of each failure."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from tests.chaos.site import Site
from tests.waiting import eventually

TRUTHS = {
    # what a failed run may say, and which of the faults must have been injected for that to be true
    r"was killed by SIGKILL": ("training killed", "machine rebooted", "worker killed", "launcher killed"),
    r"ended for an unknown reason": ("forkserver killed", "machine rebooted", "worker killed", "launcher killed"),
    r"because its supervisor was gone": ("worker killed", "worker frozen", "launcher killed", "machine rebooted"),
    r"[Dd]isk is full|No space left on device": ("disk full",),
    r"could not be started: .*(forkserver|EOF|Connection|Broken pipe)": ("forkserver killed",),
}


class Untrue(AssertionError):
    """A run says something of itself that did not happen."""


class Operator:
    """Brings each run to its end, however often it must be resumed."""

    def __init__(self, site: Site, runs: list[int]) -> None:
        self.failures: Counter[str] = Counter()
        self.ended: dict[int, dict[str, Any]] = {}
        self.last_seen: dict[int, Any] = {}  # status, attempt, last complete epoch, reason
        self._site, self._runs = site, runs

    def wait_until_something_is_learnt(self) -> None:
        """Wait until a run has completed an epoch: an earlier storm would only find processes that load."""
        eventually(lambda: any(self._detail(run_id)["last_checkpoint"] for run_id in self._runs), within=120, every=0.5)

    def bring_to_an_end(self, faults: Counter[str]) -> None:
        """Wait until every run is completed, or has failed before it had anything to resume from."""
        eventually(lambda: self._look_around(faults), within=600 + 30 * len(self._runs), every=0.3)

    def _look_around(self, faults: Counter[str]) -> bool:
        for run_id in self._runs:
            if run_id not in self.ended:
                self._look_after(run_id, faults)
        return len(self.ended) == len(self._runs)

    def _look_after(self, run_id: int, faults: Counter[str]) -> None:
        detail = self._detail(run_id)
        if detail["status"] == "failed":
            self.failures[_truth(detail["reason"], faults)] += 1
            if not detail["last_checkpoint"]:
                self.ended[run_id] = detail
                return
            self._site.post(f"/api/runs/{run_id}/resume/", {})
        elif detail["status"] == "completed":
            self.ended[run_id] = detail

    def _detail(self, run_id: int) -> dict[str, Any]:
        detail: dict[str, Any] = self._site.ask(f"/api/runs/{run_id}/")
        told = ("status", "attempt", "last_checkpoint", "reason")
        self.last_seen[run_id] = [detail[name] for name in told]
        return detail


def _truth(reason: str, faults: Counter[str]) -> str:
    for said, causes in TRUTHS.items():
        if re.search(said, reason):
            if not any(faults[cause] for cause in causes):
                raise Untrue(f"{reason!r}, but the storm injected {dict(faults)}")
            return reason
    raise Untrue(f"nothing in the storm makes this true: {reason!r}")
