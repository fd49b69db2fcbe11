"""Lists of members show the same whichever way their runs are found, and the way follows how many these are."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import Membership, Project
from runs.listing import facets, final_spreads, grouping, reach, run_pages
from runs.listing.reach import Reach, reach_of
from runs.models import Run, RunTag
from runs.projects.project_names import numbers_of
from runs.summaries import metric_summaries, option_values
from tests.runs.api.test_list import URL
from tests.runs.conftest import CONFIG, MakeRun, completed_columns
from tests.runs.query_plans import sqlite_plan

ORDERINGS = (
    "-id",
    "final_auroc",
    "owner",
    "-metric.val_loss",
    "-config.rate",
    "tags",
    "-best_value",
    "experiment_name",
)
"""Every third with every choice."""
CHOICES: tuple[dict[str, Any], ...] = (
    {}, {"status": ["failed"]}, {"tag": ["a"]}, {"search": "even"}, {"name": "odd"}, {"project": ["Second"]},
)  # fmt: skip
pytestmark = pytest.mark.django_db


@pytest.fixture
def runs(make_run: MakeRun, user: User) -> list[Run]:
    """Make thirty runs of three projects, in the last of which the user is not."""
    second, third = (Project.objects.create(name=name) for name in ("Second", "Third"))
    Membership.objects.create(project=second, user=user, role="viewer")
    chance, made = random.Random(5), []
    for number in range(30):
        ended = completed_columns() if number % 3 else {"status": "failed"}
        run = make_run(
            **ended | {"best_value": chance.random() if number % 4 else None, "final_auroc": chance.random()},
            project_id=(1, second.pk, third.pk)[chance.randrange(3)],
            experiment_name="odd" if number % 2 else "even",
        )
        if number % 5 < 2:
            RunTag.objects.create(run=run, name="ab"[number % 2])
        if number % 3:
            metric_summaries.add_epochs(run.pk, [(0, {"val_loss": chance.random()})])
        option_values.add(run.pk, {**CONFIG, "rate": chance.choice((0.1, 0.2))})
        made.append(run)
    return made


@pytest.fixture
def found_as(monkeypatch: pytest.MonkeyPatch) -> Callable[[Reach], None]:
    """Return what lets lists find runs in one of the ways."""

    def find(way: Reach) -> None:
        for module in (run_pages, grouping, facets):
            monkeypatch.setattr(module, "reach_of", lambda projects: way)

    return find


def test_lists_are_the_same_whichever_way_runs_are_found(
    runs: list[Run], user: User, found_as: Callable[[Reach], None]
) -> None:
    mine = set(Membership.objects.filter(user=user).values_list("project", flat=True))
    everything = {run.pk for run in runs if run.project_id in mine}
    for choice in CHOICES:
        asked = choice | ({"project": numbers_of(choice["project"])} if "project" in choice else {})
        for ordering in ORDERINGS if choice == {} else ORDERINGS[::3]:
            lists = []
            for way in Reach:
                found_as(way)
                lists.append(_walked(user, {**asked, "ordering": ordering, "page_size": 15, "deleted": False}))
            assert lists == lists[:1] * len(Reach), (choice, ordering)
            assert set(lists[0]) <= everything
            assert choice or set(lists[0]) == everything


def _walked(user: User, asked: dict[str, Any]) -> list[int]:
    """Turn all pages."""
    page = run_pages.run_page(user, asked)
    found = [row["id"] for row in page.rows]
    while following := page.links("/")["next"]:
        page = run_pages.run_page(user, {**asked, "cursor": parse_qs(urlsplit(following).query)["cursor"][0]})
        found += [row["id"] for row in page.rows]
    return found


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("asked", ["facets/", "grouped/?by=tag", "grouped/?by=experiment", "facets/?project=Second"])
def test_counts_are_the_same_whichever_way_runs_are_found(
    asked: str, api: Client, found_as: Callable[[Reach], None]
) -> None:
    counts = []
    for way in Reach:
        final_spreads._known.clear()
        found_as(way)
        counts.append(api.get(f"{URL}{asked}").json())
    assert counts == counts[:1] * len(Reach)
    assert "a" in str(counts[0])


def test_the_way_follows_how_many_of_the_newest_runs_are_of_the_projects(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_SAMPLE", 8)
    projects = [Project.objects.create(name=str(number)).pk for number in range(3)]
    assert reach_of([]) is Reach.FEW
    for project, number in ((projects[0], 12), (projects[1], 3), (projects[2], 5)):
        Run.objects.bulk_create([_copy(make_run(), project) for _ in range(number)])
        Run.objects.filter(project_id=1).delete()
    newest = Run.objects.latest("pk").pk
    assert reach_of(projects[2:]) is Reach.MOST  # five of the newest eight
    assert reach_of(projects[1:2]) is Reach.MANY  # three of them
    monkeypatch.setattr(reach, "_FEW", 12 * 12 / newest + 1)
    assert reach_of(projects[:1]) is Reach.FEW  # none of them, and twelve in all
    monkeypatch.setattr(reach, "_FEW", 11 * 11 / newest)
    assert reach_of(projects[:1]) is Reach.SOME


def _copy(run: Run, project: int) -> Run:
    run.pk, run.project_id = None, project
    return run


def test_groups_of_a_member_are_not_read_again_until_a_run_changes(
    api: Client, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = Mock(wraps=final_spreads._read)
    monkeypatch.setattr(final_spreads, "_read", reading)
    final_spreads._known.clear()
    first = _groups(api)
    assert _groups(api) == first
    assert reading.call_count == 1
    theirs = next(run for run in runs if run.project_id == 1 and run.status == "completed")
    Run.objects.filter(pk=theirs.pk).update(project=Project.objects.create(name="Elsewhere"))
    changed = _groups(api)
    assert reading.call_count == 2
    final_spreads._known.clear()
    assert _groups(api) == changed != first


def _groups(api: Client) -> Any:
    return api.get(f"{URL}grouped/", {"by": "experiment"}).json()["results"]


def test_what_changes_while_groups_are_read_is_not_remembered(
    api: Client, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run comes and goes again: the marks of those before it are then the same as at first."""
    final_spreads._known.clear()
    guest = next(run for run in runs if run.status == "completed" and run.project_id not in (1, runs[0].project_id))
    Run.objects.filter(pk=guest.pk).update(project_id=Project.objects.get(name="Third").pk)
    before = _groups(api)
    final_spreads._known.clear()
    read = final_spreads._read

    def reading(*arguments: Any) -> Any:
        Run.objects.filter(pk=guest.pk).update(project_id=1, final_auroc=0.0)
        return read(*arguments)

    monkeypatch.setattr(final_spreads, "_read", reading)
    assert _groups(api) != before
    monkeypatch.setattr(final_spreads, "_read", read)
    Run.objects.filter(pk=guest.pk).update(project_id=Project.objects.get(name="Third").pk)
    assert _groups(api) == before


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL knows how many runs a project has")
@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"tag": "a"}, "run_tag_name"),
        ({"owner": "ada"}, "owner_id"),
        ({"ordering": "-best_value"}, "COVERING INDEX run_best_value"),
        ({"ordering": "final_auroc"}, "INDEX run_final_auroc"),
    ],
)
def test_filters_and_orders_of_a_member_of_many_keep_their_index(
    asked: dict[str, str], index: str, api: Client, runs: list[Run]
) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert api.get(URL, asked).status_code == 200
    [first, *_] = [query["sql"] for query in captured.captured_queries if '"project_id" IN' in query["sql"]]
    assert index in sqlite_plan(first)
