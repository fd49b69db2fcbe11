"""GET /api/runs/<id>/final-curves/: from the predictions of a run to the points that are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from runs.derived_models import SavedPoint
from runs.evaluation import class_scores, final_curves
from runs.models import Run
from tests.runs.conftest import MakeRun, add_final, completed_columns
from tests.test_architecture import loaded_by_server

LABELS = np.arange(90) % 3
STATISTICS: dict[str, float | None] = {
    "final_auroc_cm": 0.75,
    "final_auroc_cm_ci_low": 0.6,
    "final_auroc_cm_ci_high": 0.9,
    "final_average_precision": 0.5,
    "final_auroc_cm/b": 0.7,
    "final_auroc_cm_ci_low/b": 0.65,
}


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    final_curves._curves.cache_clear()
    class_scores.read.cache_clear()


def logits_of(shape: Any, spread: float = 1.0) -> Any:
    return np.random.default_rng(3).normal(size=shape) * spread


def evaluated(make_run: MakeRun, columns: dict[str, Any], *splits: str, **final: Any) -> Run:
    """Make a completed run whose predictions have these columns in each of the splits."""
    run = make_run(**completed_columns())
    for split in splits or ("test",):
        add_final(run, split, STATISTICS, **final)
    write(run, *(columns | {"split": [split] * 90} for split in splits or ("test",)))
    return run


def write(run: Run, *parts: dict[str, Any]) -> Path:
    run.folder.mkdir(parents=True, exist_ok=True)
    path = run.folder / "predictions.parquet"
    pq.write_table(
        pa.concat_tables([pa.table({"label": LABELS, "patient_id": [None] * 90} | part) for part in parts]), path
    )
    return path


def two_classes(logits: Any) -> dict[str, Any]:
    return {"label": (LABELS == 1).astype(int), "score": 1 / (1 + np.exp(-logits)), "logit": logits}


def asked(api: Client, run: Run, **parameters: Any) -> dict[str, Any]:
    answer = api.get(f"/api/runs/{run.pk}/final-curves/", parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def area(points: dict[str, list[float]]) -> float:
    true, false = np.append(0, points["true"]), np.append(0, points["false"])
    return float(np.trapezoid(true, false) / true[-1] / false[-1])


def test_two_classes(api: Client, make_run: MakeRun) -> None:
    logits = logits_of(90) + (LABELS == 1)
    found = asked(api, evaluated(make_run, two_classes(logits), patients=12))
    assert (found["split"], found["label"], found["class"], found["threshold"]) == ("test", 1, "8", 0.5)
    assert (found["samples"], found["positives"], found["patients"], found["problem"]) == (90, 30, 12, None)
    assert found["auroc"] == {"value": 0.75, "ci_low": 0.6, "ci_high": 0.9}
    assert found["average_precision"] == {"value": 0.5, "ci_low": None, "ci_high": None}
    assert area(found["roc"]) == pytest.approx(roc_auc_score(LABELS == 1, logits), abs=1e-12)
    curve = {name: np.array(values) for name, values in found["precision_recall"].items()}
    gained, precision = np.diff(curve["true"], prepend=0) / 30, curve["true"] / (curve["true"] + curve["false"])
    assert (gained * precision).sum() == pytest.approx(average_precision_score(LABELS == 1, logits), abs=1e-12)
    false, true, thresholds = roc_curve(LABELS == 1, 1 / (1 + np.exp(-logits)), drop_intermediate=False)
    assert found["stops"] == {
        "thresholds": thresholds[1:].tolist(),
        "true": np.round(true[1:] * 30).astype(int).tolist(),
        "false": np.round(false[1:] * 60).astype(int).tolist(),
        "distinct": 90,
    }


def test_fewer_thresholds_can_be_asked_for_and_the_one_of_the_run_is_there(api: Client, make_run: MakeRun) -> None:
    columns = two_classes(logits_of(90) + (LABELS == 1))
    found = asked(api, evaluated(make_run, columns), points=10)["stops"]
    assert len(found["thresholds"]) <= 11
    decides = sum(threshold >= 0.5 for threshold in found["thresholds"]) - 1
    said = columns["score"] >= 0.5
    assert (found["true"][decides], found["false"][decides]) == (
        int((said & (LABELS == 1)).sum()),
        int((said & (LABELS != 1)).sum()),
    )


def test_logits_rank_what_scores_tie_but_thresholds_are_of_scores(api: Client, make_run: MakeRun) -> None:
    logits = logits_of(90) + (LABELS == 1) + 50
    found = asked(api, evaluated(make_run, two_classes(logits)))
    assert area(found["roc"]) == pytest.approx(roc_auc_score(LABELS == 1, logits), abs=1e-12)
    assert found["stops"]["thresholds"] == [1.0]
    assert (found["stops"]["true"], found["stops"]["false"]) == ([30], [60])


@pytest.mark.parametrize("with_logits", [True, False])
def test_one_class_against_the_rest(api: Client, make_run: MakeRun, with_logits: bool, monkeypatch: Any) -> None:
    monkeypatch.setattr(class_scores, "VALUES_AT_ONCE", 100)  # 20 samples at once
    logits = logits_of((90, 3)) + 2 * np.eye(3)[LABELS]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    columns = {f"score_{name}": scores[:, label] for label, name in enumerate("abc")}
    if with_logits:
        columns |= {f"logit_{name}": logits[:, label] for label, name in enumerate("abc")}
    run = evaluated(make_run, columns, "val", "test", class_names=["a", "b", "c"], threshold=None)
    found = asked(api, run, label=1, split="val")
    assert (found["split"], found["class"], found["threshold"], found["samples"]) == ("val", "b", None, 90)
    assert found["auroc"] == {"value": 0.7, "ci_low": 0.65, "ci_high": None}
    assert area(found["roc"]) == pytest.approx(roc_auc_score(LABELS == 1, scores[:, 1]), abs=1e-12)
    assert asked(api, run)["class"] == "a"


def test_a_split_has_its_own_samples(api: Client, make_run: MakeRun) -> None:
    run = evaluated(make_run, two_classes(logits_of(90)), "val", "test")
    good = two_classes(logits_of(90) + 9 * (LABELS == 1))
    write(run, two_classes(logits_of(90)) | {"split": ["val"] * 90}, good | {"split": ["test"] * 90})
    assert area(asked(api, run)["roc"]) > 0.99 > area(asked(api, run, split="val")["roc"])


def test_one_class_alone_has_no_curve_but_counts(api: Client, make_run: MakeRun) -> None:
    found = asked(api, evaluated(make_run, two_classes(logits_of(90)) | {"label": np.zeros(90, int)}))
    assert (found["positives"], found["precision_recall"]["true"]) == (0, [])
    assert set(found["roc"]["true"]) == {0}


def test_what_is_gone_or_broken_is_said_and_not_remembered(api: Client, make_run: MakeRun) -> None:
    run = evaluated(make_run, two_classes(logits_of(90)))
    path = run.folder / "predictions.parquet"
    content = path.read_bytes()
    for broken in (b"", b"PAR1 is no table", content[: len(content) // 2], b"PAR1" + bytes(4000) + content[-900:]):
        path.write_bytes(broken)
        found = asked(api, run)
        assert (found["roc"], found["stops"], found["problem"]) == (None, None, class_scores.UNREADABLE)
        assert found["auroc"]["value"] == 0.75
    path.unlink()
    assert asked(api, run)["problem"] == class_scores.GONE
    path.write_bytes(content)
    assert asked(api, run)["problem"] is None
    path.unlink()
    assert asked(api, run)["problem"] is None  # remembered


@pytest.mark.parametrize(
    "changed",
    [
        {"score": ["high"] * 90},
        {"score": [None] * 90},
        {"score": [float("nan")] * 90},
        {"logit": [float("nan")] * 90},
        {"label": ["ill"] * 90},
        {"split": ["train"] * 90},
        {"split": [[1]] * 90},
    ],
)
def test_other_columns_than_a_training_writes_are_refused(
    api: Client, make_run: MakeRun, changed: dict[str, Any]
) -> None:
    run = evaluated(make_run, two_classes(logits_of(90)))
    write(run, two_classes(logits_of(90)) | {"split": ["test"] * 90} | changed)
    assert asked(api, run)["problem"] == class_scores.UNREADABLE


def test_too_many_samples_are_not_read(api: Client, make_run: MakeRun, monkeypatch: Any) -> None:
    monkeypatch.setattr(class_scores, "MOST_SAMPLES", 89)
    assert asked(api, evaluated(make_run, two_classes(logits_of(90))))["problem"] == class_scores.TOO_MANY


def test_wrong_requests(api: Client, make_run: MakeRun) -> None:
    run = evaluated(make_run, two_classes(logits_of(90)))
    many = evaluated(make_run, {}, class_names=["a", "b", "c"])
    address = f"/api/runs/{run.pk}/final-curves/"
    for parameters in ({"split": "train"}, {"label": 0}, {"label": "x"}, {"points": 1}, {"points": 10**6}, {"at": 1}):
        assert api.get(address, parameters).status_code == 400, parameters
    assert api.get(f"/api/runs/{many.pk}/final-curves/", {"label": 3}).status_code == 400
    assert api.get(address, {"split": "val"}).status_code == 404
    assert api.get("/api/runs/999999/final-curves/").status_code == 404
    assert Client().get(address).status_code in (401, 403)


def test_others_do_not_see_what_they_may_not(make_run: MakeRun) -> None:
    run = evaluated(make_run, two_classes(logits_of(90)))
    other = Client()
    other.force_login(User.objects.create_user("other"))
    here, there = (other.get(f"/api/runs/{run.pk}/{part}/").status_code for part in ("final-curves", "final-stats"))
    assert here == there
    run.deleted_at = run.created_at
    run.save()
    assert other.get(f"/api/runs/{run.pk}/final-curves/").status_code == 404


def test_the_decision_curve_is_of_probabilities(api: Client, make_run: MakeRun) -> None:
    """Recalibrated by Platt's method where it was fitted; its numbers by a plain loop."""
    logits = logits_of(90) + 2.0 * (LABELS == 1)
    run = evaluated(make_run, two_classes(logits), "val", "test")
    raw = asked(api, run)["decision_curve"]
    assert (raw["scores"], raw["problem"]) == ("none", None)
    assert raw["text"] == "From the scores as they are: they were not recalibrated."
    platt = {"name": "platt", "formula": "", "parameters": {"intercept": -1.5, "slope": 0.8}}
    Run.objects.filter(pk=run.pk).update(recalibration={"methods": [platt]})
    found = asked(api, run)["decision_curve"]
    assert found["text"] == "From scores recalibrated by Platt's method, fitted on validation."
    assert found["scores"] == "platt"
    probabilities, positive = 1 / (1 + np.exp(1.5 - 0.8 * logits)), LABELS == 1
    for place in (0, 20, 100, 200):
        threshold = found["thresholds"][place]
        said = probabilities >= threshold
        expected = (positive & said).sum() / 90 - (~positive & said).sum() / 90 * threshold / (1 - threshold)
        assert found["model"][place] == pytest.approx(expected, abs=1e-15)
    assert "fitted on this very split" in asked(api, run, split="val")["decision_curve"]["text"]


def test_shifted_scores_have_no_decision_curve_until_they_are_recalibrated(api: Client, make_run: MakeRun) -> None:
    run = evaluated(make_run, two_classes(logits_of(90)))
    problem = {"name": "platt", "formula": "", "problem": "A threshold separates the classes."}
    note = {"code": "shifted_scores", "text": "…"}
    Run.objects.filter(pk=run.pk).update(notes=[note], recalibration={"methods": [problem]})
    told = asked(api, run)["decision_curve"]
    assert told["model"] is None
    assert told["problem"] == (
        "No decision curve: the scores are shifted, and were not recalibrated. A threshold separates the classes."
    )


def test_scores_alone_are_recalibrated_by_what_they_say_of_the_logits(api: Client, make_run: MakeRun) -> None:
    logits = logits_of(90) + (LABELS == 1)
    platt = {"name": "platt", "formula": "", "parameters": {"intercept": -0.5, "slope": 1.2}}
    with_logits = evaluated(make_run, two_classes(logits))
    without = evaluated(make_run, {name: part for name, part in two_classes(logits).items() if name != "logit"})
    Run.objects.update(recalibration={"methods": [platt]})
    one, other = (asked(api, run)["decision_curve"] for run in (with_logits, without))
    assert one["model"] == pytest.approx(other["model"], abs=1e-12)


def test_a_saved_threshold_is_among_the_stops(api: Client, make_run: MakeRun) -> None:
    logits = logits_of(90) + (LABELS == 1)
    run = evaluated(make_run, two_classes(logits))
    scores = np.sort(1 / (1 + np.exp(-logits)))
    few = asked(api, run, points=5)["stops"]["thresholds"]
    missing = next(score for score in scores if score not in few)
    SavedPoint.objects.create(
        run=run, attempt=1, at=timezone.now(), by="ada", reason="x", rule="hand", threshold=float(missing) - 1e-9
    )
    assert missing in asked(api, run, points=5)["stops"]["thresholds"]


def test_the_first_reader_does_not_wait_for_scipy() -> None:
    loaded = loaded_by_server("runs.evaluation.final_curves")
    assert "numpy" in loaded
    assert "scipy" not in loaded


@pytest.mark.parametrize("with_logits", [True, False])
def test_the_scores_of_all_classes_are_read_in_one_pass(
    make_run: MakeRun, with_logits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_scores, "VALUES_AT_ONCE", 100)
    columns = {f"score_{name}": np.random.default_rng(label).random(90) for label, name in enumerate("abc")}
    logits = {f"logit_{name}": logits_of(90) + label for label, name in enumerate("abc")} if with_logits else {}
    run = evaluated(make_run, columns | logits, "val", "test")
    own = class_scores.own_scores(run.pk, "test", ["a", "b", "c"], 2)
    for label, found in enumerate(own):
        one = class_scores.read(run.pk, 1, "test", label, ("a", "b", "c"))
        assert found.tolist() == one.scores[one.positive].tolist()
    assert [len(found) for found in own] == [30, 30]

    broken: list[dict[str, Any]] = [{"score_b": [float("nan")] * 90}, {"score_a": ["high"] * 90}, {"split": ["x"] * 90}]
    broken += [{"logit_c": [float("nan")] * 90}] if with_logits else []
    for changed in broken:
        write(run, columns | logits | {"split": ["test"] * 90} | changed)
        with pytest.raises(class_scores.NoScores, match="cannot be read"):
            class_scores.own_scores(run.pk, "test", ["a", "b", "c"], 2)
