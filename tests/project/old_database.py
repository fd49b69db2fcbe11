"""Make a database as the first version left it, with rows: `python -m tests.project.old_database`.

Run it in its own process and home; the rows are written through that version's models.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import django
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

FIRST = [("runs", "0001_initial"), ("experiments", "0001_initial")]
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
EPOCHS = 5


def main() -> None:
    django.setup()
    executor = MigrationExecutor(connection)
    executor.migrate(FIRST)
    apps = executor.loader.project_state(FIRST).apps
    owner = apps.get_model("auth", "User").objects.create(username="ada", password="x")
    add_run(apps, owner, status="completed", end_time=START + timedelta(seconds=75.5), duration_seconds=75.5)
    add_run(apps, owner, status="in_progress", lease_until=START, worker="gone:1")
    add_run(apps, owner, status="failed", end_time=START, duration_seconds=3.25, reason="It broke.")
    queued = add_run(apps, owner, status="queued")
    apps.get_model("runs", "Run").objects.filter(pk=queued.pk).update(start_time=None)


def add_run(apps: Any, owner: Any, **columns: Any) -> Any:
    """Add a run with an event and a number per epoch."""
    run = apps.get_model("runs", "Run").objects.create(
        owner=owner,
        experiment_name=columns["status"],
        source_path="builtin:digits-is-8",
        config={"trainer": {"max_epochs": EPOCHS}, "seed": 42},
        seed=42,
        max_epochs=EPOCHS,
        monitor="val_auroc",
        attempt=1,
        start_time=START,
        last_seq=EPOCHS,
        **columns,
    )
    for epoch in range(EPOCHS):
        apps.get_model("runs", "RunEvent").objects.create(
            run=run, seq=epoch + 1, attempt=1, type="epoch_end", timestamp="2026-11-01T12:00:00.000000Z", data="{}"
        )
        apps.get_model("runs", "RunMetric").objects.create(
            run=run, epoch=epoch, metric_name="val_loss", value=1 / (epoch + 1), dataset_type="val"
        )
    return run


if __name__ == "__main__":
    main()
