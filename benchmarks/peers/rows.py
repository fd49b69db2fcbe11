"""What is measured, in which unit, and with how much of it: one row for each question."""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """One line of the results. `quick` and `full` are the sizes; a driver that cannot do it has no such function."""

    name: str
    function: str
    unit: str
    quick: dict[str, Any] | None
    full: dict[str, Any]
    more_is_better: bool = False
    given_up: str = ""

    def sizes(self, *, full: bool) -> dict[str, Any] | None:
        """Return the sizes of one measurement; None where the row is left to the long run."""
        return self.full if full else self.quick


ROWS = (
    Row(
        "one call that logs 10 values, caller blocked",
        "log_call",
        "us",
        {"calls": 2_000},
        {"calls": 20_000},
        given_up="MLflow logs without waiting (`synchronous=False`); Trackio's sampling of CPU and GPU is off",
    ),
    Row(
        "step values stored, many runs",
        "ingest",
        "values/s",
        {"runs": 10, "steps": 1_000, "values": 10},
        {"runs": 100, "steps": 1_000, "values": 10},
        more_is_better=True,
        given_up="until all of it is on disk; what TensorBoard and the CSV files hold is never read back",
    ),
    Row(
        "step values stored, one long run",
        "ingest",
        "values/s",
        {"runs": 1, "steps": 10_000, "values": 10},
        {"runs": 1, "steps": 100_000, "values": 10},
        more_is_better=True,
    ),
    Row(
        "size of that run",
        "bytes_per_value",
        "bytes/value",
        {"steps": 10_000, "values": 10},
        {"steps": 100_000, "values": 10},
        given_up="a peer that was started for it is measured without its empty database",
    ),
    Row(
        "epoch values stored",
        "epoch_rows",
        "values/s",
        {"runs": 5, "epochs": 1_000, "values": 10},
        {"runs": 50, "epochs": 1_000, "values": 10},
        more_is_better=True,
        given_up="ours also keeps best, last and first value of each metric up to date, for the list",
    ),
    Row(
        "runs created, given 50 values, ended",
        "small_runs",
        "runs/s",
        {"runs": 100},
        {"runs": 1_000},
        more_is_better=True,
        given_up="the CSV files know no list of runs",
    ),
    Row(
        "from the call to a reader, median",
        "visible",
        "ms",
        {"values": 60},
        {"values": 300},
        given_up="peers are polled every 20 ms, which no page of theirs does; ours is pushed",
    ),
    Row("the newest 50 of 100 runs", "newest_runs", "ms", {"runs": 100, "times": 30}, {"runs": 100, "times": 100}),
    Row(
        "the newest 50 of 5,000 runs",
        "newest_runs",
        "ms",
        {"runs": 5_000, "times": 15},
        {"runs": 5_000, "times": 50},
        given_up="Trackio has no pages: it answers with all runs",
    ),
    Row("the newest 50 of 100,000 runs", "newest_runs", "ms", None, {"runs": 100_000, "times": 20}),
    Row(
        "all 1,000 points of a curve", "history", "ms", {"points": 1_000, "times": 30}, {"points": 1_000, "times": 100}
    ),
    Row(
        "all 100,000 points of a curve",
        "history",
        "ms",
        {"points": 100_000, "times": 5},
        {"points": 100_000, "times": 20},
        given_up="ours sends numbers of 32 bits as the shortest text that gives them back",
    ),
    Row("all 1,000,000 points of a curve", "history", "ms", None, {"points": 1_000_000, "times": 5}),
    Row("server start to its first answer", "start", "s", {}, {}),
    Row(
        "memory of the idle server",
        "idle_memory",
        "MiB",
        {},
        {},
        given_up="all processes (PSS); ours has a worker, which loads PyTorch with its first run; peers train nothing",
    ),
)
