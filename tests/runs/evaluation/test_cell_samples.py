"""GET /api/runs/<id>/final-samples/: from a cell of the matrix to its samples, the worst errors first."""

from __future__ import annotations

import base64
import csv
import io
import zipfile
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from django.test import Client
from PIL import Image

from runs.evaluation import cell_samples, class_scores, error_pictures, said_classes
from runs.models import Run
from runs.saved_points import point_history
from runs.saved_points.point_history import Decision
from tests.runs.conftest import MakeRun
from tests.runs.evaluation.test_final_curves import LABELS, evaluated, logits_of, two_classes

NAMES = [f"s{number}" for number in range(90)]
PATIENTS = [None if number % 5 == 0 else f"p{number // 3}" for number in range(90)]
LOGITS = logits_of(90) + (LABELS == 1)
SCORES = 1 / (1 + np.exp(-LOGITS))


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    for read in (class_scores.read, said_classes.read, cell_samples._found):
        read.cache_clear()


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
        {
            "sample_id": NAMES[n],
            "patient_id": PATIENTS[n],
            "score": SCORES[n],
            "file": None,
            "class": found["class"] if of_class else "not 8",
            "predicted": found["class"] if predicted else "not 8",
            "place": n,
        }
        for n in wanted[:50]
    ]


def test_pages_follow_each_other(api: Client, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_scores, "VALUES_AT_ONCE", 80)  # 10 names at once
    pages = [asked(api, run, cell="tn", page=page, page_size=7) for page in range(1, 12)]
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


def test_all_errors_of_two_classes(api: Client, run: Run) -> None:
    found = asked(api, run, cell="errors")
    given = np.where(LABELS == 1, SCORES, 1 - SCORES)
    wrong = [n for n in np.argsort(given, kind="stable") if (SCORES[n] >= 0.5) != (LABELS[n] == 1)]
    assert [row["place"] for row in found["results"]] == wrong[:50]
    assert {row["class"] == row["predicted"] for row in found["results"]} == {False}


def several(make_run: MakeRun, **more: Any) -> tuple[Run, Any]:
    logits = logits_of((90, 3)) + np.eye(3)[LABELS]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    columns = {f"score_{name}": scores[:, label] for label, name in enumerate("abc")}
    return evaluated(make_run, named(columns | more), class_names=["a", "b", "c"], threshold=None), scores


def test_the_most_confident_errors_of_several_classes(api: Client, make_run: MakeRun) -> None:
    run, scores = several(make_run, file=[f"{name}.png" for name in NAMES])
    found = asked(api, run, cell="errors", page_size=100)
    wrong = np.flatnonzero(scores.argmax(axis=1) != LABELS)
    order = wrong[np.argsort(-scores[wrong].max(axis=1), kind="stable")]
    assert found["total"] == len(order)
    assert found["results"] == [
        {
            "sample_id": NAMES[n],
            "patient_id": PATIENTS[n],
            "score": scores[n].max(),
            "file": f"{NAMES[n]}.png",
            "class": "abc"[LABELS[n]],
            "predicted": "abc"[scores[n].argmax()],
            "place": n,
        }
        for n in order
    ]


def test_too_many_classes_to_say_what_was_said(api: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = several(make_run)
    monkeypatch.setattr(said_classes, "MOST_SCORES", 100)
    assert "not listed" in asked(api, run, cell="errors")["problem"]
    found = asked(api, run, cell="fn", label=1)
    assert found["problem"] is None
    assert {row["predicted"] for row in found["results"]} == {None}


def exported(api: Client, run: Run, **parameters: Any) -> list[list[str]]:
    answer = api.get(f"/api/runs/{run.pk}/final-samples/export/", parameters)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Disposition"] == f'attachment; filename="run-{run.pk}-test-{parameters["cell"]}.csv"'
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_export_of_a_cell(api: Client, run: Run) -> None:
    listed = asked(api, run, cell="fp", threshold=0.3)["results"]
    head, *rows = exported(api, run, cell="fp", threshold=0.3)
    assert head == ["sample_id", "patient_id", "file", "class", "predicted", "score"]
    assert [row[0] for row in rows] == [row["sample_id"] for row in listed]
    assert [float(row[-1]) for row in rows] == [row["score"] for row in listed]


def test_no_name_becomes_a_formula(api: Client, make_run: MakeRun) -> None:
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "a=b"]
    names = [evil[n % len(evil)] for n in range(90)]
    run = evaluated(make_run, two_classes(LOGITS) | {"sample_id": names, "patient_id": names})
    rows = [*exported(api, run, cell="fp")[1:], *exported(api, run, cell="tn")[1:]]
    assert {row[0] for row in rows} <= {*(f"'{name}" for name in evil[:-1]), "a=b"}
    assert {row[1] for row in rows} == {row[0] for row in rows}
    assert len({row[0] for row in rows}) == len(evil)


def test_nothing_to_export(api: Client, run: Run) -> None:
    address = f"/api/runs/{run.pk}/final-samples/export/"
    assert api.get(address, {"cell": "fp", "page": "2"}).status_code == 400
    (run.folder / "predictions.parquet").unlink()
    answer = api.get(address, {"cell": "fp"})
    assert (answer.status_code, answer.json()["detail"]) == (404, class_scores.GONE)


def png(value: int) -> bytes:
    content = io.BytesIO()
    Image.new("L", (4, 4), value).save(content, "PNG")
    return content.getvalue()


def test_thumbnails_come_with_the_samples(api: Client, run: Run) -> None:
    [first, second, third] = asked(api, run, cell="fp")["results"][:3]
    with zipfile.ZipFile(run.folder / error_pictures.NAME, "w") as archive:
        archive.writestr(f"test/{first['place']}.png", png(7))
        archive.writestr(f"test/{second['place']}.png", b"<svg>")
        archive.writestr(f"val/{third['place']}.png", png(8))
    shown = asked(api, run, cell="fp", thumbnails="true", page_size=3)["results"]
    kind, _, text = shown[0].pop("picture").partition(",")
    assert (kind, base64.b64decode(text)) == ("data:image/png;base64", png(7))
    assert [row["picture"] for row in shown[1:]] == [None, None]
    (run.folder / error_pictures.NAME).write_bytes(b"PK no zip")
    assert [row["picture"] for row in asked(api, run, cell="fp", thumbnails="true")["results"][:3]] == [None] * 3


@pytest.mark.parametrize(("comment", "shown"), [(b"", True), (b"attempt 2", True), (b"attempt 1", False)])
def test_pictures_of_another_attempt_are_not_shown(api: Client, run: Run, comment: bytes, shown: bool) -> None:
    Run.objects.filter(pk=run.pk).update(attempt=2)
    place = asked(api, run, cell="fp")["results"][0]["place"]
    with zipfile.ZipFile(run.folder / error_pictures.NAME, "w") as archive:
        archive.comment = comment
        archive.writestr(f"test/{place}.png", png(7))
    found = asked(api, run, cell="fp", thumbnails="true")["results"][0]
    assert (found["picture"] is not None) == shown


def test_an_unchanged_page_is_not_sent_again(api: Client, run: Run) -> None:
    address = f"/api/runs/{run.pk}/final-samples/?cell=fp"
    tag = api.get(address)["ETag"]
    assert api.get(address, headers={"if-none-match": tag}).status_code == 304
    assert api.get(f"{address}&page=2", headers={"if-none-match": tag}).status_code == 200


def test_wrong_requests(api: Client, run: Run) -> None:
    address = f"/api/runs/{run.pk}/final-samples/"
    wrong: list[dict[str, Any]] = [{}, {"cell": "xx"}]
    wrong += [{"cell": "fp"} | more for more in ({"threshold": "nan"}, {"threshold": "x"}, {"page": 0}, {"label": 0})]
    for parameters in wrong:
        assert api.get(address, parameters).status_code == 400, parameters
    assert api.get(address, {"cell": "fp", "split": "val"}).status_code == 404
    assert Client().get(address, {"cell": "fp"}).status_code in (401, 403)


def test_the_saved_operating_point_decides_by_default(api: Client, run: Run) -> None:
    assert asked(api, run, cell="fn")["decides"] == "own"
    point_history.save(run, "ada", "Few beds.", Decision("hand", 0.8, 0.8, None, test_known=True))
    found = asked(api, run, cell="fn", page_size=100)
    assert (found["threshold"], found["log_odds"], found["decides"]) == (0.8, None, "saved")
    missed = np.flatnonzero((LABELS == 1) & (SCORES < 0.8))
    assert sorted(row["place"] for row in found["results"]) == missed.tolist()
    own = asked(api, run, cell="fn", threshold=0.5)
    assert (own["threshold"], own["decides"]) == (0.5, "asked")
    rows = csv.DictReader(io.StringIO(api.get(f"/api/runs/{run.pk}/final-samples/export/?cell=fn").content.decode()))
    assert len(list(rows)) == len(missed)
    point_history.withdraw(run, "ada", "No.")
    assert asked(api, run, cell="fn")["threshold"] == 0.5


def test_log_odds_of_the_saved_point_decide_where_scores_are_equal(api: Client, make_run: MakeRun) -> None:
    logits = 40 + np.arange(90.0) / 10
    run = evaluated(make_run, named({"label": (LABELS == 1).astype(int), "score": SCORES * 0 + 1, "logit": logits}))
    point_history.save(run, "ada", "Few beds.", Decision("youden", None, 1.0, 44.05, test_known=True))
    for cell, of_class, said in (("fn", True, False), ("fp", False, True), ("errors", None, None)):
        found = asked(api, run, cell=cell, page_size=100)
        called = logits >= 44.05
        wanted = called != (LABELS == 1) if of_class is None else (called == said) & ((LABELS == 1) == of_class)
        assert sorted(row["place"] for row in found["results"]) == np.flatnonzero(wanted).tolist(), cell
        assert [row["predicted"] == found["class"] for row in found["results"]] == [
            bool(called[row["place"]]) for row in found["results"]
        ]
    assert asked(api, run, cell="fn", threshold=1.0)["total"] == 0
