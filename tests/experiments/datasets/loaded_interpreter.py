"""An interpreter that has loaded what draws samples, and is copied for each task: a real process, without its start.

Each task still has a process of its own, which limits itself, may die, and has nothing of the tests' own. The test's
child is a small program that hands its input and output to the copy, and ends as the copy does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator

from experiments.processes import isolated_process
from tests.installation import ROOT

PACKAGE = "experiments.training.data.inspection"
MODULES = tuple(f"{PACKAGE}.{name}" for name in ("sample_process", "run_sample_process", "builtin_sample_process"))
LOOK_SECONDS = 1.0
STAND_IN = """
import os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    socket.send_fds(connection, [sys.argv[2].encode()], [0, 1, 2])
    os.close(0)
    os.close(1)
    code = int(connection.recv(16) or b"1")
if code < 0:
    os.kill(os.getpid(), -code)
os._exit(code)
"""


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Start one for as long as the context lasts; yield the address of its socket."""
    environment, pipe = isolated_process.environment(), subprocess.PIPE
    with tempfile.TemporaryDirectory() as folder:  # a short name: that of a socket has at most 107 letters
        address = f"{folder}/socket"
        command = [sys.executable, "-m", __name__, address]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield address
            process.stdin.close()


def started(address: str, module: str, *, stdin: int, stdout: int) -> subprocess.Popen[bytes]:
    """Start a child as `isolated_process` does, as a copy of that interpreter."""
    command = [sys.executable, "-I", "-S", "-c", STAND_IN, address, module]
    environment = isolated_process.environment()
    return subprocess.Popen(command, env=environment, stdin=stdin, stdout=stdout, start_new_session=True)


def main(address: str) -> None:
    """Copy this process for each connection, until the input ends."""
    for module in MODULES:
        importlib.import_module(module)
    for module in MODULES:
        del sys.modules[module]  # each copy runs one of them as a program
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        os.write(1, b"ready\n")
        while 0 not in (ready := select.select([listener.fileno(), 0], [], [], LOOK_SECONDS)[0]):
            if ready:
                connection, _ = listener.accept()
                with connection:
                    if os.fork() == 0:
                        listener.close()
                        _look_after(connection)
            _count_the_ended()


def _count_the_ended() -> None:
    """Wait for copies that have ended: only then this process is told the time that they took."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _look_after(connection: socket.socket) -> None:
    """Start the module that the connection names, and tell how it ended; end it where nobody listens any more."""
    module, files, _, _ = socket.recv_fds(connection, 256, 3)
    child = os.fork()
    if child == 0:
        connection.close()
        _become(module.decode(), files)
    for file in files:
        os.close(file)
    ended = os.pidfd_open(child)
    if ended not in select.select([ended, connection.fileno()], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(str(code).encode())
    os._exit(0)


def _become(module: str, files: list[int]) -> None:
    """Run the module as a program over these files."""
    code = 1
    try:
        os.setsid()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        runpy.run_module(module, run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
