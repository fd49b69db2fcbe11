"""A client that never stops listening, whatever happens to its connections."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import threading
from collections.abc import Sequence
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

SILENT = logging.getLogger("tests.chaos.sockets")  # each cut connection would cost a page of the log
SILENT.setLevel(logging.CRITICAL)
PATIENCE_SECONDS = 3.0  # after so long without an answer to a ping, a connection counts as dead


class Listener(threading.Thread):
    """Follows one run over any number of connections, each to any of the ports; keeps every number it is told."""

    def __init__(self, ports: Sequence[int], token: str, run_id: int, chance: random.Random) -> None:
        super().__init__(daemon=True, name=f"listener of run {run_id}")
        self.run_id, self.heard, self.connections = run_id, [0], 0
        self._ports, self._chance, self._ended = list(ports), chance, threading.Event()
        self._acknowledges = chance.random() < 0.5
        self._headers = {"Authorization": f"Token {token}"}

    def run(self) -> None:
        while not self._ended.wait(0.1):
            with contextlib.suppress(OSError, WebSocketException, EOFError), self._connected() as socket:
                self.connections += 1
                self._listen(socket)

    def end(self) -> None:
        self._ended.set()
        self.join(20)

    def _listen(self, socket: ClientConnection) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                self._take(json.loads(socket.recv(timeout=0.5)))
                if self._acknowledges:
                    socket.send(json.dumps({"ack": self.heard[-1]}))

    def _connected(self) -> ClientConnection:
        address = f"ws://127.0.0.1:{self._chance.choice(self._ports)}/ws/runs/{self.run_id}/?after={self.heard[-1]}"
        return connect(
            address + ("&ack=1" if self._acknowledges else ""),
            additional_headers=self._headers,
            open_timeout=PATIENCE_SECONDS,
            close_timeout=0.5,
            ping_interval=PATIENCE_SECONDS / 2,
            ping_timeout=PATIENCE_SECONDS,
            logger=SILENT,
        )

    def _take(self, frame: list[dict[str, Any]]) -> None:
        for item in frame:
            self.heard.extend(range(item["from"], item["to"] + 1) if item["type"] == "skipped" else [item["seq"]])
