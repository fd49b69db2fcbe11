"""A run may be stopped before it has a process."""

from __future__ import annotations

import threading

import pytest

from experiments.processes import fork_server
from runs import lifecycle
from runs.models import Run
from tests.experiments.supervision.test_supervisor import Background, events_of
from tests.waiting import eventually


@pytest.mark.parametrize("how", ["cancel", "kill", "drain"])
def test_what_stops_a_run_needs_not_wait_for_the_fork_server(
    queued: Run, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """It loads for seconds, and a process that was asked for comes only then."""
    loaded = threading.Event()
    monkeypatch.setattr(fork_server, "own", server := fork_server.ForkServer())
    for name in ("_start", "_end"):
        monkeypatch.setattr(fork_server, name, lambda: None)
    monkeypatch.setattr(fork_server, "_loads", lambda: loaded.wait(30))
    supervision = Background()
    eventually(lambda: server._users)
    if how == "drain":
        supervision.draining.set()
    else:
        assert lifecycle.cancel(queued.pk, "No.", how)
    assert supervision.wait()
    assert not loaded.is_set()
    loaded.set()
    queued.refresh_from_db()
    assert queued.status == ("queued" if how == "drain" else "cancelled")
    assert "training_start" not in events_of(queued)
