"""The launcher: ports, restarts, and a clean stop."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.server import launcher
from experiments.server.launcher import Child, PortTaken, listen
from tests.installation import ROOT
from tests.waiting import eventually


def test_a_port_asked_for_is_taken_or_refused() -> None:
    with listen("127.0.0.1", None) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)):
            listen("127.0.0.1", port)
        with listen("127.0.0.1", None) as second:
            assert second.getsockname()[1] > port


def test_a_foreign_address_is_refused_in_words() -> None:
    with pytest.raises(PortTaken, match=r"203\.0\.113\.1"):
        listen("203.0.113.1", 8000)


def test_the_socket_accepts_while_nobody_serves_it() -> None:
    with listen("127.0.0.1", None) as listener, socket.create_connection(listener.getsockname(), timeout=2):
        pass


def test_a_child_that_ends_is_started_again(tmp_path: Path) -> None:
    log = tmp_path / "starts"
    child = Child("counter", [sys.executable, "-c", f"open({str(log)!r}, 'a').write('x')"])

    def starts() -> int:
        child.keep_alive()
        return len(log.read_text()) if log.exists() else 0

    eventually(lambda: starts() >= 2)
    child.stop(5)


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    script = f"import signal, time; signal.signal(15, signal.SIG_IGN); open({str(ready)!r}, 'w'); time.sleep(60)"
    child = Child("deaf", [sys.executable, "-c", script])
    child.keep_alive()
    eventually(ready.exists)
    child.stop(0.2)


def test_a_child_that_cannot_be_started_is_tried_again_and_ends_no_launcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where the system has no room for another process."""
    monkeypatch.setattr(launcher, "FIRST_PAUSE_SECONDS", 0.1)
    program = tmp_path / "program"
    child = Child("late", [str(program)])

    def looked_after() -> bool:
        child.keep_alive()
        return True

    eventually(lambda: looked_after() and len(caplog.records) >= 2)
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'started'}\nsleep 60\n")
    program.chmod(0o700)
    eventually(lambda: looked_after() and (tmp_path / "started").exists())
    child.stop(5)
    assert caplog.messages[0] == "late could not be started; trying again in 0.1 s"


def test_it_loads_nothing_of_the_server() -> None:
    """It waits for months beside the others: with Django it took as much memory as a worker."""
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import experiments.server.launcher; print(*sys.modules)"
    command = [sys.executable, "-P", "-S", "-c", script]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    ours = ("experiments", "runs", "project", "realtime", "accounts", "access", "audit", "notifications", "request_ids")
    own = {name for name in loaded if name.startswith(ours)}
    assert own == {
        *("experiments", "experiments.server", "experiments.server.adopted"),
        *("experiments.server.launcher", "experiments.server.launcher_watch"),
        *("runs", "runs.failures", "runs.failures.backoff", "runs.json_logging"),
        *("request_ids", "request_ids.current"),
    }
    assert not {name.partition(".")[0] for name in loaded} & {"django", "http", "email", "ssl", "urllib"}


def test_a_signal_during_the_preparation_stops_it_cleanly() -> None:
    """Held over the exec, it finds a launcher that listens, and whose children end with it."""
    script = f"""
import os, signal
from experiments.server import launcher
launcher.hold_signals()
os.kill(os.getpid(), signal.SIGTERM)
listener = launcher.listen("127.0.0.1", None).detach()
manage = ["/bin/sh", "-c", "exec sleep 60"]
plan = launcher.Plan(listener, manage, ["none"], 1, 5.0, False, "", "INFO")
launcher.become(plan, {str(ROOT)!r})
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert '"message": "stopped"' in done.stderr
