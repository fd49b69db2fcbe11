"""A wire between clients and a web server that can be cut: cleanly, in the middle of a frame, or without a word."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable
from typing import Literal

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)  # linger for 0 seconds: close with RST


class Link:
    """One connection through the wire."""

    def __init__(self, client: socket.socket, server: socket.socket, ended: Callable[[Link], None]) -> None:
        self._ends, self._ended = (client, server), ended
        self._deaf = False  # what comes is swallowed, and neither end hears why
        self._keep: float | None = None  # share of the next piece from the server to let through before the cut
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def cut(self) -> None:
        """Reset both ends, those of a deaf one too."""
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ended(self)

    def cut_within_next_piece(self, share: float) -> None:
        """Let only the first part of what the server sends next through."""
        self._keep = share

    def go_deaf(self) -> None:
        """Make the connection half-open: both ends believe in the connection, nothing arrives any more."""
        self._deaf = True

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(CHUNK):
                if self._deaf:
                    continue
                if self._keep is not None and source is self._ends[1]:
                    sink.sendall(piece[: int(len(piece) * self._keep)])
                    break
                sink.sendall(piece)
        if self._deaf:  # nor does the other end hear that this one has given up
            source.close()
        else:
            self.cut()


class Proxy:
    """Listens on a port of its own and passes everything on to `port`, for as long as it is left alone.

    `fail` takes all of it away for a time, `recover` ends that; the others do some harm to some connections.
    """

    def __init__(self, port: int, chance: random.Random) -> None:
        self._target, self._chance = port, chance
        self._links: set[Link] = set()
        self._lock = threading.Lock()
        self._silent = False
        self.port = 0
        self._listen()

    def close(self) -> None:
        self._close_listener()
        for link in self._open():
            link.cut()

    def fail(self, how: Literal["refuse", "silence"]) -> None:
        """Fail: reset all connections and refuse new ones, or let nothing arrive without an error."""
        if how == "refuse":
            self._close_listener()
        self._silent = how == "silence"
        for link in self._open():
            link.go_deaf() if self._silent else link.cut()

    def recover(self) -> None:
        """Let new connections pass again; those from before stay silent, as after a change of network."""
        if self._silent:
            self._silent = False
        else:
            self._listen()

    def cut(self) -> int:
        """Reset some of the connections; returns how many."""
        return self._each(Link.cut)

    def cut_within_frames(self) -> int:
        """Cut some of the connections within what their server sends next; return how many."""
        return self._each(lambda link: link.cut_within_next_piece(self._chance.random()))

    def half_open(self) -> int:
        """Let some of the connections go deaf; return how many."""
        return self._each(Link.go_deaf)

    def _open(self) -> list[Link]:
        with self._lock:
            return list(self._links)

    def _each(self, fault: Callable[[Link], None]) -> int:
        """Return half of the present connections."""
        there = self._open()
        some = self._chance.sample(there, (len(there) + 1) // 2)
        for link in some:
            fault(link)
        return len(some)

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _close_listener(self) -> None:
        """Shut the listener down; closing alone would let the thread wait on, and the kernel accept a connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
                except OSError:
                    client.close()
                    continue
                server.settimeout(None)
                with self._lock:
                    link = Link(client, server, self._forget)
                    self._links.add(link)
                if self._silent:
                    link.go_deaf()

    def _forget(self, link: Link) -> None:
        with self._lock:
            self._links.discard(link)
