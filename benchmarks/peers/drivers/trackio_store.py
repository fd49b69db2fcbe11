"""Trackio: its client, the SQLite file it writes, and its server."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers.drivers import protocol
from benchmarks.peers.drivers.protocol import Figures, Site

PROJECT = "benchmark"
_SERVER = "import trackio; trackio.show(open_browser=False, server_port={port}, block_thread=True)"


def _store(home: Path) -> Any:
    """Return its storage class for a folder: the folder is read when the package is loaded."""
    os.environ["TRACKIO_DIR"] = str(home / "data")
    from trackio.sqlite_storage import SQLiteStorage  # noqa: PLC0415

    return SQLiteStorage


def _run(home: Path, name: str) -> Any:
    os.environ["TRACKIO_DIR"] = str(home / "data")
    import trackio  # noqa: PLC0415

    return trackio.init(PROJECT, name=name, embed=False, auto_log_gpu=False, auto_log_cpu=False)


def _fill(home: Path, runs: int, steps: int, values: int, project: str = PROJECT) -> None:
    """Store as its client's thread does, in the batches that it makes of calls without a pause."""
    store, pool = _store(home), protocol.numbers(10_000)
    for run in range(runs):
        for first in range(0, steps, 1_000):
            batch = [protocol.named(values, step, pool) for step in range(first, min(steps, first + 1_000))]
            at = list(range(first, first + len(batch)))
            store.bulk_log(project, f"run-{run}", batch, steps=at, config={"seed": run} if first == 0 else None)


def _server(home: Path, port: int) -> Any:
    command = [sys.executable, "-c", _SERVER.format(port=port)]
    return protocol.served(command, port, "/", home, TRACKIO_DIR=str(home / "data"))


def log_call(home: Path, calls: int) -> Figures:
    """Measure a call of its client."""
    run = _run(home, "calls")
    found = protocol.blocked(run.log, calls)
    run.finish()
    return found


def ingest(home: Path, runs: int, steps: int, values: int) -> Figures:
    """Measure values a second until they are in its file."""
    _store(home)
    return protocol.rate(runs * steps * values, partial(_fill, home, runs, steps, values))


def bytes_per_value(home: Path, steps: int, values: int) -> Figures:
    """Measure its file, less one that holds a single step."""
    _fill(home, 1, 1, values, project="empty")
    _fill(home, 1, steps, values)
    small, large = (protocol.sqlite_size(home / "data" / f"{name}.db") for name in ("empty", PROJECT))
    return {"value": (large - small) / (steps * values)}


def epoch_rows(home: Path, runs: int, epochs: int, values: int) -> Figures:
    """Measure epochs, which are steps here."""
    return ingest(home, runs, epochs, values)


def small_runs(home: Path, runs: int) -> Figures:
    """Measure runs that its storage is given in one call each: 5 x 10 values and a configuration."""
    _store(home)
    return protocol.rate(runs, partial(_fill, home, runs, 5, 10))


def visible(home: Path, values: int) -> Figures:
    """Measure from the call of its client to an answer of its server."""
    port = protocol.free_port()
    run = _run(home, "told")
    with _server(home, port):
        site = Site(f"http://127.0.0.1:{port}")

        def newest() -> int:
            found = _ask(site, "get_metric_values", run="told", metric_name="told")
            return int(found[-1]["value"]) if found else 0

        found = protocol.polled(lambda step: run.log({"told": step}), newest, values)
    run.finish()
    return found


def newest_runs(home: Path, runs: int, times: int) -> Figures:
    """Measure the summary of a project, which its page asks for."""
    _fill(home, runs, 1, 10)
    port = protocol.free_port()
    with _server(home, port):
        site = Site(f"http://127.0.0.1:{port}")
        assert len(_ask(site, "get_project_summary")["runs"]) == runs
        return protocol.answered(times, partial(_ask, site, "get_project_summary"))


def history(home: Path, points: int, times: int) -> Figures:
    """Measure all values of one metric."""
    _fill(home, 1, points, 1)
    port = protocol.free_port()
    with _server(home, port):
        site = Site(f"http://127.0.0.1:{port}")
        ask = partial(_ask, site, "get_metric_values", run="run-0", metric_name="value_0")
        assert len(ask()) == points
        return protocol.answered(times, ask)


def client_table(home: Path, points: int, times: int) -> Figures:
    """Measure its client, which asks its server, and pandas; then the same from its file, without a server."""
    store = _store(home)
    _fill(home, 1, points, 1)
    import pandas as pd  # noqa: PLC0415
    from trackio.remote_client import RemoteClient  # noqa: PLC0415

    asked = {"project": PROJECT, "run": "run-0", "metric_name": "value_0"}
    read = partial(store.get_metric_values, *asked.values())
    port = protocol.free_port()
    with _server(home, port):
        client = RemoteClient(f"http://127.0.0.1:{port}/", httpx_kwargs={"timeout": 600})
        ask = partial(client.predict, api_name="/get_metric_values", **asked)
        found = protocol.tables(times, lambda: pd.DataFrame(ask()), points)
    return found | {"file": protocol.tables(times, lambda: pd.DataFrame(read()), points)["value"]}


def client_import(home: Path, times: int) -> Figures:
    """Measure its package."""
    os.environ["TRACKIO_DIR"] = str(home / "data")
    return protocol.imported("trackio", times)


def _ask(site: Site, name: str, **arguments: Any) -> Any:
    answer = site.ask(f"/api/{name}", {"project": PROJECT} | arguments)
    return answer["data"] if isinstance(answer, dict) and "data" in answer else answer


def idle_server(home: Path) -> Figures:
    """Measure its start without a project, and what it holds then."""
    return protocol.started(partial(_server, home))


if __name__ == "__main__":
    protocol.main(globals())
