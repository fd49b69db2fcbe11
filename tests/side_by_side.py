"""`make test`: the whole suite, and the core of `integration` once more on real services, in four lanes at a time.

Most tests wait for processes, so the lanes take little longer than the longest one. Each is a pytest of its own, with
a home and a database of its own; the first one's output is shown as it comes, the others' when they have ended.

Beside three others a test may wait longer than it allows for. So each lane tries up to three failed tests once more,
and its closing lines name them with what went wrong: a test that fails twice fails the run, one that did not is told.
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
from collections.abc import Iterator
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
APART = ("tests/browser", "tests/chaos", "tests/services")
TRAINING = "tests/experiments/training"
AGAIN = ("--reruns=1", "--reruns-delay=5", "--max-suite-reruns=3", "--rerun-show-tracebacks")
LANES = {
    "suite": ["-m", "pytest", *AGAIN, "tests", *(f"--ignore={folder}" for folder in (*APART, TRAINING))],
    "training": ["-m", "pytest", *AGAIN, TRAINING],
    "browser, storm, services": ["-m", "pytest", *AGAIN, *APART],
    "integration": ["-m", "tests.integration", "--core", *AGAIN],
}
SHOWN = "suite"


def main() -> int:
    """Run the lanes and return the exit status: the highest of theirs."""
    if (os.cpu_count() or 1) < 2:
        return max([_run(name) for name in LANES])
    with contextlib.ExitStack() as stack:
        others = {name: stack.enter_context(_beside(name)) for name in LANES if name != SHOWN}
        statuses = [_run(SHOWN)]
        for name, (lane, output) in others.items():
            sys.stdout.write(f"== waiting for the lane of {name}\n")
            sys.stdout.flush()
            statuses.append(abs(lane.wait()))
            output.seek(0)
            shutil.copyfileobj(output, sys.stdout)
        return max(statuses)


@contextlib.contextmanager
def _beside(name: str) -> Iterator[tuple[subprocess.Popen[bytes], IO[str]]]:
    """Start a process whose output is kept, and which does not outlive the block."""
    command = [sys.executable, "-m", "tests.side_by_side", name]
    with tempfile.TemporaryFile("w+") as output:
        lane = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
        try:
            yield lane, output
        finally:
            if lane.poll() is None:
                os.killpg(lane.pid, signal.SIGINT)  # its pytest takes down what its tests had started
                lane.wait()


def _run(name: str) -> int:
    """Run the lane's command and return its exit status; a signal that ended it counts as 1."""
    started = time.monotonic()
    status = subprocess.run([sys.executable, *LANES[name]], cwd=ROOT, check=False).returncode
    sys.stdout.write(f"== {' '.join(LANES[name][1:])}: {time.monotonic() - started:.0f} s, exit status {status}\n")
    sys.stdout.flush()
    return status if status >= 0 else 1


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1]) if sys.argv[1:] else main())
