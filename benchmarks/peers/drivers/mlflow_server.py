"""MLflow: its client and its server with SQLite, one worker process."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from benchmarks.peers.drivers import protocol
from benchmarks.peers.drivers.protocol import Figures, Site

MOST_AT_ONCE = 1_000  # metrics of one request: the server's limit
MOST_POINTS = 25_000  # of one page of a curve
DATABASE = "mlflow.db"
DRAWN = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?metric_key=value_0&max_results=1000"
CHANGED = {
    ("", "run_uuid"): "printf('%032x', n)",
    ("runs", "start_time"): "start_time + n",
    ("metrics", "value"): "value + n % 997",
    ("latest_metrics", "value"): "value + n % 997",
}


def _server(home: Path, port: int) -> Any:
    options = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    store = ["--backend-store-uri", f"sqlite:///{home / DATABASE}", "--artifacts-destination", str(home / "artifacts")]
    return protocol.served([sys.executable, "-m", "mlflow", "server", *options, *store], port, "/health", home)


@contextmanager
def _client(home: Path) -> Iterator[tuple[MlflowClient, str, Site]]:
    """Yield a client of a fresh server, an experiment there, and the server's site."""
    port = protocol.free_port()
    with _server(home, port):
        client = MlflowClient(f"http://127.0.0.1:{port}")
        yield client, client.create_experiment("benchmark"), Site(f"http://127.0.0.1:{port}")


def _fill(client: MlflowClient, experiment: str, runs: int, steps: int, values: int) -> list[str]:
    pool, made = protocol.numbers(10_000), []
    for seed in range(runs):
        run_id = client.create_run(experiment).info.run_id
        made.append(run_id)
        at = MOST_AT_ONCE // values
        for first in range(0, steps, at):
            metrics = [
                Metric(name, value, int(time.time() * 1_000), step)
                for step in range(first, min(steps, first + at))
                for name, value in protocol.named(values, step, pool).items()
            ]
            client.log_batch(run_id, metrics=metrics, params=[Param("seed", str(seed))] if first == 0 else [])
        client.set_terminated(run_id)
    return made


def log_call(home: Path, calls: int) -> Figures:
    """Measure a call that does not wait for the server."""
    with _client(home) as (client, experiment, _):
        run_id, waiting, step = client.create_run(experiment).info.run_id, [], 0

        def call(values: dict[str, float]) -> None:
            nonlocal step
            step += 1
            metrics = [Metric(name, value, int(time.time() * 1_000), step) for name, value in values.items()]
            waiting.append(client.log_batch(run_id, metrics=metrics, synchronous=False))

        found = protocol.blocked(call, calls)
        waiting[-1].wait()
        return found


def ingest(home: Path, runs: int, steps: int, values: int) -> Figures:
    """Measure values a second until the server has answered for all of them."""
    with _client(home) as (client, experiment, _):
        return protocol.rate(runs * steps * values, partial(_fill, client, experiment, runs, steps, values))


def bytes_per_value(home: Path, steps: int, values: int) -> Figures:
    """Measure its database, less what it was with a run of one step."""
    with _client(home) as (client, experiment, _):
        _fill(client, experiment, 1, 1, values)
        small = protocol.sqlite_size(home / DATABASE)
        _fill(client, experiment, 1, steps, values)
        return {"value": (protocol.sqlite_size(home / DATABASE) - small) / (steps * values)}


def epoch_rows(home: Path, runs: int, epochs: int, values: int) -> Figures:
    """Measure epochs, which are steps here."""
    return ingest(home, runs, epochs, values)


def small_runs(home: Path, runs: int) -> Figures:
    """Measure runs created, given 5 x 10 values in one request, and terminated."""
    with _client(home) as (client, experiment, _):
        return protocol.rate(runs, partial(_fill, client, experiment, runs, 5, 10))


def visible(home: Path, values: int) -> Figures:
    """Measure from a call that does not wait to an answer of its server."""
    with _client(home) as (client, experiment, site):
        run_id = client.create_run(experiment).info.run_id

        def log(step: int) -> None:
            client.log_batch(run_id, [Metric("told", step, int(time.time() * 1_000), step)], synchronous=False)

        def newest() -> int:
            return max((int(row["step"]) for row in _page(site, run_id, "told").get("metrics", [])), default=0)

        return protocol.polled(log, newest, values)


def newest_runs(home: Path, runs: int, times: int) -> Figures:
    """Measure the newest 50 runs with their last metrics, and 50 by a metric."""
    with _client(home) as (client, experiment, site):
        [template] = _fill(client, experiment, 1, 1, 10)
        _copied(home, template, runs - 1)
        asked = {"experiment_ids": [experiment], "max_results": 50}
        search = partial(site.ask, "/api/2.0/mlflow/runs/search")
        newest, best = ({"order_by": [order]} for order in ("attributes.start_time DESC", "metrics.value_1 DESC"))
        assert len(search(asked | newest)["runs"]) == 50
        by_metric = protocol.answered(times, partial(search, asked | best))
        return protocol.answered(times, partial(search, asked | newest)) | {"sorted": by_metric["value"]}


def _copied(home: Path, template: str, copies: int) -> None:
    """Copy a run's rows in all tables, each copy with other numbers: 5,000 runs take its client and server minutes."""
    with closing(sqlite3.connect(home / DATABASE, timeout=60)) as connection, connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            if "run_uuid" in columns:
                taken = [CHANGED.get((table, name), CHANGED.get(("", name), name)) for name in columns]
                connection.execute(
                    "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) "
                    f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(taken)} FROM {table}, numbers "
                    "WHERE run_uuid = ?",
                    (copies, template),
                )


def history(home: Path, points: int, times: int) -> Figures:
    """Measure all values of one metric, page by page, and what its page draws."""
    with _client(home) as (client, experiment, site):
        [run_id] = _fill(client, experiment, 1, points, 1)
        assert _points(site, run_id) == points
        thinned = protocol.answered(times, partial(site.ask, f"{DRAWN}&run_ids={run_id}"))
        return protocol.answered(times, partial(_points, site, run_id)) | {"thinned": thinned["value"]}


def _points(site: Site, run_id: str) -> int:
    found, token = 0, ""
    while True:
        page = _page(site, run_id, "value_0", token)
        found, token = found + len(page["metrics"]), page.get("next_page_token", "")
        if not token:
            return found


def _page(site: Site, run_id: str, name: str, token: str = "") -> Any:
    query = f"run_id={run_id}&metric_key={name}&max_results={MOST_POINTS}&page_token={token}"
    return site.ask(f"/api/2.0/mlflow/metrics/get-history?{query}")


def client_import(_home: Path, times: int) -> Figures:
    """Measure its package, which is its client too."""
    return protocol.imported("mlflow", times)


def idle_server(home: Path) -> Figures:
    """Measure its start with a new database, and what it holds then."""
    return protocol.started(partial(_server, home))


if __name__ == "__main__":
    protocol.main(globals())
