"""The database is migrated where anything is missing, and left alone where nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from pytest_django.fixtures import Settings

import runs.migrations
from runs import schema

pytestmark = pytest.mark.django_db


@pytest.fixture
def migrated(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> list[str]:
    """Write down each migration of the database."""
    calls: list[str] = []
    settings.LIVETRAIN_HOME = tmp_path
    monkeypatch.setattr(schema, "call_command", lambda name, **_: calls.append(name))
    return calls


def test_it_is_migrated_once(migrated: list[str]) -> None:
    schema.bring_up_to_date()
    schema.bring_up_to_date()
    assert migrated == ["migrate"], "nothing is known of it the first time"


def test_one_that_lacks_a_migration_is_migrated(migrated: list[str]) -> None:
    schema.bring_up_to_date()
    MigrationRecorder.Migration.objects.filter(app="runs").latest("id").delete()
    schema.bring_up_to_date()
    assert migrated == ["migrate"] * 2


def test_another_database_is_migrated(migrated: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have all migrations and lack what comes after them, as permissions do."""
    schema.bring_up_to_date()
    monkeypatch.setitem(connection.settings_dict, "HOST", "elsewhere")
    schema.bring_up_to_date()
    assert migrated == ["migrate"] * 2


def test_what_was_broken_off_is_done_again(migrated: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    schema.bring_up_to_date()
    MigrationRecorder.Migration.objects.filter(app="runs").latest("id").delete()
    with monkeypatch.context() as broken:
        broken.setattr(schema, "call_command", killed)
        with pytest.raises(SystemExit):
            schema.bring_up_to_date()
    monkeypatch.setattr(schema, "_missing", list)  # all were applied, and nothing after them
    schema.bring_up_to_date()
    assert migrated == ["migrate"] * 2


def test_a_folder_among_the_migrations_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Django's loader takes modules alone: what it never applies would be missing for good."""
    folder = tmp_path / "of_migrations"
    (folder / "__init__.py").parent.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.setattr(runs.migrations, "__path__", [*runs.migrations.__path__, str(tmp_path)])
    assert schema.unapplied_migrations() == []
    (tmp_path / "9999_later.py").touch()
    assert schema.unapplied_migrations() == ["runs.9999_later"]


def test_missing_migrations_are_those_that_django_would_apply() -> None:
    assert schema.unapplied_migrations() == []
    for app in ("runs", "experiments"):
        MigrationRecorder.Migration.objects.filter(app=app).latest("id").delete()
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    assert sorted(schema.unapplied_migrations()) == sorted(f"{one.app_label}.{one.name}" for one, _ in plan)
    assert len(plan) == 2
