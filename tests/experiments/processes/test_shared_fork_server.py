"""The workers of a machine share one fork server: it outlives who started it, and ends when nobody needs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil
import pytest

from tests.installation import ROOT
from tests.waiting import eventually

WORKER = """
import os, socket, sys
from multiprocessing import forkserver
from pathlib import Path
import psutil
from experiments.processes import fork_server
from experiments.processes.fork_server import CONTEXT, own

def use():
    child = CONTEXT.Process(target=os.getppid)
    child.start()
    child.join()
    return child.exitcode

def lose():
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(address())

def set_clock():
    psutil._pslinux.boot_time = lambda: 1e9

def have_pid():
    forkserver._forkserver._forkserver_pid = own._shared._read().pid

if __name__ == "__main__":
    CONTEXT.set_forkserver_preload(["experiments.training.loading.lost_clients"])  # PyTorch would take seconds
    own.share(Path(sys.argv[1]))
    ahead = lambda: (own.load_ahead(), own._loading and own._loading.join())
    address = lambda: forkserver._forkserver._forkserver_address
    does = {"enter": own.enter, "leave": own.leave, "use": use, "close": own.close, "end": lambda: own.end_if_idle(0),
            "later": lambda: own.end_if_idle(600), "pid": fork_server._pid, "loaded": own._is_loaded,
            "note": own._note_loaded, "ahead": ahead, "address": address, "lose": lose, "clock": set_clock,
            "same number": have_pid, "told": lambda: os.waitpid(own._shared._started, 0)}
    for line in sys.stdin:
        answer = does[line.strip()]()
        print(answer, flush=True)
"""


class Worker:
    """A process that does with the fork server what it is told."""

    def __init__(self, folder: Path, *before: str, **environment: str) -> None:
        command = [*before, sys.executable, "-c", WORKER, str(folder)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def does(self, *words: str) -> str:
        """Have it do this, and return what came of the last."""
        asked, answers = self.process.stdin, self.process.stdout
        assert asked is not None
        assert answers is not None
        return [_answered(asked, answers, word) for word in words][-1]

    def kill(self) -> None:
        """Kill it; its output goes on where it has started the fork server."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None and not stream.closed:
                with suppress(BrokenPipeError):
                    stream.close()


def _answered(asked: IO[str], answers: IO[str], word: str) -> str:
    asked.write(word + "\n")
    asked.flush()
    return answers.readline().strip()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[list[Worker]]:
    """Start two workers of the same installation."""
    started = [Worker(tmp_path, HOME="/") for _ in range(2)]
    yield started
    for worker in started:
        worker.kill()


def process(worker: Worker) -> psutil.Process:
    """Return the fork server that the worker has reached."""
    return psutil.Process(int(worker.does("pid")))


def is_gone(one: psutil.Process) -> bool:
    return not one.is_running() or one.status() == psutil.STATUS_ZOMBIE


def test_workers_share_one_and_it_outlives_who_started_it(workers: list[Worker]) -> None:
    first, second = workers
    assert [worker.does("enter", "use") for worker in workers] == ["0", "0"]
    server = process(first)
    assert process(second) == server
    assert server.parent() == psutil.Process(first.process.pid)
    assert os.getsid(server.pid) == server.pid, "signals to the terminal of that worker pass by"
    first.kill()
    assert second.does("use") == "0"
    assert process(second) == server
    second.kill()
    eventually(lambda: is_gone(server))


def test_it_is_ended_only_when_no_worker_uses_it(workers: list[Worker]) -> None:
    first, second = workers
    first.does("enter")
    second.does("enter")
    server = process(first)
    assert first.does("end") == "False", "it uses it itself"
    assert first.does("leave", "end") == "False", "the other one uses it"
    assert second.does("leave", "later") == "False", "not for so long"
    assert second.does("end") == "True", "also one that another has started"
    eventually(lambda: is_gone(server))
    assert first.does("end") == "False", "once"
    assert second.does("enter", "use") == "0"
    assert process(second) != server
    second.kill()
    assert first.does("end") == "True", "who was killed uses it no more"


def test_one_that_was_killed_or_cannot_be_reached_is_replaced(workers: list[Worker], tmp_path: Path) -> None:
    first, second = workers
    assert [worker.does("enter", "note", "loaded") for worker in workers] == ["True", "True"]
    killed = process(first)
    killed.kill()  # by the system, when memory runs out
    eventually(lambda: is_gone(killed))
    assert second.does("loaded") == "False"
    assert [worker.does("use") for worker in workers] == ["0", "0"]
    server = process(second)
    assert process(first) == server != killed
    [known] = [json.loads(path.read_text()) for path in tmp_path.glob("*.json")]
    Path(known["address"]).unlink()  # by the system, which clears away what is old
    assert [worker.does("use") for worker in workers] == ["0", "0"]
    assert process(first) == process(second) != server
    eventually(lambda: is_gone(server))  # nobody has anything of it


def test_the_last_worker_that_ends_clears_up_and_no_other(workers: list[Worker]) -> None:
    first, second = workers
    assert [worker.does("enter", "use", "leave") for worker in workers] == ["None", "None"]
    server = process(first)
    address = second.does("address")
    first.does("close")  # and lives on for a while, as one does that stops at the same time
    assert second.does("use") == "0"
    assert process(second) == server
    second.does("close")
    eventually(lambda: is_gone(server))
    assert not Path(address).parent.exists()


def test_it_outlives_a_worker_that_is_killed_when_it_has_said_nothing_yet(workers: list[Worker]) -> None:
    first, second = workers
    assert [worker.does("enter", "use") for worker in workers] == ["0", "0"]
    server = process(first)
    assert first.does("lose", "use") == "0"
    assert second.does("use") == "0"
    assert process(first) == process(second) == server


def test_it_is_known_after_the_clock_was_set(workers: list[Worker]) -> None:
    """Times of creation are counted from the machine's start, which is where the clock says."""
    first, second = workers
    assert first.does("enter", "use") == "0"
    assert second.does("clock", "enter", "use") == "0"
    assert process(first) == process(second)
    assert second.does("leave", "end") == "False", "the other one uses it"


def test_another_one_with_the_same_process_id_is_another(workers: list[Worker]) -> None:
    first, second = workers
    assert [worker.does("enter", "use") for worker in workers] == ["0", "0"]
    process(first).kill()
    assert first.does("told", "use") == "0", "that it ended, something else was told"
    assert second.does("same number", "use") == "0"
    assert process(first) == process(second)


def test_one_of_those_who_are_told_loads_it_ahead(workers: list[Worker], tmp_path: Path) -> None:
    """Here the others find it started: what waits until it has loaded all would count as a second use."""
    first, second = workers
    first.does("ahead")
    assert process(first) == psutil.Process(int(second.does("ahead", "pid")))
    assert second.does("ahead").endswith("None)"), "it waits for nothing"


def test_another_environment_has_another(tmp_path: Path) -> None:
    """Trainings inherit it."""
    workers = [Worker(tmp_path, HOME="/", PROXY=name) for name in ("a", "b")]
    try:
        assert [worker.does("enter", "use") for worker in workers] == ["0", "0"]
        assert process(workers[0]) != process(workers[1])
    finally:
        for worker in workers:
            worker.kill()


def test_another_priority_has_another(tmp_path: Path) -> None:
    """As with limits, processors and rights: trainings have those of their fork server."""
    workers = [Worker(tmp_path, HOME="/"), Worker(tmp_path, "nice", "-n", "3", HOME="/")]
    try:
        assert [worker.does("enter", "use") for worker in workers] == ["0", "0"]
        assert process(workers[1]).nice() == process(workers[0]).nice() + 3
    finally:
        for worker in workers:
            worker.kill()
