"""TensorBoard: event files by PyTorch's writer, and its server, which reads them again in intervals."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from benchmarks.peers.drivers import protocol
from benchmarks.peers.drivers.protocol import Figures, Site

RELOAD_SECONDS = 1  # its shortest; 5 is the default
SHOWN = 1_000  # points of a curve unless its server is told to keep more


def _fill(home: Path, runs: int, steps: int, values: int) -> None:
    pool = protocol.numbers(10_000)
    for run in range(runs):
        writer = SummaryWriter(str(home / f"run-{run}"))
        for step in range(steps):
            for name, value in protocol.named(values, step, pool).items():
                writer.add_scalar(name, value, step)
        writer.close()


def _command(home: Path, port: int, points: int = SHOWN) -> list[str]:
    options = [f"--logdir={home}", f"--port={port}", f"--reload_interval={RELOAD_SECONDS}"]
    return [sys.executable, "-m", "tensorboard.main", *options, f"--samples_per_plugin=scalars={points}"]


def log_call(home: Path, calls: int) -> Figures:
    """Measure a call of 10 values: one call of the writer for each."""
    writer = SummaryWriter(str(home))
    step = 0

    def call(values: dict[str, float]) -> None:
        nonlocal step
        step += 1
        for name, value in values.items():
            writer.add_scalar(name, value, step)

    return protocol.blocked(call, calls)


def ingest(home: Path, runs: int, steps: int, values: int) -> Figures:
    """Measure values a second until they are in the files."""
    return protocol.rate(runs * steps * values, partial(_fill, home, runs, steps, values))


def bytes_per_value(home: Path, steps: int, values: int) -> Figures:
    """Measure the event file of one run."""
    _fill(home, 1, steps, values)
    return {"value": protocol.size(home) / (steps * values)}


def epoch_rows(home: Path, runs: int, epochs: int, values: int) -> Figures:
    """Measure epochs, which are steps here."""
    return ingest(home, runs, epochs, values)


def small_runs(home: Path, runs: int) -> Figures:
    """Measure files made, filled with 5 x 10 values and closed."""
    return protocol.rate(runs, partial(_fill, home, runs, 5, 10))


def visible(home: Path, values: int) -> Figures:
    """Measure from the call, flushed, until its server answers with the value; it reads its files every second."""
    port = protocol.free_port()
    (logs := home / "logs").mkdir()
    writer = SummaryWriter(str(logs))

    def log(step: int) -> None:
        writer.add_scalar("told", step, step)
        writer.flush()

    with protocol.served(_command(logs, port), port, "/", home):
        site = Site(f"http://127.0.0.1:{port}")

        def newest() -> int:
            try:
                return int(_points(site, "told")[-1][1])
            except (RuntimeError, IndexError):
                return 0  # before its first reading it knows no such curve

        return protocol.polled(log, newest, min(values, 20))


def history(home: Path, points: int, times: int) -> Figures:
    """Measure all points of one curve, which its server was told to keep, and what it keeps by itself."""
    (logs := home / "logs").mkdir()
    _fill(logs, 1, points, 1)
    found = {}
    for figure, kept in (("value", points), ("thinned", SHOWN)):
        port = protocol.free_port()
        with protocol.served(_command(logs, port, kept), port, "/", home):
            ask = partial(_points, Site(f"http://127.0.0.1:{port}"), "value_0", "run-0")
            protocol.until(lambda ask=ask, kept=kept: _count(ask) == min(kept, points))  # type: ignore[misc]
            found[figure] = protocol.answered(times, ask)
    return found["value"] | {"thinned": found["thinned"]["value"]}


def _count(ask: Callable[[], list[list[float]]]) -> int:
    try:
        return len(ask())
    except RuntimeError:
        return 0  # before its first reading it knows no such curve


def _points(site: Site, tag: str, run: str = ".") -> list[list[float]]:
    return list(site.ask(f"/data/plugin/scalars/scalars?run={run}&tag={tag}"))


def idle_server(home: Path) -> Figures:
    """Measure its start with no file to read, and what it holds then."""
    return protocol.started(lambda port: protocol.served(_command(home, port), port, "/", home))


if __name__ == "__main__":
    protocol.main(globals())
