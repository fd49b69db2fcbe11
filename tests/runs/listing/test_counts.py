"""Counts, orders and groups of the list over random runs, compared with the same calculated here from the rows."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.derived_models import OptionValue
from runs.models import Run
from runs.summaries import option_values
from runs.tagging import tags
from tests.runs.api.test_list import URL
from tests.runs.conftest import CONFIG, MakeRun
from tests.runs.query_plans import sqlite_plan

OPTION = "config.optimizer.learning_rate"
VALUES = (0.001, 10, 3, 0.1 + 0.2, 0.3, "auto", "10", True, False, None, [1, 2])


class Made(NamedTuple):
    """A generated run, with its tags and one value of its configuration."""

    run: Run
    tags: list[str]
    value: Any

    @property
    def words(self) -> str:
        run = self.run
        notes = " ".join(note["text"] for note in run.notes)
        texts = (run.experiment_name, run.source_path, run.model_name, run.owner.username, run.reason or "", notes)
        return " ".join((*texts, *self.tags)).lower()


@pytest.fixture
def made(make_run: MakeRun, user: User) -> list[Made]:
    """Make forty runs, a few of them deleted, and their tags; return the visible ones."""
    chance, owners = random.Random(3), [user, *(User.objects.create_user(name) for name in ("eve", "Uwe"))]
    found = []
    for number in range(40):
        value = VALUES[number % len(VALUES)]
        run = make_run(
            owner=chance.choice(owners),
            experiment_name=chance.choice(("Night", "day", "Eve")),
            source_path=chance.choice(("dataset:rays", "builtin:night", "dataset:moons")),
            model_name=chance.choice(("cnn", "mlp", "")),
            status=chance.choice(("completed", "failed", "cancelled")),
            reason=chance.choice((None, "Lost in the night.")),
            notes=chance.choice(([], [{"code": "x", "text": "Eve was here."}])),
            config={**CONFIG, "optimizer": {"learning_rate": value}},
            deleted_at=timezone.now() if number % 9 == 8 else None,
        )
        option_values.add(run.pk, run.config)
        found.append(Made(run, chance.sample(["night", "baseline", "x"], chance.randint(0, 3)), value))
        tags.change(run.pk, found[-1].tags, [])
    return [one for one in found if one.run.deleted_at is None]


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({}, lambda one: True),
        ({"status": "failed"}, lambda one: one.run.status == "failed"),
        ({"tag": "night"}, lambda one: "night" in one.tags),
        ({"owner": "eve", "model": "cnn"}, lambda one: one.run.owner.username == "eve" and one.run.model_name == "cnn"),
        ({"search": "EVE"}, lambda one: "eve" in one.words),
        ({"search": "night rays"}, lambda one: "night" in one.words and "rays" in one.words),
        ({"search": "nowhere"}, lambda one: False),
    ],
)
def test_facets_count_what_the_list_has(
    api: Client, made: list[Made], asked: dict[str, str], fits: Callable[[Made], bool]
) -> None:
    chosen = [one for one in made if fits(one)]
    body = api.get(f"{URL}facets/", asked).json()
    assert body["count"] == len(chosen)
    assert {row["value"]: row["count"] for row in body["status"] if row["count"]} == Counter(
        one.run.status for one in chosen
    )
    assert body["tag"] == most_frequent(tag for one in chosen for tag in one.tags)
    assert body["source_path"] == most_frequent(one.run.source_path for one in chosen)
    assert body["model"] == most_frequent(one.run.model_name for one in chosen if one.run.model_name)
    assert body["owner"] == most_frequent(one.run.owner.username for one in chosen)
    assert walked(api, asked) == [one.run.pk for one in reversed(chosen)]


@pytest.mark.parametrize("descending", [False, True])
def test_an_option_sorts_numbers_then_texts_then_nothing_page_by_page(
    api: Client, made: list[Made], descending: bool
) -> None:
    sign = -1 if descending else 1
    numbers = [one for one in made if isinstance(one.value, int | float)]
    numbers.sort(key=lambda one: (sign * float(one.value), -one.run.pk))
    texts = {"auto": "auto", "10": "10"}
    written = [(texts.get(str(one.value), "[1,2]"), one) for one in made if isinstance(one.value, str | list)]
    written.sort(key=lambda pair: -pair[1].run.pk)
    written.sort(key=lambda pair: pair[0], reverse=descending)
    none = [one for one in reversed(made) if one.value is None]
    expected = [one.run.pk for one in (*numbers, *(one for _, one in written), *none)]
    assert walked(api, {"ordering": f"{'-' if descending else ''}{OPTION}", "page_size": "7"}) == expected


@pytest.mark.parametrize("first", range(len(VALUES)))
def test_an_option_sorts_alike_whichever_value_is_the_common_one(api: Client, make_run: MakeRun, first: int) -> None:
    """Check each place that the runs without a row can have, with runs that are older than the option."""
    missing = object()
    values = [missing, None, missing, *VALUES[first:], *VALUES[:first], VALUES[first], missing, VALUES[first], None]
    found: dict[int, Any] = {}
    for value in values:
        options = {} if value is missing else {"optimizer": {"learning_rate": value}}
        run = make_run(config={**CONFIG, **({"optimizer": {}} if first % 2 else {}), **options})
        option_values.add(run.pk, run.config)
        found[run.pk] = None if value is missing else value
    for descending in (False, True):
        by_hand = sorted(found, reverse=True)
        by_hand.sort(key=lambda pk: _sorts_by(found[pk]), reverse=descending)
        by_hand.sort(key=lambda pk: _kind(found[pk]))
        assert walked(api, {"ordering": f"{'-' if descending else ''}{OPTION}", "page_size": "4"}) == by_hand
    stored = OptionValue.objects.filter(column__name="optimizer.learning_rate").count()
    assert stored <= len(values) - 3  # what is common has no row


def test_runs_that_are_created_at_once_have_their_own_values(api: Client, make_run: MakeRun) -> None:
    first, second, third = (make_run() for _ in range(3))
    option_values.add(second.pk, {})  # is committed before the new option of the first can be seen
    option_values.add(first.pk, {"optimizer": {"learning_rate": 0.1}})
    option_values.add(third.pk, {"optimizer": {"learning_rate": 0.01}})
    assert walked(api, {"ordering": OPTION}) == [third.pk, first.pk, second.pk]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets only one transaction write")
def test_postgresql_too_creates_runs_one_after_the_other(make_run: MakeRun) -> None:
    option_values.add(make_run().pk, {})
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [option_values._TURN])
            assert cursor.fetchone() == (False,)
    finally:
        other.close()


def test_whole_numbers_beyond_all_floats_sort_at_the_ends() -> None:
    assert [option_values.sortable(sign * 10**400).number for sign in (-1, 1)] == [-math.inf, math.inf]


def _kind(value: Any) -> int:
    return 2 if value is None else int(isinstance(value, str | list))


def _sorts_by(value: Any) -> Any:
    """Pair number and text, so that values of all kinds can be compared."""
    if value is None:
        return 0.0, ""
    return (0.0, str(value).replace(" ", "")) if isinstance(value, str | list) else (float(value), "")


@pytest.mark.parametrize(("search", "times"), [("night", 2), ("nowhere", 1)])
def test_facets_of_a_search_look_at_short_rows_alone(api: Client, made: list[Made], search: str, times: int) -> None:
    """Look once for what is found, and once for its tags."""
    with CaptureQueriesContext(connection) as captured:
        api.get(f"{URL}facets/", {"search": search})
    queries = [one["sql"] for one in captured.captured_queries]
    assert not [query for query in queries if '"runs_run"' in query]
    looking = [query for query in queries if "words" in query]
    assert len(looking) == times
    if connection.vendor == "sqlite":
        plans = [sqlite_plan(query) for query in looking]
        assert all(len(re.findall(r"(SCAN|SEARCH) \w*\.?(?:runs_listedrun|U\d)\b", plan)) >= 1 for plan in plans)
        assert "COVERING INDEX listed_search" in plans[0]


@pytest.mark.parametrize("number", [1, 7, 36])
def test_the_newest_are_the_same_however_they_are_asked_for(api: Client, made: list[Made], number: int) -> None:
    every = {"status": ",".join(Run.Status.values), "page_size": str(number)}
    chosen, newest = api.get(URL, every).json(), api.get(URL, {"page_size": str(number)}).json()
    assert newest["results"] == chosen["results"]
    assert [row["id"] for row in newest["results"]] == sorted((one.run.pk for one in made), reverse=True)[:number]
    assert newest["previous"] is chosen["previous"] is None
    if number == len(made):
        assert newest["next"] is chosen["next"] is None
    else:
        following = api.get(newest["next"]).json()
        assert following["results"] == api.get(chosen["next"]).json()["results"]
        assert api.get(following["previous"]).json()["results"] == newest["results"]


@pytest.mark.parametrize("all_of_them", [{}, {"mode": "centralized"}])
def test_tags_group_each_run_under_each_of_its_tags(api: Client, made: list[Made], all_of_them: dict[str, str]) -> None:
    groups = api.get(f"{URL}grouped/", {"by": "tag", **all_of_them}).json()["results"]
    assert {group["key"]: group["count"] for group in groups} == Counter(tag for one in made for tag in one.tags)
    for group in groups:
        of_it = [one.run for one in made if group["key"] in one.tags]
        assert group["statuses"] == Counter(run.status for run in of_it)
        assert group["newest"]["id"] == max(run.pk for run in of_it)


def most_frequent(values: Iterable[str]) -> list[dict[str, Any]]:
    """Sort by frequency, equally frequent values alphabetically."""
    counted = Counter(values)
    return [{"value": value, "count": counted[value]} for value in sorted(counted, key=lambda v: (-counted[v], v))]


def walked(api: Client, asked: dict[str, str]) -> list[int]:
    """Read all runs, page by page."""
    body = api.get(URL, asked).json()
    found = [row["id"] for row in body["results"]]
    while body["next"]:
        body = api.get(body["next"]).json()
        found += [row["id"] for row in body["results"]]
    return found
