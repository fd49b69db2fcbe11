"""Mean and spread of the final numbers of groups: the database's sums against those made by hand."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.derived_models import ListedRun
from runs.listing import final_spreads
from runs.models import Run
from runs.removal import deletion
from runs.statistics.fold_statistics import described
from runs.tagging import tags
from tests.runs.conftest import MakeRun, completed_columns

COLUMNS = [f"final_{name}" for name in final_spreads.METRICS]
pytestmark = pytest.mark.django_db


@pytest.fixture
def summed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database add up groups of any size."""
    monkeypatch.setattr(final_spreads, "SUMMED_ABOVE", 0)


def made(make_run: MakeRun, name: str, numbers: list[dict[str, float | None]], **columns: Any) -> None:
    for of_run in numbers:
        make_run(**completed_columns() | {"experiment_name": name} | of_run | columns)


def by_hand(name: str, split: str) -> dict[str, Any]:
    rows = list(Run.objects.filter(experiment_name=name, status="completed", final_split=split).values_list(*COLUMNS))
    statistics = zip(final_spreads.METRICS, zip(*rows, strict=True), strict=True)
    return {"runs": len(rows), "statistics": {metric: described(values)._asdict() for metric, values in statistics}}


def of_groups(*names: str) -> dict[Any, Any]:
    counted = dict.fromkeys(names, final_spreads.Counted(9))
    return final_spreads.of_groups(Run.objects.all(), "experiment_name", counted, lambda _: counted)


@pytest.mark.usefixtures("summed")
def test_sums_of_the_database_are_those_made_by_hand(make_run: MakeRun) -> None:
    chance = random.Random(5)
    numbers: list[dict[str, float | None]] = [
        {column: None if chance.random() < 0.3 else chance.random() for column in COLUMNS} for _ in range(12)
    ]
    made(make_run, "mixed", numbers[:6])
    made(make_run, "mixed", numbers[6:], final_split="val")
    made(make_run, "one", numbers[:1])
    made(make_run, "unknown", [dict.fromkeys(COLUMNS)] * 2)
    made(make_run, "mixed", numbers[:2], status="failed")
    made(make_run, "mixed", numbers[:2], final_split="")
    found = of_groups("mixed", "one", "unknown")
    assert list(found["mixed"]) == ["test", "val"]
    assert {(name, split) for name in found for split in found[name]} == {
        ("mixed", "test"), ("mixed", "val"), ("one", "test"), ("unknown", "test"),
    }  # fmt: skip
    for name, splits in found.items():
        for split, spread in splits.items():
            expected = by_hand(name, split)
            assert spread["runs"] == expected["runs"]
            for metric, described_ in expected["statistics"].items():
                found_ = spread["statistics"][metric]
                assert found_.keys() == described_.keys()
                for part, number in described_.items():
                    assert found_[part] == (number if number is None else pytest.approx(number, rel=1e-12)), part


@pytest.mark.usefixtures("summed")
@pytest.mark.parametrize("step", [0.0, 1e-9, 1e-5])
def test_what_hardly_differs_is_described_exactly(make_run: MakeRun, step: float) -> None:
    made(make_run, "alike", [dict.fromkeys(COLUMNS, 0.9 + number * step) for number in range(5)])
    made(make_run, "apart", [dict.fromkeys(COLUMNS, 0.2 * number) for number in range(5)])
    found = of_groups("alike", "apart")
    assert found["alike"] == {"test": by_hand("alike", "test")}
    apart = by_hand("apart", "test")["statistics"]
    assert found["apart"]["test"]["statistics"]["f1"] == pytest.approx(apart["f1"])


def test_groups_of_few_runs_are_described_exactly(make_run: MakeRun) -> None:
    made(make_run, "few", [dict.fromkeys(COLUMNS, number / 7) for number in range(5)])
    assert of_groups("few") == {"few": {"test": by_hand("few", "test")}}


def test_no_groups_have_no_numbers() -> None:
    assert of_groups() == {}


def test_groups_by_tag_are_read_again_when_one_is_put_on_a_run_or_taken_off(api: Client, make_run: MakeRun) -> None:
    made(make_run, "a", [dict.fromkeys(COLUMNS, number) for number in (0.25, 0.75)])
    first, second = Run.objects.order_by("pk")

    def read() -> tuple[Any, bool]:
        """Return the mean of the tag's runs, and whether final numbers were read for it."""
        with CaptureQueriesContext(connection) as captured:
            [row] = api.get("/api/runs/grouped/", {"by": "tag"}).json()["results"]
        queries = [query["sql"] for query in captured.captured_queries]
        assert row["count"] == row["statuses"]["completed"] == row["splits"]["test"]["runs"]
        reading = any("runs_runtag" in query and "final_auroc" in query for query in queries)
        return row["splits"]["test"]["statistics"]["auroc"]["mean"], reading

    for run in (first, second):
        tags.change(run.pk, ["x"], [])
    marks = set(ListedRun.objects.values_list("mark", flat=True))
    assert read() == (0.5, True)
    assert read() == (0.5, False)
    tags.change(first.pk, [], ["x"])
    assert read() == (0.75, True)
    tags.change(first.pk, ["x"], [])
    assert read() == (0.5, True)
    assert len(marks & set(ListedRun.objects.values_list("mark", flat=True))) == 1
    assert read() == (0.5, False)


def test_groups_are_read_again_when_a_run_of_theirs_has_changed(api: Client, make_run: MakeRun) -> None:
    made(make_run, "changing", [dict.fromkeys(COLUMNS, number) for number in (0.25, 0.75)])
    made(make_run, "staying", [dict.fromkeys(COLUMNS, 0.5)])
    first, second = Run.objects.filter(experiment_name="changing").order_by("pk")

    def read() -> tuple[Any, bool]:
        """Return the mean of the group that changes, and whether final numbers were read; the other group stays."""
        with CaptureQueriesContext(connection) as captured:
            results = api.get("/api/runs/grouped/", {"by": "experiment"}).json()["results"]
        means = {row["key"]: row["splits"]["test"]["statistics"]["auroc"]["mean"] for row in results}
        assert means["staying"] == 0.5
        queries = [query["sql"] for query in captured.captured_queries]
        return means["changing"], any('"runs_listedrun"."final_auroc"' in query for query in queries)

    assert read() == (0.5, True)
    assert read() == (0.5, False)
    Run.objects.filter(pk=first.pk).update(final_auroc=0.5)
    assert read() == (0.625, True)
    deletion.delete(second.pk, first.owner)
    assert read() == (0.5, True)
    deletion.restore(second.pk)
    assert read() == (0.625, True)
    assert read() == (0.625, False)
    Run.objects.filter(pk=first.pk).update(progress=0.5)
    assert read() == (0.625, False)
    Run.objects.filter(pk=first.pk).update(experiment_name="staying")
    assert read() == (0.75, True)
