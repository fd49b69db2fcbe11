"""A small disk of its own, without root: a tmpfs in a mount namespace that outlives the processes put into it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.waiting import eventually

SIZE_MIB = 64
FILLER = ".filler"


class NoSmallDisk(Exception):
    """This machine lets nobody mount anything; the message says what it said."""


class SmallDisk:
    """`folder` lies on a full-sized disk for this process, and on the small one for commands with `prefix`."""

    def __init__(self, folder: Path, holder: int) -> None:
        self.folder = folder
        self.prefix = ["nsenter", "--target", str(holder), "--user", "--mount", "--preserve-credentials"]
        self._seen = Path(f"/proc/{holder}/root") / folder.relative_to("/")

    @property
    def seen(self) -> Path:
        """The same folder, as the commands see it."""
        return self._seen

    def fill(self) -> None:
        """Fill the disk to the last byte."""
        with (self._seen / FILLER).open("ab", buffering=0) as file:
            for size in (2**20, 4096, 1):
                _write_until_full(file.fileno(), size)

    def clear(self) -> None:
        """Free the space again."""
        (self._seen / FILLER).unlink(missing_ok=True)


def _write_until_full(descriptor: int, size: int) -> None:
    try:
        while os.write(descriptor, bytes(size)):
            pass
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Mount a small disk. Raises NoSmallDisk where user namespaces are closed to us, as in some containers."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        raise NoSmallDisk("unshare and nsenter (Debian's util-linux) are not installed")
    script = f'mount -t tmpfs -o size={SIZE_MIB}m storm "$0" && : > "$0/.mounted" && exec sleep infinity'
    holder = subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    disk = SmallDisk(folder, holder.pid)
    try:
        eventually(lambda: (disk.seen / ".mounted").exists() or holder.poll() is not None, within=10)
        if holder.poll() is not None:
            raise NoSmallDisk(holder.stderr.read().strip() if holder.stderr else "unshare ended")
        yield disk
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        if holder.stderr:
            holder.stderr.close()
