"""GET /api/runs/<id>/final-samples/: from a cell of the matrix to its samples, the worst errors first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from django.test import Client

from runs.evaluation import cell_samples, class_scores
from runs.models import Run
from tests.runs.conftest import MakeRun
from tests.runs.evaluation.test_final_curves import LABELS, evaluated, logits_of, two_classes

NAMES = [f"s{number}" for number in range(90)]
PATIENTS = [None if number % 5 == 0 else f"p{number // 3}" for number in range(90)]
LOGITS = logits_of(90) + (LABELS == 1)
SCORES = 1 / (1 + np.exp(-LOGITS))


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    class_scores.read.cache_clear()


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    return evaluated(make_run, named(two_classes(LOGITS)))


def named(columns: dict[str, Any]) -> dict[str, Any]:
    return columns | {"sample_id": NAMES, "patient_id": pa.array(PATIENTS, pa.string())}


def asked(api: Client, run: Run, **parameters: Any) -> dict[str, Any]:
    answer = api.get(f"/api/runs/{run.pk}/final-samples/", parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


@pytest.mark.parametrize("threshold", [None, 0.3, 0.9])
@pytest.mark.parametrize("cell", cell_samples.CELLS)
def test_a_cell_has_its_samples_the_most_confident_first(
    api: Client, run: Run, cell: str, threshold: float | None
) -> None:
    found = asked(api, run, cell=cell, **({} if threshold is None else {"threshold": threshold}))
    at = 0.5 if threshold is None else threshold
    of_class, predicted = cell in ("fn", "tp"), cell in ("fp", "tp")
    wanted = [n for n in range(90) if (LABELS[n] == 1) == of_class and (SCORES[n] >= at) == predicted]
    wanted.sort(key=lambda n: -SCORES[n] if predicted else SCORES[n])
    assert (found["total"], found["threshold"], found["problem"]) == (len(wanted), at, None)
    assert found["results"] == [
        {"sample_id": NAMES[n], "patient_id": PATIENTS[n], "score": SCORES[n]} for n in wanted[:50]
    ]


def test_pages_follow_each_other(api: Client, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell_samples, "PAGE_SIZE", 7)
    monkeypatch.setattr(class_scores, "VALUES_AT_ONCE", 80)  # 10 names at once
    pages = [asked(api, run, cell="tn", page=page) for page in range(1, 12)]
    whole = [result for page in pages for result in page["results"]]
    assert [result["score"] for result in whole] == sorted(result["score"] for result in whole)
    assert len(whole) == pages[0]["total"] == int(((LABELS != 1) & (SCORES < 0.5)).sum())
    assert pages[0]["pages"] == -(-len(whole) // 7)
    assert len({result["sample_id"] for result in whole}) == len(whole)
    assert pages[-1]["results"] == []


def test_logits_order_equal_scores(api: Client, make_run: MakeRun) -> None:
    logits = np.where(LABELS == 1, -50.0, 40 + np.arange(90.0))
    run = evaluated(make_run, named({"label": (LABELS == 1).astype(int), "score": SCORES * 0 + 1, "logit": logits}))
    found = asked(api, run, cell="fp")
    assert found["results"][0]["sample_id"] == NAMES[int(logits.argmax())]


def test_one_class_of_several(api: Client, make_run: MakeRun) -> None:
    logits = logits_of((90, 3)) + np.eye(3)[LABELS]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    columns = {f"score_{name}": scores[:, label] for label, name in enumerate("abc")}
    run = evaluated(make_run, named(columns), class_names=["a", "b", "c"], threshold=None)
    found = asked(api, run, cell="fn", label=2)
    missed = np.flatnonzero((LABELS == 2) & (scores[:, 2] < 0.5))
    assert (found["class"], found["total"], found["threshold"]) == ("c", len(missed), 0.5)
    assert found["results"][0]["sample_id"] == NAMES[missed[scores[missed, 2].argmin()]]


def test_what_is_gone_is_said(api: Client, run: Run) -> None:
    (run.folder / "predictions.parquet").unlink()
    found = asked(api, run, cell="fp")
    assert (found["total"], found["results"], found["problem"]) == (None, [], class_scores.GONE)
    run.status = "in_progress"
    run.save()
    assert "when the run has ended" in asked(api, run, cell="fp")["problem"]


def test_names_may_be_gone_after_the_scores_were_read(api: Client, run: Run) -> None:
    assert asked(api, run, cell="fp")["problem"] is None
    (run.folder / "predictions.parquet").unlink()
    assert asked(api, run, cell="fp")["problem"] == class_scores.GONE


def test_wrong_requests(api: Client, run: Run) -> None:
    address = f"/api/runs/{run.pk}/final-samples/"
    wrong: list[dict[str, Any]] = [{}, {"cell": "xx"}]
    wrong += [{"cell": "fp"} | more for more in ({"threshold": "nan"}, {"threshold": "x"}, {"page": 0}, {"label": 0})]
    for parameters in wrong:
        assert api.get(address, parameters).status_code == 400, parameters
    assert api.get(address, {"cell": "fp", "split": "val"}).status_code == 404
    assert Client().get(address, {"cell": "fp"}).status_code in (401, 403)
