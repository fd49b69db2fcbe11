"""`make test`: the whole suite, and the core of `integration` once more on real services, in lanes side by side.

Each lane is a pytest of its own, with a home and a database of its own. Its tests mostly wait for processes and keep
less than a third of a core busy, so four lanes run for each core, and what is left starts when one has ended: with
three, the last lanes waited for their processes while a core stood idle. The output of the first is shown as it comes,
that of the others when they have ended. A test file runs in the lane that `PLACES` names for it or for a folder above
it, else in `suite`.

The last lines say how many seconds each lane took, and how many of the cores' time: with more lanes than cores, the sum
of the latter decides how long the whole takes.

Beside others a test may wait longer than it allows for. So each lane tries up to three failed tests once more, and its
closing lines name them with what went wrong: a test that fails twice fails the run, one that did not is told.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from tests import prepared_database

ROOT = Path(__file__).resolve().parent.parent
LANES_PER_CORE = 4
AGAIN = ("--reruns=1", "--reruns-delay=5", "--max-suite-reruns=3", "--rerun-show-tracebacks")
PLACES = {
    "browser": ("tests/browser",),
    "browser, all but a run": (
        "tests/browser/test_compare_page.py",
        "tests/browser/test_datasets_pages.py",
        "tests/browser/test_deleted_runs.py",
        "tests/browser/test_group_page.py",
        "tests/browser/test_help.py",
        "tests/browser/test_label_errors.py",
        "tests/browser/test_list_page.py",
        "tests/browser/test_list_return.py",
        "tests/browser/test_new_run_fields.py",
        "tests/browser/test_new_run_page.py",
        "tests/browser/test_preflight_page.py",
        "tests/browser/test_queue_page.py",
        "tests/browser/test_reading_pages.py",
    ),
    "installations": (
        "tests/test_end_to_end.py",
        "tests/test_frozen_worker.py",
        "tests/test_restored_backup.py",
        "tests/experiments/cli",
        "tests/experiments/doctor",
        "tests/experiments/object_store",
        "tests/experiments/server",
    ),
    "data sets, workers": (
        "tests/experiments/datasets",
        "tests/experiments/preflights",
        "tests/experiments/processes",
        "tests/experiments/supervision",
        "tests/experiments/worker",
    ),
    "runs, realtime": ("tests/runs", "tests/realtime", "tests/clients"),
    "storm, services": ("tests/chaos", "tests/services"),
    "training": ("tests/experiments/training",),
    "reading of data": ("tests/experiments/training/data",),
    "API described, models used": (
        "tests/openapi",
        "tests/experiments/explanations",
        "tests/experiments/external_tests",
        "tests/experiments/model_files",
        "tests/experiments/model_jobs",
        "tests/experiments/predictions",
        "tests/experiments/reports",
        "tests/experiments/trained_models",
    ),
}
SECONDS_TO_END = 10.0
PR_SET_CHILD_SUBREAPER = 36


def _without(*lanes: str) -> list[str]:
    return [f"--ignore={place}" for lane in lanes for place in PLACES[lane]]


SHOWN = "suite"
# Started in this order: the one that is shown, then those that take longest, so that none is left alone at the end.
LANES: dict[str, Sequence[str]] = {
    SHOWN: ["-m", "pytest", *AGAIN, "tests", *_without(*PLACES)],
    "browser": ["-m", "pytest", *AGAIN, *PLACES["browser"], *_without("browser, all but a run")],
    "runs, realtime": ["-m", "pytest", *AGAIN, *PLACES["runs, realtime"]],
    "installations": ["-m", "pytest", *AGAIN, *PLACES["installations"]],
    "data sets, workers": ["-m", "pytest", *AGAIN, *PLACES["data sets, workers"]],
    "runs on PostgreSQL": ["-m", "tests.integration", "--core=runs", "--only=redis", *AGAIN],
    "all else on PostgreSQL": ["-m", "tests.integration", "--core=else", "--only=redis", *AGAIN],
    "browser, all but a run": ["-m", "pytest", *AGAIN, *PLACES["browser, all but a run"]],
    "storm, services": ["-m", "pytest", *AGAIN, *PLACES["storm, services"]],
    "API described, models used": ["-m", "pytest", *AGAIN, *PLACES["API described, models used"]],
    "training": ["-m", "pytest", *AGAIN, *PLACES["training"], *_without("reading of data")],
    "integration on RabbitMQ": ["-m", "tests.integration", "--only=rabbitmq", *AGAIN],
    "reading of data": ["-m", "pytest", *AGAIN, *PLACES["reading of data"]],
}


def main() -> int:
    """Run the lanes, say at the end what each took, and return the highest exit status."""
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder) / "times"
        status = _together(times)
        sys.stdout.write(times.read_text() if times.exists() else "")
        sys.stdout.flush()
    return status


def _together(times: Path) -> int:
    """Run as many lanes at once as the cores can take, and return the highest exit status."""
    cores = os.cpu_count() or 1
    at_once = LANES_PER_CORE * cores if cores > 1 else 1
    with contextlib.ExitStack() as stack:
        lanes: dict[str, tuple[subprocess.Popen[bytes], IO[str] | None]] = {}
        for name in LANES:
            while sum(lane.poll() is None for lane, _ in lanes.values()) >= at_once:
                time.sleep(0.1)
            lanes[name] = stack.enter_context(_beside(name, times))
        return max([_ended(name, *lane) for name, lane in lanes.items()])


@contextlib.contextmanager
def _beside(name: str, times: Path) -> Iterator[tuple[subprocess.Popen[bytes], IO[str] | None]]:
    """Start a lane which does not outlive the block; its output is kept, except that of the one that is shown."""
    command = [sys.executable, "-m", "tests.side_by_side", str(times), name, *LANES[name]]
    environment = os.environ | {prepared_database.FOLDER: str(times.parent)}
    with tempfile.TemporaryFile("w+") as kept:
        output = None if name == SHOWN else kept
        lane = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
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


def _run(times: Path, name: str, words: Sequence[str]) -> int:
    """Run a lane's command, note what it took, and return its exit status; a signal that ended it counts as 1."""
    started, before = time.monotonic(), _cpu_seconds()
    status = _status_of([sys.executable, *words])
    took = f"{time.monotonic() - started:.0f} s, {_cpu_seconds() - before:.0f} CPU seconds, exit status {status}"
    sys.stdout.write(f"== {' '.join(words[1:])}: {took}\n")
    sys.stdout.flush()
    with times.open("a") as kept:
        kept.write(f"== lane of {name}: {took}\n")
    return status if status >= 0 else 1


def _status_of(command: Sequence[str]) -> int:
    """Run a command and return its exit status; meanwhile, wait for every orphan, too."""
    _adopt_orphans()
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        while process.returncode is None:
            ended, status = os.wait()
            if ended == process.pid:
                process.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_TO_END)  # what interrupts a lane has interrupted its pytest as well
        process.kill()
        raise
    return process.returncode


def _adopt_orphans() -> None:
    """Become the parent of what outlives its own, as a fork server does: only a parent is told the time it took."""
    with contextlib.suppress(AttributeError):  # Linux has this
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _cpu_seconds() -> float:
    """Return the time that all processes took which have ended below this one."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def end_with_its_lanes() -> None:
    """Let SIGTERM and Ctrl-C take the lanes down, also where the shell ignores them for what runs in its background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


if __name__ == "__main__":
    end_with_its_lanes()
    sys.exit(_run(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]) if sys.argv[1:] else main())
