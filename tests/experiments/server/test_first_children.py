"""The first web process and the first workers are forked: what they are called, inherit, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from experiments.server import first_children
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


def test_an_adopted_child_is_told_to_end() -> None:
    child = forked()
    child.terminate()
    assert child.wait(20) == -signal.SIGTERM
    child = forked()
    child.kill()
    assert child.wait(20) == -signal.SIGKILL
