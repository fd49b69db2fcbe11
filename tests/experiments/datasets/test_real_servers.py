"""Uploads against a real server: connections that break, a server that is killed, bodies without end."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings
from django.contrib.auth.models import User

from experiments.datasets.uploads import PIECE_LIMIT
from experiments.models import Dataset
from experiments.server.launcher import listen
from tests.experiments.training.datasets import with_csv, zipped
from tests.realtime.writing import new_user
from tests.servers import WebServer, server_environment
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


class Caller:
    """A client with a token; each call is a connection of its own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._headers = {"Authorization": f"Token {new_user()[1]}"}

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, self._headers | named)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, json.loads(content) if content else None

    def open(self, filename: str, size: int) -> str:
        body = json.dumps({"filename": filename, "size": size}).encode()
        status, upload = self.call("POST", "/api/datasets/uploads/", body, Content_Type="application/json")
        assert status == 201, upload
        return str(upload["links"]["self"])

    def piece(self, path: str, offset: int, content: bytes) -> tuple[int, Any]:
        return self.call("PATCH", path, content, Upload_Offset=str(offset))

    def break_off(self, path: str, offset: int, content: bytes) -> None:
        """Announce the whole piece, send half of it, and go away."""
        lines = [f"PATCH {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(content)}"]
        lines += [f"Upload-Offset: {offset}", *(f"{name}: {value}" for name, value in self._headers.items())]
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + content[: len(content) // 2])


def test_an_upload_outlives_a_cut_connection_and_a_killed_server(tmp_path: Path) -> None:
    content = zipped(with_csv(tmp_path / "lungs")).read_bytes()
    first, second = len(content) // 3, 2 * len(content) // 3
    with WebServer(tmp_path) as server:
        caller = Caller(server.port)
        upload = caller.open("lungs.zip", len(content))
        assert caller.piece(upload, 0, content[:first])[0] == 200
        caller.break_off(upload, first, content[first:second])
        assert caller.call("GET", upload)[1]["received"] == first
        assert caller.piece(upload, first, content[first:second])[0] == 200
        server.kill()
        server.start()
        assert caller.call("GET", upload)[1]["received"] == second
        assert caller.piece(upload, first, content[first:second])[0] == 409
        status, dataset = caller.piece(upload, second, content[second:])
    assert (status, dataset["state"]) == (201, "waiting")
    home = Path(tmp_path / "home")
    assert (home / "datasets" / "uploads" / Dataset.objects.get().path).read_bytes() == content


@pytest.fixture
def web(tmp_path: Path, transactional_db: None) -> Iterator[tuple[int, psutil.Process]]:
    """Start `manage.py web` as the launcher does; yield its port and its process."""
    listener = listen("127.0.0.1", 0)
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "web", "--fd", str(listener.fileno())]
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=server_environment(tmp_path), pass_fds=[listener.fileno()], stdout=log, stderr=log
        )
    try:
        yield listener.getsockname()[1], psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()
        listener.close()


def _answer_before_the_body(port: int) -> bytes:
    """Return the answer to a client that asks first, as curl does."""
    head = b"PATCH /x HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head % (PIECE_LIMIT + 1))
        while block := connection.recv(2**16):
            answer += block
    assert answer.startswith(b"HTTP/1.1 413 ")
    return answer


def _until_cut_off(port: int, head: bytes, block: bytes, most: int) -> tuple[int, bytes]:
    """Send `head`, then `block` repeatedly; return the bytes sent until the server refused, and its answer."""
    sent, answer = 0, b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head)
        with suppress(OSError):
            while sent < most:
                connection.sendall(block)
                sent += len(block)
        with suppress(OSError):
            answer = connection.recv(2**16)
    return sent, answer


def test_a_body_without_end_is_cut_off_and_stored_nowhere(web: tuple[int, psutil.Process], user: User) -> None:
    port, process = web
    caller = Caller(port)
    path = eventually(lambda: caller.open("t.csv", 2 * PIECE_LIMIT), within=60)
    before = process.memory_info().rss
    head = b"POST /api/experiments/centralized/train HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    announced = head + b"Content-Length: %d\r\n\r\n" % 2**40
    sent, answer = _until_cut_off(port, announced, bytes(2**20), 8 * PIECE_LIMIT)
    assert sent < 8 * PIECE_LIMIT
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    block = b"100000\r\n" + bytes(2**20) + b"\r\n"
    sent, _ = _until_cut_off(port, head + b"Transfer-Encoding: chunked\r\n\r\n", block, 8 * PIECE_LIMIT)
    assert sent < 8 * PIECE_LIMIT
    assert process.memory_info().rss - before < PIECE_LIMIT
    assert b"in pieces" in _answer_before_the_body(port)
    assert caller.piece(path, 0, bytes(PIECE_LIMIT))[0] == 200
    assert caller.call("GET", path)[1]["received"] == PIECE_LIMIT
