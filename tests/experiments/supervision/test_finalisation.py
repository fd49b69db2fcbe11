"""The end of an attempt: files, then the status."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from experiments.supervision.database_retry import DatabaseRetry
from experiments.supervision.finalisation import Finalisation
from experiments.supervision.verdict import Verdict
from runs import lifecycle
from runs.leases import Fenced
from runs.models import Run


def test_who_lost_the_run_clears_nothing_up_that_the_next_attempt_is_writing(queued: Run) -> None:
    run = lifecycle.claim(queued.pk, "first")
    assert run is not None
    half = run.folder / "checkpoints" / ".0123456789abcdef.tmp"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    Run.objects.filter(pk=run.pk).update(attempt=2, worker="second")
    database = DatabaseRetry(run.pk, draining=threading.Event(), lost=threading.Event())
    no_uploads: Any = None
    finalisation = Finalisation(run, no_uploads, database, is_urgent=lambda: False, worked=lambda: 1.0)
    with pytest.raises(Fenced):
        finalisation.finalise(Verdict("completed", None))
    assert half.read_bytes() == b"half"
    assert list(run.folder.glob("*.csv")) == []
