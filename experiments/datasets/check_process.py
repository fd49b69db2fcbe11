"""Starts the process of a check, reads its reports, and ends it. Mechanism only; no database here."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import msgspec

from experiments.processes import isolated_process
from experiments.training.contract.check_reports import Report, Task

MODULE = "experiments.training.data.inspection.check"
_REPORT: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)


class CheckProcess:
    """A fresh interpreter: a parser that crashes on a hostile file harms nothing else. Ended with the context."""

    def __init__(self, task: Task, module: str = MODULE) -> None:
        self._process, self._input, self._output = isolated_process.start(module)
        self._input.write(msgspec.json.encode(task) + b"\n")
        self._input.flush()  # and left open: its end shows the process that we are gone

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def reports(self, tick: float) -> Iterator[Report | None]:
        """Yield each report as it comes, None after `tick` seconds of silence; end with the process' output."""
        output, rest = self._output.fileno(), b""
        while True:
            ready, _, _ = select.select([output], [], [], tick)
            if not ready:
                yield None
                continue
            read = os.read(output, 2**16)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                yield _REPORT.decode(line)

    def close(self) -> int:
        """End the process, if it has not ended, and return its exit code (negative: the signal)."""
        if self._process.poll() is None:
            self._process.kill()
        code = self._process.wait()
        self._input.close()
        self._output.close()
        return code


def describe_end(code: int) -> str:
    """Describe to the user why there was no last report."""
    if code >= 0:
        return f"The check ended with exit code {code} and without a result; the server's log says why."
    name = signal.Signals(-code).name
    hint = " (the system does that when memory runs out)" if name == "SIGKILL" else ""
    return f"The check was killed by {name}{hint}; a file in the data may be damaged."
