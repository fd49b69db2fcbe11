"""No page and no address of the API reads a large table from end to end: the plans of all their queries are looked at.

A plan reads a table whole where it says SCAN without an index. Allowed is that in the order of the ids with a LIMIT,
which ends early. What a user sorts or searches by is not bound to have an index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.measurements import counts
from runs.models import Run, RunTag
from runs.removal import retention
from runs.summaries import metric_summaries
from tests.runs.conftest import MakeRun, completed_columns

LARGE = ("run", "runevent", "runmetric", "metricsummary", "runsamples", "runtag", "finalresult", "storedfile")
WHOLE = re.compile(rf"SCAN runs_({'|'.join(LARGE)})\b(?! USING)")
ADDRESSES = (
    "/api/runs/", "/api/runs/?columns=metric.val_loss.best,metric.val_loss&sparkline=1", "/api/runs/?status=failed",
    "/api/runs/?tag=a", "/api/runs/?owner=tester", "/api/runs/?experiment=x", "/api/runs/?created_after=2026-01-01",
    "/api/runs/?deleted=1", "/api/runs/facets/", "/api/runs/facets/?status=completed", "/api/runs/facets/?tag=a",
    "/api/runs/{0}/", "/api/runs/{0}/metrics/", "/api/runs/{0}/series/", "/api/runs/{0}/series/?name=batch/loss",
    "/api/runs/{0}/snapshot/", "/api/runs/{0}/final-stats/", "/api/runs/{0}/files/", "/api/runs/{0}/hints/",
    "/api/runs/{0}/reading/", "/api/runs/groups/", "/api/queue/", "/api/queue/runs/", "/api/queue/gpus/", "/metrics",
    "/runs/{0}/", "/", "/queue/", "/compare/",
)  # fmt: skip
pytestmark = pytest.mark.django_db


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL plans by statistics: with few rows it reads them all")
    made = make_run(**completed_columns())
    RunTag.objects.create(run=made, name="a")
    metric_summaries.add_epochs(made.pk, [(0, {"val_loss": 0.5})])
    make_run()
    return made


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql.replace('%', '%%')}", [])
        return "\n".join(row[3] for row in cursor.fetchall())


def reads_a_table_whole(sql: str) -> bool:
    found = plan(sql)
    ends_early = " LIMIT " in sql and "TEMP B-TREE" not in found
    return bool(WHOLE.search(found)) and not ends_early


def asked(captured: CaptureQueriesContext) -> Iterator[str]:
    for query in captured.captured_queries:
        if query["sql"].startswith("SELECT"):
            yield query["sql"]


def test_a_query_without_an_index_is_seen(run: Run) -> None:
    assert reads_a_table_whole("SELECT id FROM runs_run WHERE reason = 'x'")
    assert reads_a_table_whole("SELECT id FROM runs_run ORDER BY reason LIMIT 3")
    assert not reads_a_table_whole("SELECT id FROM runs_run ORDER BY id DESC LIMIT 3")
    assert not reads_a_table_whole(f"SELECT id FROM runs_run WHERE id = {run.pk}")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_query_of_an_address_has_an_index(address: str, run: Run, api: Client, browser_session: Client) -> None:
    client = api if address.startswith(("/api/", "/metrics")) else browser_session
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address.format(run.pk)).status_code == 200
    queries = list(asked(captured))
    assert [query for query in queries if reads_a_table_whole(query)] == []
    assert queries


@pytest.mark.usefixtures("run")
def test_sums_over_all_runs_read_indexes_alone() -> None:
    with CaptureQueriesContext(connection) as captured:
        counts()
    ended, unfinished = (plan(query) for query in asked(captured))
    assert "COVERING INDEX run_ended_totals" in ended
    assert "INDEX run_status_id" in unfinished


@pytest.mark.usefixtures("run")
def test_a_dry_run_of_pruning_asks_of_all_runs_at_once() -> None:
    with CaptureQueriesContext(connection) as captured:
        retention.ephemeral_events_of(retention.expired_runs(30))
    plans = [plan(query) for query in asked(captured)]  # of rows, and of what is packed
    assert len(plans) == 2
    assert all("INDEX" in one for one in plans)
    assert not [one for one in plans if re.search(r"SCAN runs_(runevent|packedevents)\b", one)]
