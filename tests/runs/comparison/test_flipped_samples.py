"""GET /api/runs/differences/samples/: the samples on which only one of two runs is right, as pages and as a table."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from runs.models import Run
from tests.runs.comparison.conftest import LABELS, Evaluate

URL = "/api/runs/differences/samples/"


def asked(api: Client, reference: Run, run: Run, **more: Any) -> dict[str, Any]:
    answer = api.get(URL, {"reference": reference.pk, "run": run.pk} | more)
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


@pytest.fixture
def pair(evaluate: Evaluate) -> tuple[Run, Run]:
    """Make two runs that are right but for samples 0 to 2, and 3 and 4."""
    right = np.where(LABELS == 1, 0.9, 0.1)
    first, second = right.copy(), right.copy()
    first[:3] = [0.6, 0.15, 0.8]  # labels 0, 1, 0
    second[3:5] = [0.45, 0.95]  # labels 1, 0
    patients = [f"p{number}" for number in range(80)]
    return evaluate(first, patient_id=patients), evaluate(second)


def test_both_sides_the_clearest_first(api: Client, pair: tuple[Run, Run]) -> None:
    found = asked(api, *pair)
    assert (found["right"], found["totals"], found["pages"], found["problem"]) == (
        "run",
        {"reference": 2, "run": 3},
        1,
        None,
    )
    assert [row["sample_id"] for row in found["results"]] == ["s001", "s002", "s000"]
    assert found["results"][1] == {
        "sample_id": "s002",
        "patient_id": "p2",
        "label": "not 8",
        "reference_predicted": "8",
        "reference_score": 0.8,
        "run_predicted": "not 8",
        "run_score": 0.1,
    }
    other = asked(api, *pair, right="reference")
    assert [row["sample_id"] for row in other["results"]] == ["s004", "s003"]
    turned = asked(api, *reversed(pair), right="run")
    assert [row["sample_id"] for row in turned["results"]] == ["s004", "s003"]


def test_each_run_decides_at_its_own_threshold(api: Client, evaluate: Evaluate) -> None:
    scores = np.where(LABELS == 1, 0.45, 0.1)
    found = asked(api, evaluate(scores), evaluate(scores, threshold=0.4))
    assert found["totals"] == {"reference": 0, "run": 40}


def test_pages(api: Client, evaluate: Evaluate) -> None:
    right = np.where(LABELS == 1, 0.9, 0.1)
    one, other = evaluate(right), evaluate(1 - right)
    first, second, third = (asked(api, one, other, right="reference", page=page) for page in (1, 2, 3))
    assert (len(first["results"]), len(second["results"]), third["results"], first["pages"]) == (50, 30, [], 2)
    assert len({row["sample_id"] for page in (first, second) for row in page["results"]}) == 80


def test_several_classes_have_the_score_of_the_samples_own_class(api: Client, evaluate: Evaluate) -> None:
    names = ["a", "b", "c"]
    scores = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    first = evaluate(scores, label=[1, 2], class_names=names)
    second = evaluate(scores[:, ::-1], label=[1, 2], class_names=names)
    found = asked(api, first, second, right="reference")
    assert [(row["label"], row["run_predicted"], row["reference_score"]) for row in found["results"]] == [
        ("c", "a", 0.8)
    ]


def test_all_of_them_as_a_table(api: Client, pair: tuple[Run, Run]) -> None:
    answer = api.get(f"{URL}csv/", {"reference": pair[0].pk, "run": pair[1].pk})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert f"flipped-{pair[0].pk}-{pair[1].pk}-test.csv" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(async_to_sync(collected)(answer).decode())))
    assert [(row["right"], row["sample_id"]) for row in rows] == [
        ("reference", "s004"),
        ("reference", "s003"),
        ("run", "s001"),
        ("run", "s002"),
        ("run", "s000"),
    ]
    assert (rows[3]["patient_id"], float(rows[3]["reference_score"]), rows[3]["label"]) == ("p2", 0.8, "not 8")


async def collected(answer: Any) -> bytes:
    """Read the answer as the server sends it."""
    return b"".join([piece async for piece in answer.streaming_content])


def test_wrong_requests(api: Client, pair: tuple[Run, Run], evaluate: Evaluate) -> None:
    one, other = (run.pk for run in pair)
    wrong: list[tuple[dict[str, Any], int]] = [
        ({"reference": one}, 400),
        ({"reference": one, "run": one}, 400),
        ({"reference": one, "run": 999_999}, 404),
        ({"reference": one, "run": 2**63 - 1}, 404),
        ({"reference": one, "run": 2**63}, 400),
        ({"reference": one, "run": other, "split": "val"}, 404),
        ({"reference": one, "run": other, "right": "both"}, 400),
        ({"reference": one, "run": other, "page": 0}, 400),
    ]
    for query, status in wrong:
        for address in (URL, f"{URL}csv/"):
            assert api.get(address, query).status_code == status, (address, query)
    elsewhere = evaluate(np.where(LABELS == 1, 0.9, 0.1), data="b")
    assert "different data" in asked(api, pair[0], elsewhere)["problem"]
    assert api.get(f"{URL}csv/", {"reference": one, "run": elsewhere.pk}).status_code == 404
    assert Client().get(URL, {"reference": one, "run": other}).status_code in (401, 403)
