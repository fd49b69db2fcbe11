"""No page and no address of the API reads a large table from end to end: the plans of all their queries are looked at.

Allowed is to read in the order of an index with a LIMIT, which ends early. Not all that a user can search and sort by
has an index: the texts of a search have none, and of the fields of a run only those that are sorted by most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import Membership, Project
from runs.events import utc_now
from runs.measurements import counts
from runs.models import Run, RunEvent, RunMetric, RunTag
from runs.removal import retention
from runs.summaries import metric_summaries, option_values
from tests.runs.conftest import MakeRun, completed_columns
from tests.runs.query_plans import pretend_many_rows, reads_a_table_whole, sqlite_plan

SORTED_BY = (
    "best_value", "final_auroc", "created_at", "experiment_name", "metric.val_loss", "metric.val_loss.best",
    "metric.val_loss.max", "metric.final_mcc", "config.rate", "config.network",
)  # fmt: skip
ADDRESSES = (
    "/api/runs/", "/api/runs/?columns=metric.val_loss.best,metric.val_loss&sparkline=1", "/api/runs/?status=failed",
    "/api/runs/?tag=a", "/api/runs/?owner=tester", "/api/runs/?experiment=x", "/api/runs/?created_after=2026-01-01",
    "/api/runs/?deleted=1", *(f"/api/runs/?ordering={sign}{by}" for by in SORTED_BY for sign in ("", "-")),
    "/api/runs/facets/", "/api/runs/facets/?status=completed", "/api/runs/facets/?tag=a",
    "/api/runs/{0}/", "/api/runs/{0}/metrics/", "/api/runs/{0}/series/", "/api/runs/{0}/series/?name=batch/loss",
    "/api/runs/{0}/snapshot/", "/api/runs/{0}/final-stats/", "/api/runs/{0}/files/", "/api/runs/{0}/hints/",
    "/api/runs/{0}/reading/", "/api/runs/groups/", "/api/queue/", "/api/queue/runs/", "/api/queue/gpus/", "/metrics",
    "/runs/{0}/", "/", "/queue/", "/compare/",
)  # fmt: skip
pytestmark = pytest.mark.django_db


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    made = make_run(**completed_columns())
    RunTag.objects.create(run=made, name="a")
    metric_summaries.add_epochs(made.pk, [(0, {"val_loss": 0.5})])
    metric_summaries.add_final(made.pk, 0, {"final_mcc": 0.5})
    option_values.add(made.pk, {"rate": 0.1, "network": "cnn"})
    running = make_run(status="in_progress", last_seq=1)
    option_values.add(running.pk, {"rate": 0.2, "network": "mlp"})
    for run in (made, running):
        RunEvent.objects.create(run=run, seq=1, attempt=1, type="status", timestamp=utc_now(), data="{}")
        RunMetric.objects.create(run=run, epoch=0, metric_name="val_loss", value=0.5, dataset_type="val")
    make_run()
    if connection.vendor == "postgresql":
        pretend_many_rows()
    return made


def asked(captured: CaptureQueriesContext) -> Iterator[str]:
    for query in captured.captured_queries:
        if query["sql"].startswith("SELECT"):
            yield query["sql"]


def test_a_query_without_an_index_is_seen(run: Run) -> None:
    assert reads_a_table_whole("SELECT id FROM runs_run WHERE reason = 'x'")
    assert reads_a_table_whole("SELECT id FROM runs_run ORDER BY reason LIMIT 3")
    assert reads_a_table_whole("SELECT reason FROM runs_run ORDER BY id")
    assert not reads_a_table_whole("SELECT id FROM runs_run ORDER BY id DESC LIMIT 3")
    assert not reads_a_table_whole(f"SELECT id FROM runs_run WHERE id = {run.pk}")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_query_of_an_address_has_an_index(address: str, run: Run, api: Client, browser_session: Client) -> None:
    if address == "/metrics":  # of all projects, so for staff
        User.objects.update(is_staff=True)
        browser_session.force_login(run.owner)
    client = api if address.startswith("/api/") else browser_session
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address.format(run.pk)).status_code == 200
    queries = list(asked(captured))
    assert [query for query in queries if reads_a_table_whole(query)] == []
    assert queries


@pytest.mark.parametrize("address", [address for address in ADDRESSES if address != "/metrics"])
def test_every_query_of_a_member_of_few_projects_has_an_index(
    address: str, run: Run, api: Client, browser_session: Client
) -> None:
    """Two of three projects: the runs of both are merged, and those of the third are passed over."""
    if address == "/api/runs/facets/" and connection.vendor != "sqlite":
        pytest.skip("which index PostgreSQL takes for tags depends on the number of rows")
    Membership.objects.create(project=Project.objects.create(name="Second"), user=run.owner, role="viewer")
    Project.objects.create(name="Third")
    client = api if address.startswith("/api/") else browser_session
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address.format(run.pk)).status_code == 200
    queries = list(asked(captured))
    assert [query for query in queries if reads_a_table_whole(query)] == []


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("by", ["experiment", "dataset", "model", "owner", "group", "tag"])
def test_groups_are_counted_along_indexes(api: Client, by: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("which index PostgreSQL takes depends on the number of rows")
    with CaptureQueriesContext(connection) as captured:
        assert api.get("/api/runs/grouped/", {"by": by}).status_code == 200
    queries = list(asked(captured))
    assert [query for query in queries if reads_a_table_whole(query)] == []
    counting = [sqlite_plan(query) for query in queries if "COUNT(*)" in query]
    assert counting
    assert all("COVERING INDEX" in plan for plan in counting)


@pytest.mark.usefixtures("run")
def test_sums_over_all_runs_read_indexes_alone() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("which index PostgreSQL takes depends on the number of rows")
    with CaptureQueriesContext(connection) as captured:
        counts()
    ended, unfinished = (sqlite_plan(query) for query in asked(captured))
    assert "COVERING INDEX run_ended_totals" in ended
    assert "INDEX run_status_id" in unfinished


@pytest.mark.usefixtures("run")
def test_a_dry_run_of_pruning_asks_of_all_runs_at_once() -> None:
    with CaptureQueriesContext(connection) as captured:
        retention.ephemeral_events_of(retention.expired_runs(30))
    assert [query for query in asked(captured) if reads_a_table_whole(query)] == []
    if connection.vendor != "sqlite":
        return
    rows, packed = (sqlite_plan(query) for query in asked(captured))
    assert "INDEX" in rows
    assert "SEARCH runs_packedevents USING INDEX" in packed
    assert not re.search(r"SCAN runs_(runevent|packedevents)\b", rows + packed)
