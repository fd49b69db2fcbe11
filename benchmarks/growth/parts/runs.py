"""What requests take with more and more runs, made by `many_runs`: the first by Django, the others by SQL."""

from __future__ import annotations

import io

from benchmarks.growth import measuring
from benchmarks.growth.own_home import HOME  # Django is set up before models are imported

# isort: split
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client

from benchmarks.list_runs import fill
from benchmarks.many_runs import FIRST, fill_many, multiply
from experiments.training.contract.config import TrainingConfig
from runs import lifecycle
from runs.derived_models import KnownColumn
from runs.models import Run, RunGroup

PAGE = "/api/runs/?columns=metric.val_auroc.last,metric.val_auroc.best,metric.val_loss.last"
CALLS = {
    "the newest 50": PAGE,
    "sorted by a metric": f"{PAGE}&ordering=-metric.val_f1.best",
    "sorted by an option": f"{PAGE}&ordering=config.optimizer.learning_rate",
    "a search that finds many": f"{PAGE}&search=experiment 1",
    "a search that finds none": f"{PAGE}&search=nowhere to be found",
    "choices of the filters": "/api/runs/facets/",
    "choices of the filters, with a search": "/api/runs/facets/?search=experiment 1",
    "grouped by owner": "/api/runs/grouped/?by=owner",
    "figures for Prometheus": "/metrics",
}
CREATED = 20


def main() -> None:
    call_command("migrate", verbosity=0)
    asked = measuring.asked()
    meter = measuring.Meter(asked["servers"].values())
    suffix = f", {asked['database']}" if asked["servers"] else ""
    reader = User.objects.create_user("reader")
    with measuring.Collected("runs", "runs") as found:
        for size in asked["sizes"]:
            _fill(size)
            client = Client()
            client.force_login(reader)
            for what, path in CALLS.items():
                taken = meter.least(lambda: measuring.get(client, path))  # noqa: B023
                found.add(f"{what}{suffix}", "ms", size, measuring.MILLI * taken)
            found.add(
                f"a run created{suffix}", "ms", size, measuring.MILLI * meter.of(lambda: _create(reader)) / CREATED
            )
            pruning = meter.of(lambda: call_command("prune", days=1.0, checkpoints=True, stdout=io.StringIO()))
            found.add(f"`prune`, dry run, checkpoints too{suffix}", "s", size, pruning)
            found.add(f"size of the database{suffix}", "MB", size, _bytes() / 1e6)


def _fill(runs: int) -> None:
    """Go on from what is there, unless that is too little to be copied."""
    there = Run.objects.count()
    if there < FIRST:
        Run.objects.all().delete()
        RunGroup.objects.all().delete()
        User.objects.filter(username__startswith="owner-").delete()
        KnownColumn.objects.all().delete()
        if runs < FIRST:
            fill(runs, min(20, runs // 5))
        else:
            fill_many(runs)
    else:
        multiply(there, runs)


def _create(owner: User) -> None:
    config = TrainingConfig(experiment_name="one more", source_path="builtin:digits-is-8").model_dump(mode="json")
    for _ in range(CREATED):
        lifecycle.create(owner, config)


def _bytes() -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    with HOME:
        main()
