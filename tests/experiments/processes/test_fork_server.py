"""The fork server: there while it is used, gone when it was idle for long enough, and back again."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from experiments.processes import fork_server
from experiments.processes.fork_server import ForkServer
from tests.installation import ROOT
from tests.waiting import eventually


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Write down what would be done."""
    done: list[str] = []
    monkeypatch.setattr(fork_server, "_start", lambda: done.append("start"))
    monkeypatch.setattr(fork_server, "_end", lambda: done.append("end"))
    return done


def test_the_first_user_starts_it_and_only_idleness_ends_it(log: list[str]) -> None:
    server = ForkServer()
    assert not server.end_if_idle(0), "never started"
    with server.in_use():
        with server.in_use():
            assert not server.end_if_idle(0)
        assert not server.end_if_idle(0), "the other one is still there"
    assert not server.end_if_idle(60), "not for so long"
    assert server.end_if_idle(0)
    assert not server.end_if_idle(0), "once"
    with server.in_use():
        assert log == ["start", "end", "start"]


def test_who_ends_it_never_waits_for_who_starts_it(log: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat ends it: a worker that does not report for long is taken for lost."""
    server, starting, started = ForkServer(), threading.Event(), threading.Event()

    def slowly() -> None:
        starting.set()
        started.wait(20)

    monkeypatch.setattr(fork_server, "_start", slowly)
    user = threading.Thread(target=server.enter)
    user.start()
    assert starting.wait(20)
    assert not server.end_if_idle(0)
    started.set()
    user.join()
    assert not server.end_if_idle(0)


def test_a_lease_is_renewed_while_it_loads(log: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_server, "WAIT_SECONDS", 0.01)
    server, loaded, renewed = ForkServer(), threading.Event(), list[int]()
    monkeypatch.setattr(fork_server, "_loads", lambda: loaded.wait(20))
    with server.in_use():
        loading = threading.Thread(target=server.load, args=(lambda: renewed.append(1),))
        loading.start()
        eventually(lambda: len(renewed) > 3)
        loaded.set()
        loading.join()
        before = len(renewed)
        server.load(lambda: renewed.append(1))
    assert len(renewed) == before, "loaded once"


def test_who_waits_may_give_up_while_it_loads(log: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    server, loaded = ForkServer(), threading.Event()
    monkeypatch.setattr(fork_server, "_loads", lambda: loaded.wait(20))

    def give_up() -> None:
        raise LookupError

    with pytest.raises(LookupError), server.in_use():
        server.load(give_up, 0.01)
    assert not server.end_if_idle(0), "it is still loading"
    loaded.set()
    eventually(lambda: server.end_if_idle(0))
    assert log == ["start", "end"]


def test_one_that_was_started_again_has_loaded_nothing(log: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As after the system has killed it: nobody noticed, and a child would wait for it."""
    server, pid, loads = ForkServer(), [10], list[int]()

    def loaded() -> bool:
        loads.append(pid[0])
        return True

    monkeypatch.setattr(fork_server, "_pid", lambda: pid[0])
    monkeypatch.setattr(fork_server, "_loads", loaded)
    with server.in_use():
        for pid[0] in (10, 10, 20, 20):
            server.load(lambda: None)
    assert loads == [10, 20]


SCRIPT = """
import shutil
from multiprocessing import util

import psutil
from experiments.processes import fork_server
from tests.waiting import eventually

def servers():
    return [one for one in psutil.Process().children() if "forkserver" in " ".join(one.cmdline())]

def use():
    with fork_server.own.in_use():
        child = fork_server.CONTEXT.Process(target=len, args=("",))
        child.start()
        child.join()
        assert child.exitcode == 0, child.exitcode

if __name__ == "__main__":
    fork_server.CONTEXT.set_forkserver_preload([])  # PyTorch would take seconds
    assert not servers()
    for _ in range(2):
        use()
        assert len(servers()) == 1, servers()
        assert fork_server.own.end_if_idle(0)
        assert not psutil.Process().children(), "it leaves nothing"
    use()
    servers()[0].kill()  # by the system, when memory runs out
    assert fork_server.own.end_if_idle(0)
    use()
    shutil.rmtree(util.get_temp_dir())  # by the system, which clears away what is old
    use()
    assert len(servers()) == 1, servers()
    shutil.rmtree(util.get_temp_dir())
    assert fork_server.own.end_if_idle(0)
    use()
    print("right")
"""


def test_a_real_one_goes_and_comes_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "right", done.stderr
