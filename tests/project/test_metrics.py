"""`/metrics`: who may read it, and that each figure matches rows made by hand."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from experiments.models import Dataset, Upload
from project.exposition import Family, Sample, render
from runs import lifecycle, measurements
from runs.events import format_time
from runs.models import Run, RunEvent
from runs.scheduling import workers
from tests.realtime.writing import batch_event, queued_run, running_run, store

TOKEN = "a-token-of-the-scraper"
LINE = re.compile(r"^(livetrain_\w+)(?:\{(.*)\})? (\S+)$")


def figures(text: str) -> dict[str, float]:
    """Parse the figures by name and labels; each line must be a comment or a sample."""
    samples = [LINE.match(line) for line in text.splitlines() if not line.startswith("# ")]
    return {f"{found[1]}{{{found[2]}}}" if found[2] else found[1]: float(found[3]) for found in samples if found}


@pytest.mark.django_db
def test_nobody_reads_figures_without_a_login(settings: Settings) -> None:
    assert Client().get("/metrics").status_code == 401
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert Client(headers=bearer).get("/metrics").status_code == 401, "no token is set"
    assert Client(headers={"authorization": "Bearer "}).get("/metrics").status_code == 401
    settings.METRICS_TOKEN = TOKEN
    assert Client(headers={"authorization": f"Bearer {TOKEN}x"}).get("/metrics").status_code == 401
    assert Client(headers=bearer).get("/metrics").status_code == 200
    assert Client(headers=bearer).get("/api/runs/").status_code == 401, "it opens nothing else"


@pytest.fixture
def staff(user: User) -> User:
    """Make the user staff: the figures are of all projects."""
    user.is_staff = True
    user.save()
    return user


def test_other_users_read_no_figures(api: Client, browser_session: Client) -> None:
    for client in (api, browser_session):
        answer = client.get("/metrics")
        assert answer.status_code == 403
        assert "livetrain_" not in answer.content.decode()


@pytest.mark.usefixtures("staff")
def test_a_session_and_an_api_token_will_do(api: Client, browser_session: Client) -> None:
    accepts = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    response = api.get("/metrics", headers={"accept": accepts})
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert browser_session.get("/metrics").status_code == 200


def test_figures_are_those_of_the_rows(api: Client, staff: User) -> None:
    user = staff
    running = running_run(user)
    store(running, [batch_event(0), batch_event(1)])
    lost = running_run(user)
    Run.objects.filter(pk=lost.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert lifecycle.recover(lost.pk)
    assert lifecycle.claim(lost.pk, "another")
    queued_run(user)
    workers.register("here:1", "here", 3, [])
    Run.objects.filter(pk=running.pk).update(worker="here:1 GPU 0")
    dataset = Dataset.objects.create(name="x", kind="upload", path="x", owner=user, state="uploading")
    Upload.objects.create(dataset=dataset, filename="x.zip", size=5, updated_at=timezone.now())
    got = figures(api.get("/metrics").content.decode())
    # By hand: 2 events of status and 2 batches; then queued, in_progress, queued, in_progress; then queued.
    assert got["livetrain_events_total"] == 4 + 4 + 1
    assert got['livetrain_runs{status="in_progress"}'] == 2
    assert got['livetrain_runs{status="queued"}'] == 1
    assert got['livetrain_runs{status="failed"}'] == 0
    assert got["livetrain_attempts_total"] == 3
    assert (got["livetrain_slots"], got["livetrain_slots_busy"]) == (3, 1), "the other run trains elsewhere"
    assert got["livetrain_restarts_total"] == 1
    assert got["livetrain_lost_attempts"] == 1
    assert got["livetrain_uploads_open"] == 1
    assert got['livetrain_datasets{state="uploading"}'] == 1
    assert {f'livetrain_event_lag_seconds{{run_id="{run.pk}"}}' for run in (running, lost)} <= set(got)
    assert got["livetrain_database_bytes"] > 0
    assert got["livetrain_home_free_bytes"] > 0
    assert got['livetrain_websocket_clients{follows="run"}'] == 0


def test_lags_count_from_the_newest_event_and_waits_from_the_moment_of_queueing(user: User) -> None:
    now = timezone.now()
    waiting, running = queued_run(user), running_run(user)
    Run.objects.filter(pk=waiting.pk).update(queued_at=now - timedelta(seconds=90))
    newest = RunEvent.objects.filter(run=running, seq=Run.objects.get(pk=running.pk).last_seq)
    newest.update(timestamp=format_time(now - timedelta(seconds=7)))
    assert measurements.longest_wait(now) == pytest.approx(90, abs=0.01)
    assert measurements.event_lags(now) == {running.pk: pytest.approx(7, abs=0.01)}


@pytest.mark.django_db
def test_an_empty_server_has_figures_too() -> None:
    assert measurements.longest_wait() == 0
    assert measurements.totals() == (0, 0, 0, 0)


def test_a_long_journal_is_not_read(api: Client, staff: User) -> None:
    """Check that each use of the journal finds its rows by the index over run and number."""
    user = staff
    running_run(user)
    queued_run(user)
    with CaptureQueriesContext(connection) as asked:
        assert api.get("/metrics").status_code == 200
    assert len(asked) <= 11
    of_journal = [query["sql"] for query in asked if "runs_runevent" in query["sql"]]
    assert len(of_journal) == 1
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for sql in of_journal:
                plan = [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()]
                assert not [step for step in plan if step.startswith("SCAN runs_runevent")], plan


def test_texts_are_escaped_as_the_format_wants_it() -> None:
    family = Family("a", "gauge", "of\\two\nlines", (Sample(float("nan"), {"x": 'q"\\\n'}), Sample(2, {})))
    expected = '# HELP a of\\\\two\\nlines\n# TYPE a gauge\na{x="q\\"\\\\\\n"} NaN\na 2\n'
    assert render([family]) == expected
