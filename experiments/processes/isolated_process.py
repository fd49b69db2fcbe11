"""Starts children that open foreign files: fresh interpreters without the server's secrets. No database here.

A parser that a hostile file takes over or crashes has nothing to reveal and harms nothing else. The child limits its
own share of the machine (`experiments.training.data.inspection.isolation`): what a parent would do between fork and
exec is not safe in a process with threads.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

LATE_SECONDS = 2.0  # beyond the time of a task, at which the kernel ends the child
TIMES_UP = frozenset({-signal.SIGPROF, -signal.SIGALRM})
_ROOT = Path(__file__).resolve().parents[2]
_PASSED_ON = (
    *("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),
)
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each more takes memory


class Pipes(NamedTuple):
    """A child that was just started, with its standard input and output."""

    process: subprocess.Popen[bytes]
    input: IO[bytes]
    output: IO[bytes]


def environment() -> dict[str, str]:
    """Return what an interpreter needs to start: the names that are known to be harmless, and nothing else."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _ONE_THREAD


def start(module: str) -> Pipes:
    """Run a module of this installation in a session of its own. Raises OSError."""
    process = _started(module, (), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None  # noqa: S101  (both were asked for)
    assert process.stdout is not None  # noqa: S101
    return Pipes(process, process.stdin, process.stdout)


def start_server(
    module: str, arguments: Sequence[str] = (), *, temporary: str | None = None
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Run a module in the same way, with the other end of the returned socket as its input. Raises OSError.

    `temporary` is the folder of its temporary files, by default that of all programs.
    """
    control, its = socket.socketpair()
    try:
        with its:
            return _started(
                module, arguments, stdin=its.fileno(), stdout=subprocess.DEVNULL, temporary=temporary
            ), control
    except OSError:
        control.close()
        raise


def _started(
    module: str, arguments: Sequence[str], *, stdin: int, stdout: int, temporary: str | None = None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", module, *arguments],
        cwd=_ROOT,
        env=environment() | ({} if temporary is None else {"TMPDIR": temporary}),
        stdin=stdin,
        stdout=stdout,
        start_new_session=True,
    )


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a child, with whatever it has started: they are of its process group. Does nothing to one that has ended."""
    if process.poll() is None:  # else its number may be another's
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def killed_by(code: int) -> str:
    """Say which signal ended a child, by its negative exit code."""
    hint = " (the system does that when memory runs out)" if code == -signal.SIGKILL else ""
    return f"killed by {signal.Signals(-code).name}{hint}"


def answer(module: str, task: bytes, *, seconds: float) -> bytes | None:
    """Pass a task to the module and return its answer; None if it died without one. Raises TimeoutError, OSError."""
    return answer_of(start(module).process, task, seconds=seconds)


def answer_of(process: subprocess.Popen[bytes], task: bytes, *, seconds: float) -> bytes | None:
    """Pass a task to a child that was started, and return its answer in the same way. Raises TimeoutError."""
    try:
        found, _ = process.communicate(task, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"A child took longer than {seconds:g} s") from error
    finally:
        process.kill()  # does nothing to one that has ended
        process.wait()
    return found if process.returncode == 0 and found else None
