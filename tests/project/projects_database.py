"""Make a database as the version before projects left it: `python -m tests.project.projects_database`.

Run it in its own process and home; the rows are written through that version's models, and by its triggers.
"""

from __future__ import annotations

from datetime import UTC, datetime

import django
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

LAST = [("runs", "0029_listed_runs"), ("experiments", "0006_metric_list"), ("accounts", "0002_tokens_in_clear")]
MOMENT = datetime(2026, 11, 29, 8, tzinfo=UTC)
RUNS = 3
TRIGGERS = """
CREATE TRIGGER listed_run_added AFTER INSERT ON runs_run BEGIN
INSERT INTO runs_listedrun (id, owner_id, experiment_name, source_path, model_name, status, training_mode, created_at,
final_split, words, mark) VALUES (NEW.id, NEW.owner_id, NEW.experiment_name, NEW.source_path, NEW.model_name,
NEW.status, NEW.training_mode, NEW.created_at, NEW.final_split, '', 7); END
"""
"""Of the three, in SQLite's words: a later version has to make it again."""


def main() -> None:
    """Migrate to that version's tables, and fill those that get a project."""
    django.setup()
    executor = MigrationExecutor(connection)
    executor.migrate(LAST)
    apps = executor.loader.project_state(LAST).apps
    users = apps.get_model("auth", "User").objects
    ada = users.create(username="ada", password="x")
    users.create(username="gone", password="x", is_active=False)
    users.create(username="root", password="x", is_superuser=True)
    users.create(username="staff", password="x", is_staff=True)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(TRIGGERS)
    group = apps.get_model("runs", "RunGroup").objects.create(owner=ada, name="Lungs", size=RUNS, config={})
    for fold in range(1, RUNS + 1):
        apps.get_model("runs", "Run").objects.create(
            owner=ada, experiment_name="Lungs", source_path="dataset:chest", config={"trainer": {"max_epochs": 3}},
            seed=1, max_epochs=3, monitor="val_auroc", status="completed", group=group, fold=fold, folds=RUNS,
            end_time=MOMENT,
        )  # fmt: skip
    apps.get_model("experiments", "Dataset").objects.create(
        name="chest", kind="folder", path="/data/chest", owner=ada, state="waiting"
    )
    apps.get_model("experiments", "Preflight").objects.create(owner=ada, config={}, status="done")
    apps.get_model("accounts", "APIToken").objects.create(
        user=ada, name="ci", digest="0" * 128, token_key="livetrain_0"
    )


if __name__ == "__main__":
    main()
