"""Make a database as the version before this one left it, with a row of each kind.

Run `python -m tests.project.released_database` in its own process and home; the rows are written through that
version's models.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.project import tokens_in_clear

LAST = [
    ("runs", "0014_stored_files"),
    ("experiments", "0003_dataset_preflight"),
]
RUNS = (
    "RunGroup", "Run", "RunTag", "StoredFile", "RunEvent", "RunMetric", "FinalResult", "RunSamples", "MetricSummary",
    "KnownColumn", "Worker",
)  # fmt: skip
MOMENT = datetime(2026, 11, 20, 8, tzinfo=UTC)


def main() -> None:
    """Migrate to that version's tables, and fill each of ours."""
    django.setup()
    executor = MigrationExecutor(connection)
    executor.migrate(LAST)
    apps = executor.loader.project_state(LAST).apps
    owner = apps.get_model("auth", "User").objects.create(username="ada", password="x")
    add_runs(apps, owner)
    add_datasets(apps, owner)
    tokens_in_clear.add_table(owner.pk, MOMENT)


def add_runs(apps: Any, owner: Any) -> None:
    """Add a group with a completed run, which has what runs have, and a run under way."""
    new = {name: apps.get_model("runs", name).objects.create for name in RUNS}
    config = {"experiment_name": "Lungs", "source_path": "dataset:chest", "trainer": {"max_epochs": 3}, "seed": 42}
    common = {
        "owner": owner, "experiment_name": "Lungs", "source_path": "dataset:chest", "config": config, "seed": 42,
        "max_epochs": 3, "monitor": "val_auroc", "attempt": 1, "start_time": MOMENT, "last_seq": 1,
    }  # fmt: skip
    group = new["RunGroup"](owner=owner, name="Lungs", size=2, config=config)
    run = new["Run"](status="completed", group=group, fold=1, folds=2, end_time=MOMENT, duration_seconds=7.5, **common)
    longer = {**config, "trainer": {"max_epochs": 9}, "network": "cnn"}
    new["Run"](status="in_progress", worker="gone:1", lease_until=MOMENT, losses=2, **common | {"config": longer})
    new["RunTag"](run=run, name="baseline")
    new["StoredFile"](
        run=run, name="metrics.csv", key="a/metrics.csv", attempt=1, size=3, sha256="0" * 64, modified=MOMENT
    )
    new["RunEvent"](run=run, seq=1, attempt=1, type="epoch_end", timestamp="2026-11-20T08:00:00.000000Z", data="{}")
    new["RunMetric"](run=run, epoch=0, metric_name="val_loss", value=0.25, dataset_type="val")
    new["FinalResult"](
        run=run, split="val", epoch=0, threshold=0.5, class_names=["a", "b"], confusion_matrix=[[3, 1], [0, 4]],
        statistics={"final_auroc_cm": 0.9},
    )  # fmt: skip
    new["RunSamples"](run=run, type="landmarks", first_seq=1, last_seq=1, count=0, names="[]", data=b"\x00")
    new["MetricSummary"](run=run, name="val_loss", last=0.25, last_epoch=0, low=0.25, high=0.25)
    new["KnownColumn"](kind="metric", name="val_loss")
    for name in ("network", "seed", "trainer.max_epochs"):
        new["KnownColumn"](kind="config", name=name)
    new["Worker"](name="gone:1", host="gone", slots=1, gpus=[], seen_at=MOMENT)


def add_datasets(apps: Any, owner: Any) -> None:
    """Add a data set under check, an upload on its way, and a pre-flight report in the making."""
    new = {name: apps.get_model("experiments", name).objects.create for name in ("Dataset", "Upload", "Preflight")}
    new["Dataset"](
        name="chest", kind="folder", path="/data/chest", owner=owner, state="checking", attempt=2, losses=1,
        lease_until=MOMENT, files_done=10,
    )  # fmt: skip
    coming = new["Dataset"](name="scans", kind="upload", path="0a/scans.zip", owner=owner, state="uploading")
    new["Upload"](dataset=coming, filename="scans.zip", size=100, received=40, updated_at=MOMENT)
    new["Preflight"](
        owner=owner, config={"experiment_name": "Lungs", "source_path": "dataset:chest"}, status="running", attempt=4,
        worker="gone:1", lease_until=MOMENT,
    )  # fmt: skip


if __name__ == "__main__":
    main()
