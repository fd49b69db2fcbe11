"""Datagrams between the processes of one machine: who sends one to a folder reaches every socket that is bound there.

Sending never waits, and whatever fails (a full queue, a socket whose process was killed, no such sockets on this
system) loses the datagram: who listens must find out in another way, a moment later.
"""

from __future__ import annotations

import contextlib
import os
import socket
import zlib
from itertools import count
from pathlib import Path

PATH_BYTES = 100
"""What every system takes as the address of a socket (Linux: 107); a longer path can have none."""
_numbers = count()


def send(folder: Path, message: bytes) -> None:
    """Send to all sockets that are bound in the folder; never blocks, never raises."""
    with contextlib.suppress(OSError):
        addresses = [entry.path for entry in os.scandir(folder)]
        if addresses:
            with datagrams() as opened:
                _send_to_all(opened, addresses, message)


def _send_to_all(opened: socket.socket, addresses: list[str], message: bytes) -> None:
    for address in addresses:
        with contextlib.suppress(OSError):  # of another machine, of a process that was killed, or with too much to do
            opened.sendto(message, address)


def datagrams() -> socket.socket:
    """Open a socket for datagrams that never blocks."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    opened.setblocking(False)
    return opened


class BoundSocket:
    """A socket of this process in a folder, which is made where it is missing. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{_machine()}-{os.getpid()}-{next(_numbers)}"
        if len(os.fsencode(self._path)) > PATH_BYTES:
            raise OSError(f"{self._path} is too long for a socket.")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_stale(folder)
        self._path.unlink(missing_ok=True)  # of a killed process that had this one's number
        self.socket = datagrams()
        try:
            self.socket.bind(str(self._path))
        except OSError:
            self.socket.close()
            raise

    def close(self) -> None:
        """Close and remove it."""
        self.socket.close()
        with contextlib.suppress(OSError):
            self._path.unlink()


def remove_stale(folder: Path) -> None:
    """Remove the sockets of this machine's processes that were killed; the home may be shared with other machines."""
    own = f"{_machine()}-"
    with datagrams() as opened:
        for path in folder.iterdir():
            try:
                opened.connect(str(path))
            except ConnectionRefusedError:
                if path.name.startswith(own):
                    path.unlink(missing_ok=True)
            except OSError:
                continue


def _machine() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"
