"""The first web process and the first workers are forked: what they are called, inherit, and how they end."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import connections

from experiments.server import first_children, process_title
from experiments.server.adopted import Adopted
from experiments.server.launcher import Plan, children_of
from experiments.server.process_title import fitted
from tests.installation import ROOT

WORDS = ["/opt/bin/python", "manage.py", "worker", "--slots", "1"]


@pytest.mark.parametrize(
    ("room", "kept"),
    [
        (80, b"/opt/bin/python\0manage.py\0worker\0--slots\x001\0"),
        (42, b"/opt/bin/python\0manage.py\0worker\0--slots\0"),
        (33, b"/opt/bin/python\0manage.py\0worker\0"),
        (24, b"python\0manage.py\0worker\0"),
        (23, b"ython\0manage.py\0worker\0"),
    ],
)
def test_its_words_fill_the_room_of_its_parents(room: int, kept: bytes) -> None:
    found = fitted(WORDS, 2, room)
    assert found.rstrip(b"\0") + b"\0" == kept
    assert len(found) == room


def test_a_process_with_several_threads_is_not_forked() -> None:
    """A lock that another thread holds would never be released in the copy."""
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    assert not first_children.is_safe()
    over.set()
    other.join()
    alone = "import os; os.environ['OMP_NUM_THREADS'] = '1'; import django; django.setup(); "
    alone += "from experiments.server import first_children; print(first_children.is_safe())"
    done = subprocess.run([sys.executable, "-c", alone], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(sys.platform == "linux")


def test_the_web_process_comes_first_and_alone_gets_the_socket() -> None:
    plan = Plan(7, ["manage.py"], ["0", "none"], 2, 35.0, False, "", "INFO", pipe=(5, 6))
    web, *workers = children_of(plan)
    assert (web.command, web.arguments, web.descriptors) == ("web", ["--fd", "7", "--launcher=5:5"], [7, 5])
    assert [worker.name for worker in workers] == ["worker 1", "worker 2"]
    assert [worker.arguments for worker in workers] == [
        ["--slots", "2", "--gpus", share, "--launcher=5:35"] for share in ("0", "none")
    ]
    assert all((worker.command, worker.descriptors) == ("worker", [5]) for worker in workers)


@pytest.fixture
def pids(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let forking yield these process ids, and then be impossible; nothing of this process changes."""
    found = [101, 102, 103]

    def fork() -> int:
        if not found:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return found.pop(0)

    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(connections, "close_all", lambda: None)
    monkeypatch.setattr(first_children, "is_safe", lambda: True)
    return found


def test_what_cannot_be_forked_is_left_to_the_launcher(pids: list[int]) -> None:
    plan = Plan(7, ["manage.py"], ["none"] * 8, 1, 35.0, False, "", "INFO", pipe=(5, 6))
    assert first_children.fork(plan) == ([101, 102, 103], None)


def test_nothing_is_forked_once_loading_has_started_a_thread(pids: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(first_children, "_loaded", loaded.append)
    monkeypatch.setattr(first_children, "is_safe", lambda: not loaded)
    plan = Plan(7, ["manage.py"], ["none"], 1, 35.0, False, "", "INFO", pipe=(5, 6))
    assert first_children.fork(plan) == ([101], None)


@pytest.mark.parametrize(
    "stat",
    [
        "7 (python) R 1",
        "7 (python) R " + " ".join("0" * 49),
        "7 (python) R " + " ".join(["?"] * 49),
        "7 (python) R " + " ".join([str(2**80)] * 49),
        "7 (python) R " + " ".join([*"0" * 44, str(2**70), str(2**70 + 20), *"0" * 3]),
    ],
)
def test_a_system_that_tells_less_than_linux_keeps_the_name(stat: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda _: stat)
    before = Path("/proc/self/cmdline").read_bytes() if sys.platform == "linux" else b""
    assert process_title.replace("serve", ["web", "--fd", "3"]) == ["manage.py", "web", "--fd", "3"]
    assert not before or Path("/proc/self/cmdline").read_bytes() == before


def forked(seconds: float = 60.0) -> Adopted:
    """Start a process as if it had been forked before this program began."""
    return Adopted(os.posix_spawnp("sleep", ["sleep", str(seconds)], os.environ))


def test_the_end_of_an_adopted_child_is_noticed_and_its_code_kept() -> None:
    child = forked()
    assert child.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.05)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait(20) == -9
    assert child.poll() == -9
    child.terminate()  # nobody: its number may be another's by now


def test_the_end_of_an_adopted_child_is_noticed_where_the_system_keeps_no_code() -> None:
    """A service manager may have left SIGCHLD ignored, which `exec` keeps."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        child = forked()
        assert child.poll() is None
        child.kill()
        assert child.wait(20) == 0
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_an_adopted_child_is_told_to_end() -> None:
    child = forked()
    child.terminate()
    assert child.wait(20) == -signal.SIGTERM
    child = forked()
    child.kill()
    assert child.wait(20) == -signal.SIGKILL
