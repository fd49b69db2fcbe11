"""`make test`: the whole suite, and the core of `integration` once more on real services, in two lanes at a time.

Most tests wait for processes, so two lanes take little longer than the longer one. Each is a pytest of its own, with
a home and a database of its own; the first one's output is shown as it comes, the other's when that lane has ended.
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
FIRST = (["-m", "pytest", "tests", *(f"--ignore={folder}" for folder in APART)],)
SECOND = (["-m", "pytest", *APART], ["-m", "tests.integration", "--core"])


def main() -> int:
    """The exit status: that of the first command that failed."""
    if (os.cpu_count() or 1) < 2:
        return max(_in_turn(FIRST), _in_turn(SECOND))
    with tempfile.TemporaryFile("w+") as output, _second_lane(output) as other:
        status = _in_turn(FIRST)
        sys.stdout.write("== the first lane has ended; waiting for the other one: browser, storm, integration\n")
        sys.stdout.flush()
        others = other.wait()
        output.seek(0)
        shutil.copyfileobj(output, sys.stdout)
        return status or others


@contextlib.contextmanager
def _second_lane(output: IO[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own, which does not outlive the block."""
    command = [sys.executable, "-m", "tests.side_by_side", "second"]
    lane = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
    try:
        yield lane
    finally:
        if lane.poll() is None:
            os.killpg(lane.pid, signal.SIGINT)  # its pytest takes down what its tests had started
            lane.wait()


def _in_turn(commands: tuple[list[str], ...]) -> int:
    statuses = []
    for command in commands:
        started = time.monotonic()
        statuses.append(subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode)
        words = " ".join(command[1:])
        sys.stdout.write(f"== {words}: {time.monotonic() - started:.0f} s, exit status {statuses[-1]}\n")
        sys.stdout.flush()
    return next((status for status in statuses if status), 0)


if __name__ == "__main__":
    sys.exit(_in_turn(SECOND) if sys.argv[1:] == ["second"] else main())
