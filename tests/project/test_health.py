"""The load balancer's questions: is the process alive, and can it serve?"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import Error, InterfaceError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django.fixtures import Settings

from project import health
from runs.failures.refused_writes import refused_writes
from tests.installation import Installation


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_readiness", health.Readiness())
    monkeypatch.setattr(refused_writes, "_last", None)  # by another test, seconds ago


def test_a_process_is_alive_without_a_database() -> None:
    """Answer without the `db` fixture, without which every query fails."""
    response = Client().get("/healthz")
    assert (response.status_code, response.json()) == (200, {"alive": True})


@pytest.mark.parametrize("fault", [OperationalError, InterfaceError])
def test_a_database_that_does_not_answer_is_no_error_of_ours(
    fault: type[Error], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_self: health.Readiness) -> tuple[str, str]:
        raise fault("away")

    monkeypatch.setattr(health.Readiness, "check", away)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["failing"]) == (503, "database")


@pytest.mark.django_db
def test_a_server_is_ready_when_its_tables_are_up_to_date() -> None:
    response = Client().get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ready": True})
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_a_missing_migration_is_named_with_its_cure_until_it_is_applied() -> None:
    applied = MigrationRecorder(connection)
    newest = applied.migration_qs.filter(app="notifications").order_by("-name")[0]  # no other depends on it
    applied.record_unapplied("notifications", newest.name)
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "failing": "migrations", "detail": "Run: manage.py migrate"}
    call_command("migrate", "--fake", verbosity=0)
    assert Client().get("/readyz").status_code == 200


def test_a_database_out_of_reach_is_told_without_its_address(tmp_path: Path) -> None:
    """Start a process whose database is a port without a listener."""
    script = "from django.test import Client; r = Client().get('/readyz'); print(r.status_code, r.content.decode())"
    address = "postgresql://keeper:hunter2@127.0.0.1:1/x"
    printed = Installation(tmp_path, DATABASE_URL=address, LIVETRAIN_ALLOWED_HOSTS="testserver").manage(
        "shell", "--no-imports", "-c", script
    )
    assert printed.startswith("503 ")
    assert '"failing": "database"' in printed
    assert "hunter2" not in printed
    assert "127.0.0.1" not in printed


def test_probes_are_not_sent_to_https(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/metrics").status_code == 301


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_only_read(path: str) -> None:
    assert Client().post(path).status_code == 405


@pytest.mark.django_db
def test_a_disk_with_too_little_room_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LEAST_BYTES", 2**60)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["failing"]) == (503, "disk")
    assert "make room" in response.json()["detail"]


@pytest.mark.django_db
def test_a_home_that_cannot_be_written_is_named_without_its_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LEAST_BYTES", 0)
    settings.LIVETRAIN_HOME = Path("/proc")
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["failing"]) == (503, "disk")
    assert "/proc" not in response.json()["detail"]
    assert "manage.py doctor" in response.json()["detail"]


@pytest.mark.django_db
def test_a_database_that_takes_no_writes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "postgresql":
        connection.cursor().execute("SET TRANSACTION READ ONLY")
    else:
        monkeypatch.setattr("os.access", lambda *_: False)  # root may write any file
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["failing"]) == (503, "database")


@pytest.mark.django_db
def test_a_refused_write_is_remembered_for_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    refused_writes.note()
    assert Client().get("/readyz").json()["failing"] == "disk"
    monkeypatch.setattr(health, "REFUSED_SECONDS", 0.0)
    assert Client().get("/readyz").status_code == 200
