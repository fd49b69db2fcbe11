"""PostgreSQL and Redis that can be killed, frozen and started again, with the same data on the same port."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
import redis

from tests.waiting import eventually


class Store:
    """Takes over the server behind `url`, which somebody else has started; `arguments` are those of its restarts."""

    def __init__(self, url: str, answers: Callable[[], object], arguments: Sequence[str] | None = None) -> None:
        self.url, self._answers = url, answers
        server = _listening_on(urlsplit(url).port or 0)
        uids = server.uids()
        program, *given = server.cmdline()
        program = program.split()[0]  # Redis shows its address there, and its file is a link that has another name
        self._command = [program, *(given if arguments is None else arguments)]
        self._folder, self._user, self._pid = server.cwd(), uids.effective, server.pid

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def processes(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(self._pid)
            return [first, *first.children(recursive=True)]
        return []

    def kill(self) -> None:
        """Kill all of its processes at once; return when they are gone."""
        there = self.processes()
        for process in there:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(there, timeout=10)

    def start(self) -> None:
        """Start it and return when it answers."""
        if self._runs():
            return
        self._process = subprocess.Popen(
            self._command,
            cwd=self._folder,
            user=self._user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._pid = self._process.pid
        eventually(self.ready, within=60)

    def ready(self) -> bool:
        try:
            self._answers()
        except (psycopg.Error, redis.RedisError):
            return False
        return True

    def _runs(self) -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            return bool(psutil.Process(self._pid).status() != psutil.STATUS_ZOMBIE)
        return False


def postgresql(url: str) -> Store:
    return Store(url, lambda: psycopg.connect(url, connect_timeout=2).close())


def redis_with(url: str, *, persistent: bool) -> Store:
    """Start a Redis that writes an append-only file before it answers, or one that forgets everything."""
    disk = ["--appendonly", "yes", "--appendfsync", "always"] if persistent else ["--appendonly", "no"]
    arguments = ["--port", str(urlsplit(url).port), "--bind", "127.0.0.1", "--save", "", *disk]
    store = Store(url, lambda: _client(url).ping(), arguments)
    store.kill()
    store.start()
    return store


def _client(url: str) -> Any:
    return redis.Redis.from_url(url, socket_timeout=2)


def _listening_on(port: int) -> psutil.Process:
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            return psutil.Process(connection.pid)
    raise RuntimeError(f"nothing listens on port {port}")
