"""Decides how an attempt ended, from the outcome that its process sent and the requested stop. No database here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from experiments.supervision import end_messages
from experiments.training.contract.reports import Outcome
from runs.events import Ending
from runs.models import Run

StopRequest = Run.StopRequest


class Verdict(NamedTuple):
    """The status that a run gets, `queued` if it is to continue later; without a `reason`, the one requested stays."""

    status: Ending | Literal["queued"]
    reason: str | None = None
    crashed: bool = False  # the process was killed, but not by this worker


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that decides how an attempt ended."""

    exit: str  # the explanation where nothing else explains the end
    killed: bool = False  # a signal ended the process
    may_retry: bool = False  # it may be started again after such an end
    outcome: Outcome | None = None  # sent by the process at its end
    request: str = StopRequest.NONE  # the stop that a user requested
    draining: bool = False  # this worker shuts down
    trouble: str | None = None  # why we stopped the process ourselves
    over_time: str | None = None  # why the time limit left no result; None where it was not reached


def judge(evidence: Evidence) -> Verdict:
    """Decide how it ended. The outcome that the training sent is the truth, never its exit code."""
    said, request = evidence.outcome.status if evidence.outcome else None, evidence.request
    if said == "completed" and request != StopRequest.EVALUATE:
        return Verdict("completed")
    if said == "failed" and evidence.outcome:
        return Verdict("failed", evidence.outcome.reason)
    if request not in (StopRequest.NONE, StopRequest.FINISH):
        return Verdict("cancelled")
    if evidence.draining:
        return Verdict("queued", end_messages.DRAINED)
    return _not_finished(evidence) if request == StopRequest.FINISH else _broken_off(evidence)


def _broken_off(evidence: Evidence) -> Verdict:
    """Judge an attempt whose end nobody requested."""
    if evidence.trouble:
        return Verdict("failed", evidence.trouble)
    if evidence.outcome:  # it was interrupted
        return Verdict("failed", end_messages.STOPPED_FROM_OUTSIDE)
    status: Literal["queued", "failed"] = "queued" if evidence.killed and evidence.may_retry else "failed"
    return Verdict(status, evidence.exit, crashed=evidence.killed)


def _not_finished(evidence: Evidence) -> Verdict:
    """Judge an attempt that was told to evaluate what it had, and did not complete that."""
    if evidence.over_time:
        return Verdict("failed", evidence.over_time)
    if evidence.outcome:
        return Verdict("cancelled", end_messages.NOTHING_COMPLETE)
    return Verdict("failed", end_messages.DID_NOT_FINISH)
