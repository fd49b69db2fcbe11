"""`make test`: the whole suite, and the core of `integration` once more on real services, in lanes side by side.

Each lane is a pytest of its own, with a home and a database of its own. Its tests mostly wait for processes and keep
about a third of a core busy, so three lanes run for each core, and what is left starts when one has ended. The output
of the first is shown as it comes, that of the others when they have ended. A test file runs in the lane that `PLACES`
names for it or for a folder above it, else in `suite`.

Beside others a test may wait longer than it allows for. So each lane tries up to three failed tests once more, and its
closing lines name them with what went wrong: a test that fails twice fails the run, one that did not is told.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
LANES_PER_CORE = 3
AGAIN = ("--reruns=1", "--reruns-delay=5", "--max-suite-reruns=3", "--rerun-show-tracebacks")
PLACES = {
    "browser": ("tests/browser",),
    "installations": (
        "tests/test_end_to_end.py",
        "tests/test_frozen_worker.py",
        "tests/test_restored_backup.py",
        "tests/experiments/cli",
        "tests/experiments/doctor",
        "tests/experiments/object_store",
        "tests/experiments/server",
    ),
    "storm, services": ("tests/chaos", "tests/services"),
    "training": ("tests/experiments/training",),
}
APART = [f"--ignore={place}" for places in PLACES.values() for place in places]
SHOWN = "suite"
# Started in this order: the one that is shown, then those that take longest, so that none is left alone at the end.
LANES: dict[str, Sequence[str]] = {
    SHOWN: ["-m", "pytest", *AGAIN, "tests", *APART],
    "integration on PostgreSQL": ["-m", "tests.integration", "--core", "--only=redis", *AGAIN],
    "installations": ["-m", "pytest", *AGAIN, *PLACES["installations"]],
    "browser": ["-m", "pytest", *AGAIN, *PLACES["browser"]],
    "storm, services": ["-m", "pytest", *AGAIN, *PLACES["storm, services"]],
    "integration on RabbitMQ": ["-m", "tests.integration", "--only=rabbitmq", *AGAIN],
    "training": ["-m", "pytest", *AGAIN, *PLACES["training"]],
}


def main() -> int:
    """Run the lanes and return the exit status: the highest of theirs."""
    cores = os.cpu_count() or 1
    if cores < 2:
        return max([_run(words) for words in LANES.values()])
    with contextlib.ExitStack() as stack:
        lanes: dict[str, tuple[subprocess.Popen[bytes], IO[str] | None]] = {}
        for name in LANES:
            while sum(lane.poll() is None for lane, _ in lanes.values()) >= LANES_PER_CORE * cores:
                time.sleep(0.1)
            lanes[name] = stack.enter_context(_beside(name))
        return max([_ended(name, *lane) for name, lane in lanes.items()])


@contextlib.contextmanager
def _beside(name: str) -> Iterator[tuple[subprocess.Popen[bytes], IO[str] | None]]:
    """Start a lane which does not outlive the block; its output is kept, except that of the one that is shown."""
    command = [sys.executable, "-m", "tests.side_by_side", *LANES[name]]
    with tempfile.TemporaryFile("w+") as kept:
        output = None if name == SHOWN else kept
        lane = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
        try:
            yield lane, output
        finally:
            if lane.poll() is None:
                os.killpg(lane.pid, signal.SIGINT)  # its pytest takes down what its tests had started
                lane.wait()


def _ended(name: str, lane: subprocess.Popen[bytes], output: IO[str] | None) -> int:
    """Wait for the end of a lane, show what it kept of its output, and return its exit status."""
    if output is None:
        return abs(lane.wait())
    sys.stdout.write(f"== waiting for the lane of {name}\n")
    sys.stdout.flush()
    status = abs(lane.wait())
    output.seek(0)
    shutil.copyfileobj(output, sys.stdout)
    sys.stdout.flush()
    return status


def _run(words: Sequence[str]) -> int:
    """Run a lane's command and return its exit status; a signal that ended it counts as 1."""
    started = time.monotonic()
    status = subprocess.run([sys.executable, *words], cwd=ROOT, check=False).returncode
    sys.stdout.write(f"== {' '.join(words[1:])}: {time.monotonic() - started:.0f} s, exit status {status}\n")
    sys.stdout.flush()
    return status if status >= 0 else 1


def end_with_its_lanes() -> None:
    """Let SIGTERM and Ctrl-C take the lanes down, also where the shell ignores them for what runs in its background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


if __name__ == "__main__":
    end_with_its_lanes()
    sys.exit(_run(sys.argv[1:]) if sys.argv[1:] else main())
