"""The requests of the run list that are measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

RUNS = "/api/runs/"
PAGE = f"{RUNS}?columns=&sparkline=1"  # as the page asks
COLUMNS = "config.optimizer.learning_rate,metric.val_auroc.last,metric.val_auroc.best,metric.final_mcc"
CALLS = {
    "50 newest runs": RUNS,
    "50 newest runs with curves": PAGE,
    "200 newest runs with curves": f"{PAGE}&page_size=200",
    "page 100 of the newest": f"{PAGE}&page=100",
    "with columns of options and metrics": f"{RUNS}?columns={COLUMNS}",
    "sorted by best value": f"{PAGE}&ordering=-best_value",
    "sorted by best value, page 100": f"{PAGE}&ordering=-best_value&page=100",
    "sorted by a final number": f"{PAGE}&ordering=-final_auroc",
    "sorted by name": f"{PAGE}&ordering=experiment_name",
    "sorted by owner": f"{PAGE}&ordering=owner",
    "sorted by tags": f"{PAGE}&ordering=tags",
    "sorted by an option": f"{PAGE}&ordering=config.optimizer.learning_rate",
    "sorted by an option, page 100": f"{PAGE}&ordering=config.optimizer.learning_rate&page=100",
    "sorted by a metric": f"{PAGE}&ordering=-metric.val_f1.best",
    "sorted by a metric, failed runs": f"{PAGE}&ordering=-metric.val_f1.best&status=failed",
    "sorted by a metric, runs of an owner": f"{PAGE}&ordering=-metric.val_f1.best&owner=owner-3",
    "sorted by a metric, page 100": f"{PAGE}&ordering=-metric.val_f1.best&page=100",
    "search, found by many": f"{PAGE}&search=experiment 1",
    "search, found by none": f"{PAGE}&search=nowhere to be found",
    "search, found in reasons, sorted by best": f"{PAGE}&search=memory&ordering=-best_value",
    "name contains": f"{PAGE}&name=ment 17",
    "of one tag": f"{PAGE}&tag=tag-7",
    "failed runs of one owner": f"{PAGE}&status=failed&owner=owner-3",
    "of one month": f"{PAGE}&created_after=2026-03-01&created_before=2026-04-01",
    "facets": f"{RUNS}facets/",
    "facets of failed runs": f"{RUNS}facets/?status=failed",
    "facets of a tag": f"{RUNS}facets/?tag=tag-7",
    "facets, search found by many": f"{RUNS}facets/?search=experiment 1",
    "facets, search found by none": f"{RUNS}facets/?search=nowhere to be found",
    "grouped by experiment": f"{RUNS}grouped/?by=experiment",
    "grouped by experiment, page 10": f"{RUNS}grouped/?by=experiment&page=10",
    "grouped by fold": f"{RUNS}grouped/?by=group",
    "grouped by tag": f"{RUNS}grouped/?by=tag",
    "grouped by data set": f"{RUNS}grouped/?by=dataset",
    "grouped by model": f"{RUNS}grouped/?by=model",
    "grouped by owner": f"{RUNS}grouped/?by=owner",
    "grouped by experiment, search": f"{RUNS}grouped/?by=experiment&search=memory",
    "page of all runs": "/",
}


def pages(client: Any, calls: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Find the cursor that `page=100` stands for, by turning the pages before it."""
    for name, path in calls.items():
        address, _, page = path.partition("&page=")
        for _ in range(int(page or 1) - 1):
            following = client.get(address).json()["next"]
            if following is None:
                break
            address = following
        yield name, address
