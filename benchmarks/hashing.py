"""How long it takes to list and hash a data set of many small files, as its check does.

50,000 files of 4 KiB in ten folders, in a temporary folder, so mostly in the system's cache: what is measured is our
own cost per file. The ratio is to the plainest loop: open, read, `hashlib.sha256`, one file after the other.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from experiments.training.data.files.content_hash import THREADS, content_hash
from experiments.training.data.files.folders import Folder

FILES = 50_000
FOLDERS = 10
BYTES = 4096
ROUNDS = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written = seconds(lambda: write(folder))
        print(f"{FILES:,} files of {BYTES:,} bytes written in {written:.1f} s")
        plain_loop(folder)  # the first reader fills the cache for all
        rounds = [(seconds(lambda: list_and_hash(folder)), seconds(lambda: plain_loop(folder))) for _ in range(ROUNDS)]
        listing = statistics.median(seconds(lambda: Folder(folder, folder)) for _ in range(ROUNDS))
        ours = statistics.median(one for one, _ in rounds)
        ratio = statistics.median(one / other for one, other in rounds)
        print(f"listing: {listing:.2f} s")
        print(f"listing and hashing, {THREADS} threads: {ours:.2f} s, {FILES / ours:,.0f} files/s")
        print(f"ratio to the plain loop: {ratio:.2f}")


def write(folder: Path) -> None:
    content = os.urandom(BYTES - 8)
    for number in range(FOLDERS):
        (folder / str(number)).mkdir()
    for number in range(FILES):
        (folder / str(number % FOLDERS) / f"{number:06d}.png").write_bytes(content + number.to_bytes(8, "big"))


def list_and_hash(folder: Path) -> None:
    content_hash(Folder(folder, folder), lambda _files, _bytes: None)


def plain_loop(folder: Path) -> None:
    for directory, _, names in os.walk(folder):
        for name in names:
            with Path(directory, name).open("rb") as file:
                sha256(file.read()).hexdigest()


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
