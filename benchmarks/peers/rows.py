"""What is measured, in which unit, and with how much of it: one row for each question."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

_NONE: Mapping[str, str] = MappingProxyType({})


class Work(NamedTuple):
    """What one process of a driver is asked to do; several rows may take a figure of it. `sizes` is JSON."""

    driver: str  # blank: that of each contestant
    function: str
    sizes: str


class Row(NamedTuple):
    """One line of the results. `quick` and `full` are the sizes; a driver that cannot do it has no such function.

    What no peer has is ours `alone`, perhaps with a `driver` of its own: there `before`, what it once took, and
    `target` are the yardstick. `left` names contestants that the quick run leaves to the long one, and why.
    """

    name: str
    function: str
    unit: str
    quick: dict[str, Any] | None
    full: dict[str, Any] | None
    more_is_better: bool = False
    given_up: str = ""
    figure: str = "value"
    alone: bool = False
    driver: str = ""
    before: float | None = None
    target: float | None = None
    left: Mapping[str, str] = _NONE

    def work(self, *, full: bool) -> Work | None:
        """Return what a driver is asked to do; None where the row is left to the other run."""
        sizes = self.full if full else self.quick
        return None if sizes is None else Work(self.driver, self.function, json.dumps(sizes))


_MINUTES = "takes minutes to answer or to fill"
MANY, MANY_FULL = {"runs": 100_000, "times": 5}, {"runs": 100_000, "times": 20}
_LONG = {"points": 1_000_000, "times": 3}
_SLOW_WITH_MANY = MappingProxyType(dict.fromkeys(("Trackio", "MLflow"), _MINUTES))
_SLOW_TO_STORE = MappingProxyType({"MLflow": "takes a quarter of a minute to store so much"})
_SLOW_WITH_SO_LONG = MappingProxyType(
    {"MLflow": "takes half a minute to store so long a curve", "TensorBoard": "takes as long to load so long a curve"}
)
_SLOW_WITH_LONG = MappingProxyType(dict.fromkeys(("Trackio", "MLflow", "TensorBoard"), _MINUTES))
_BINARY = "ours is asked for binary numbers, as its Python client does"
SHARED = (
    Row(
        "one call that logs 10 values, caller blocked",
        "log_call",
        "us",
        {"calls": 500},
        {"calls": 20_000},
        given_up="MLflow logs without waiting (`synchronous=False`); Trackio's sampling of CPU and GPU is off",
        before=4.9,
        target=3,
    ),
    Row(
        "step values stored, many runs",
        "ingest",
        "values/s",
        {"runs": 10, "steps": 500, "values": 10},
        {"runs": 100, "steps": 1_000, "values": 10},
        more_is_better=True,
        given_up="until all of it is on disk; what TensorBoard and the CSV files hold is never read back",
        before=111_000,
        target=400_000,
    ),
    Row(
        "step values stored, one long run",
        "ingest",
        "values/s",
        {"runs": 1, "steps": 10_000, "values": 10},
        {"runs": 1, "steps": 100_000, "values": 10},
        more_is_better=True,
        left=_SLOW_TO_STORE,
        before=20_000,
        target=100_000,
    ),
    Row(
        "size of that run",
        "bytes_per_value",
        "bytes/value",
        {"steps": 10_000, "values": 10},
        {"steps": 100_000, "values": 10},
        left=_SLOW_TO_STORE,
        given_up="a peer that was started for it is measured without its empty database",
        before=204,
        target=60,
    ),
    Row(
        "size of that run an hour after its end",
        "bytes_per_value",
        "bytes/value",
        {"steps": 10_000, "values": 10},
        {"steps": 100_000, "values": 10},
        left=_SLOW_TO_STORE,
        figure="packed",
        given_up="no peer packs: theirs is the size that they had at once",
        before=204,
        target=15,
    ),
    Row(
        "epoch values stored",
        "epoch_rows",
        "values/s",
        {"runs": 3, "epochs": 1_000, "values": 10},
        {"runs": 50, "epochs": 1_000, "values": 10},
        more_is_better=True,
        left=_SLOW_TO_STORE,
        given_up="ours also keeps best, last and first value of each metric up to date, for the list",
        before=5_000,
        target=150_000,
    ),
    Row(
        "runs created, given 50 values, ended",
        "small_runs",
        "runs/s",
        {"runs": 100},
        {"runs": 1_000},
        more_is_better=True,
        left=_SLOW_TO_STORE,
        given_up="the CSV files know no list of runs",
        before=49,
        target=240,
    ),
    Row(
        "from the call to a reader, median",
        "visible",
        "ms",
        {"values": 25},
        {"values": 300},
        given_up="peers are polled every 20 ms, which no page of theirs does; ours is pushed; CSV files have no server",
        before=96,
        target=12,
    ),
    Row(
        "from the call to a reader, 95th percentile",
        "visible",
        "ms",
        {"values": 25},
        {"values": 300},
        figure="p95",
        before=129,
        target=30,
    ),
    Row(
        "the newest 50 of 100 runs",
        "newest_runs",
        "ms",
        {"runs": 100, "times": 30},
        {"runs": 100, "times": 100},
        given_up="with last and best value of two metrics; Trackio has no best values, MLflow neither",
        before=22,
        target=4,
    ),
    Row(
        "the newest 50 of 5,000 runs",
        "newest_runs",
        "ms",
        {"runs": 5_000, "times": 15},
        {"runs": 5_000, "times": 50},
        given_up="Trackio has no pages: it answers with all runs; MLflow's are copies by SQL of one that it made: "
        "its client and its server take minutes for so many",
        before=22,
        target=5,
    ),
    Row(
        "50 of 5,000 runs, sorted by a metric",
        "newest_runs",
        "ms",
        {"runs": 5_000, "times": 15},
        {"runs": 5_000, "times": 50},
        figure="sorted",
        given_up="Trackio's server does not sort",
    ),
    Row(
        "the newest 50 of 100,000 runs",
        "newest_runs",
        "ms",
        MANY,
        MANY_FULL,
        left=_SLOW_WITH_MANY,
        given_up="ours are written by SQL in bulk",
        before=22,
        target=5,
    ),
    Row(
        "50 of 100,000 runs, sorted by a metric",
        "newest_runs",
        "ms",
        MANY,
        MANY_FULL,
        figure="sorted",
        left=_SLOW_WITH_MANY,
        before=427,
        target=50,
    ),
    Row(
        "all 1,000 points of a curve",
        "history",
        "ms",
        {"points": 1_000, "times": 30},
        {"points": 1_000, "times": 100},
        given_up=_BINARY,
        before=12,
        target=3,
    ),
    Row(
        "all 100,000 points of a curve",
        "history",
        "ms",
        {"points": 100_000, "times": 5},
        {"points": 100_000, "times": 20},
        left=_SLOW_WITH_SO_LONG,
        given_up=_BINARY,
        before=25,
        target=15,
    ),
    Row(
        "100,000 points of a curve, thinned for drawing",
        "history",
        "ms",
        {"points": 100_000, "times": 5},
        {"points": 100_000, "times": 20},
        left=_SLOW_WITH_SO_LONG,
        figure="thinned",
        given_up="ours keeps each peak among 2,000 points; MLflow and TensorBoard leave points out, 1,000 stay; "
        "Trackio's server does not thin",
    ),
    Row(
        "all 1,000,000 points of a curve",
        "history",
        "ms",
        _LONG,
        _LONG,
        left=_SLOW_WITH_LONG,
        given_up=_BINARY,
        before=335,
        target=150,
    ),
    Row(
        "1,000,000 points of a curve, thinned for drawing",
        "history",
        "ms",
        _LONG,
        _LONG,
        figure="thinned",
        left=_SLOW_WITH_LONG,
        before=21,
        target=12,
    ),
    Row(
        "1,000,000 points of a curve as a DataFrame, by the client",
        "client_table",
        "s",
        {"points": 1_000_000, "times": 3},
        {"points": 1_000_000, "times": 7},
        given_up="Trackio's `RemoteClient` and pandas; figure `file`: from its file, without a server",
    ),
    Row(
        "the same, CPU time of the client alone",
        "client_table",
        "s",
        {"points": 1_000_000, "times": 3},
        {"points": 1_000_000, "times": 7},
        figure="client",
    ),
    Row(
        "import of the client, CPU time",
        "client_import",
        "ms",
        {"times": 5},
        {"times": 15},
        given_up="interpreter included; MLflow and Trackio are client and server in one package",
    ),
    Row("server start to its first answer", "idle_server", "s", {}, {}, before=2.4, target=0.8),
    Row(
        "memory of the idle server",
        "idle_server",
        "MiB",
        {},
        {},
        figure="memory",
        given_up="all processes (PSS); ours has a worker, which loads PyTorch with its first run; peers train nothing",
        before=736,
        target=400,
    ),
)
