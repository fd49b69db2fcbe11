"""How an attempt ended, for every mixture of what was said, asked and seen."""

from __future__ import annotations

import pytest

from experiments.supervision import end_messages
from experiments.supervision.verdict import Evidence, Verdict, judge
from experiments.training.contract.reports import Outcome

COMPLETED = Outcome(status="completed", reason=None)
FAILED = Outcome(status="failed", reason="ValueError: no")
INTERRUPTED = Outcome(status="interrupted", reason=None)
KILLED = "It was killed by SIGKILL."


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        (Evidence(exit=KILLED, outcome=COMPLETED), Verdict("completed")),
        (Evidence(exit=KILLED, outcome=COMPLETED, request="cancel"), Verdict("completed")),
        (Evidence(exit=KILLED, outcome=COMPLETED, request="finish"), Verdict("completed")),
        (Evidence(exit=KILLED, outcome=COMPLETED, request="cancel_and_evaluate"), Verdict("cancelled")),
        (Evidence(exit=KILLED, outcome=COMPLETED, draining=True), Verdict("completed")),
        (Evidence(exit=KILLED, outcome=FAILED), Verdict("failed", "ValueError: no")),
        (Evidence(exit=KILLED, outcome=FAILED, request="kill"), Verdict("failed", "ValueError: no")),
        (Evidence(exit=KILLED, outcome=INTERRUPTED, request="cancel"), Verdict("cancelled")),
        (Evidence(exit=KILLED, request="kill", draining=True), Verdict("cancelled")),
        (Evidence(exit=KILLED, outcome=INTERRUPTED, draining=True), Verdict("queued", end_messages.DRAINED)),
        (Evidence(exit=KILLED, draining=True), Verdict("queued", end_messages.DRAINED)),
        (Evidence(exit=KILLED, request="finish"), Verdict("failed", end_messages.DID_NOT_FINISH)),
        (
            Evidence(exit=KILLED, outcome=INTERRUPTED, request="finish"),
            Verdict("cancelled", end_messages.NOTHING_COMPLETE),
        ),
        (Evidence(exit=KILLED, request="finish", over_time="Too long."), Verdict("failed", "Too long.")),
        (Evidence(exit=KILLED, outcome=INTERRUPTED), Verdict("failed", end_messages.STOPPED_FROM_OUTSIDE)),
        (Evidence(exit=KILLED, killed=True), Verdict("failed", KILLED, crashed=True)),
        (Evidence(exit=KILLED, killed=True, may_retry=True), Verdict("queued", KILLED, crashed=True)),
        (Evidence(exit="Exit code 3.", may_retry=True), Verdict("failed", "Exit code 3.")),
        (Evidence(exit=KILLED, killed=True, may_retry=True, trouble="Frozen."), Verdict("failed", "Frozen.")),
        (Evidence(exit=KILLED, killed=True, may_retry=True, request="cancel"), Verdict("cancelled")),
        (Evidence(exit=KILLED, killed=True, may_retry=True, draining=True), Verdict("queued", end_messages.DRAINED)),
        (
            Evidence(exit=KILLED, killed=True, may_retry=True, outcome=INTERRUPTED),
            Verdict("failed", end_messages.STOPPED_FROM_OUTSIDE),
        ),
        (Evidence(exit=KILLED, outcome=INTERRUPTED, trouble="Frozen."), Verdict("failed", "Frozen.")),
        (Evidence(exit=KILLED, trouble="Frozen."), Verdict("failed", "Frozen.")),
    ],
)
def test_verdict(evidence: Evidence, verdict: Verdict) -> None:
    assert judge(evidence) == verdict
