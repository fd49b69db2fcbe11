"""Sockets that killed workers left behind go, those of living ones and everything else stay."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from experiments.worker import stale_sockets
from tests.waiting import eventually

SERVING = """
import multiprocessing, time
from multiprocessing import forkserver
multiprocessing.set_start_method("forkserver")
forkserver.ensure_running()
print("ready", flush=True)
input()
started = multiprocessing.Process(target=time.sleep, args=(0,))
started.start()
started.join()
print(started.exitcode, flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a folder for temporary files whose path is short, as addresses of sockets must be."""
    made = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    monkeypatch.setenv("TMPDIR", str(made))
    return made


def aged(folder: Path) -> int:
    """Remove stale sockets as if all that is there were made a minute ago."""
    for path in folder.glob("pymp-*/*"):
        os.utime(path, (time.time() - 60,) * 2)
    return stale_sockets.remove_stale_sockets()


def test_a_killed_worker_s_socket_goes_and_a_living_one_s_stays(folder: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", SERVING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        for _ in range(2)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
        assert len(list(folder.glob("pymp-*"))) == 2
        assert aged(folder) == 0
        os.killpg(workers[0].pid, signal.SIGKILL)
        assert eventually(lambda: aged(folder)) == 1
        assert len(list(folder.glob("pymp-*/listener-*"))) == 1
        living = workers[1]
        assert living.stdin is not None
        assert living.stdout is not None
        living.stdin.write(b"go on\n")
        living.stdin.flush()
        assert living.stdout.readline() == b"0\n", "its fork server was disturbed"
    finally:
        for worker in workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
            worker.communicate()
    assert eventually(lambda: aged(folder)) == 1
    assert list(folder.iterdir()) == []
    folder.rmdir()


def test_nothing_else_is_removed(folder: Path) -> None:
    kept = folder / "pymp-other" / "listener-and-more"
    kept.parent.mkdir()
    kept.write_text("no socket")
    (folder / "pymp-mine").mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "pymp-mine" / "listener-1"))
    (folder / "pymp-mine" / "data").write_text("somebody's")
    assert stale_sockets.remove_stale_sockets() == 0  # just made
    assert aged(folder) == 1
    assert kept.exists()
    assert (folder / "pymp-mine" / "data").exists()
