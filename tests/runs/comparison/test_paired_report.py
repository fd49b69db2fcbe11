"""GET /api/runs/differences/paired/: numbers and decisions of runs against a reference, over shared samples."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import Client
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from runs.comparison import stored_scores
from runs.models import Run
from runs.saved_points import point_history
from runs.saved_points.point_history import Decision
from runs.statistics.predictions import scores_from_logits
from tests.runs.comparison.conftest import LABELS, Evaluate

URL = "/api/runs/differences/paired/"


def asked(api: Client, *runs: Run, **more: Any) -> dict[str, Any]:
    answer = api.get(URL, {"runs": ",".join(str(run.pk) for run in runs)} | more)
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def logits(seed: int, shift: float) -> Any:
    return np.random.default_rng(seed).normal(size=80) + shift * (LABELS - 0.5)


def scored(seed: int, shift: float) -> Any:
    return scores_from_logits(logits(seed, shift))


def of(answer: dict[str, Any], name: str, place: int = 0) -> dict[str, Any]:
    [found] = [row for row in answer["against"][place]["numbers"] if row["name"] == name]
    return found  # type: ignore[no-any-return]


def test_a_run_is_compared_with_the_first_in_numbers_and_decisions(api: Client, evaluate: Evaluate) -> None:
    good, bad = evaluate(scored(1, 3.0), threshold=0.4), evaluate(scored(2, 0.0))
    found = asked(api, bad, good)
    assert (found["split"], found["reference"], found["samples"], found["patients"]) == ("test", bad.pk, 80, None)
    assert (found["comparisons"], found["problem"], found["draws"]) == (1, None, 1000)
    assert found["decisions"] == [
        {"run": bad.pk, "threshold": 0.5, "log_odds": None, "source": "own"},
        {"run": good.pk, "threshold": 0.4, "log_odds": None, "source": "own"},
    ]
    right = [(scored(2, 0.0) >= 0.5) == LABELS, (scored(1, 3.0) >= 0.4) == LABELS]
    test = found["against"][0]["decisions"]
    table = [[int((a & b).sum()) for b in (right[0], ~right[0])] for a in (right[1], ~right[1])]
    assert [test["both"], test["run_only"], test["reference_only"], test["neither"]] == [*table[0], *table[1]]
    assert test["p"] == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert test["shown"]
    f1 = of(found, "final_f1_cm")
    assert f1["value"] == pytest.approx(metrics.f1_score(LABELS, scored(1, 3.0) >= 0.4))
    assert f1["reference"] == pytest.approx(metrics.f1_score(LABELS, scored(2, 0.0) >= 0.5))
    assert f1["shown"]
    assert 0 < f1["low"] < f1["difference"] < f1["high"]
    loss = of(found, "final_log_loss")
    assert loss["difference"] == pytest.approx(
        metrics.log_loss(LABELS, scored(1, 3.0)) - metrics.log_loss(LABELS, scored(2, 0.0))
    )
    assert len(found["against"][0]["numbers"]) == 12


def test_the_reference_can_be_chosen_and_p_is_adjusted_for_the_others(api: Client, evaluate: Evaluate) -> None:
    runs = [evaluate(scored(seed, shift)) for seed, shift in ((3, 2.0), (4, 2.0), (5, 0.9), (6, 0.0))]
    found = asked(api, *runs, reference=runs[1].pk)
    assert found["reference"] == runs[1].pk
    assert [each["run"] for each in found["against"]] == [runs[0].pk, runs[2].pk, runs[3].pk]
    assert found["comparisons"] == 3
    for name in ("final_auroc_cm", "final_brier", "final_accuracy_cm"):
        rows = [of(found, name, place) for place in range(3)]
        expected = multipletests([row["p"] for row in rows], method="holm")[1]
        assert [row["adjusted_p"] for row in rows] == pytest.approx(expected.tolist())
    turned = asked(api, runs[0], runs[1])
    assert of(turned, "final_auroc_cm")["difference"] == pytest.approx(-of(found, "final_auroc_cm")["difference"])


def test_the_difference_of_the_auroc_is_that_of_the_other_answer_to_the_last_digit(
    api: Client, evaluate: Evaluate
) -> None:
    """A page shows both: one of .0015 and one of .0014999 are written otherwise."""
    runs = [evaluate(scored(seed, shift)) for seed, shift in ((1, 1.0), (2, 0.9), (3, 0.8), (4, 0.7))]
    for first, second in itertools.combinations(runs, 2):
        answer = api.get("/api/runs/differences/", {"runs": f"{first.pk},{second.pk}"}).json()["splits"]["test"]
        found = of(asked(api, first, second), "final_auroc_cm")
        assert abs(found["difference"]) == answer["against"][0]["difference"]


def test_the_same_predictions_differ_in_nothing(api: Client, evaluate: Evaluate) -> None:
    one, other = evaluate(scored(1, 2.0)), evaluate(scored(1, 2.0))
    found = asked(api, one, other)
    assert [(row["difference"], row["p"], row["shown"]) for row in found["against"][0]["numbers"]] == [
        (0, 1, False)
    ] * 12


def test_logits_rank_where_they_are_kept(api: Client, evaluate: Evaluate) -> None:
    """Scores that are all 1 in double precision: the logits still tell the classes apart, in both comparisons."""
    confident, noise = 50 + LABELS * 5.0 + logits(1, 0.0), logits(2, 0.0)
    sure = evaluate(scores_from_logits(confident), logit=confident)
    other = evaluate(scores_from_logits(noise), logit=noise)
    assert len(set(scores_from_logits(confident))) == 1
    found = of(asked(api, other, sure), "final_auroc_cm")
    expected = metrics.roc_auc_score(LABELS, confident)
    assert expected > 0.99
    assert found["value"] == pytest.approx(expected)
    answer = api.get("/api/runs/differences/", {"runs": f"{sure.pk},{other.pk}"}).json()["splits"]["test"]
    assert (answer["best"], answer["comparisons"]) == (sure.pk, 1)
    assert answer["against"][0]["p"] == answer["against"][0]["adjusted_p"] < 1e-6


def test_only_samples_that_all_evaluated_are_compared(api: Client, evaluate: Evaluate) -> None:
    whole = evaluate(scored(1, 2.0))
    part = evaluate(
        scored(2, 1.0)[10:70], label=LABELS[10:70], sample_id=[f"s{number:03d}" for number in range(10, 70)]
    )
    found = asked(api, whole, part)
    assert (found["samples"], found["evaluated"]) == (60, {str(whole.pk): 80, str(part.pk): 60})
    value = metrics.roc_auc_score(LABELS[10:70], scored(1, 2.0)[10:70])
    assert of(found, "final_auroc_cm")["reference"] == pytest.approx(value)
    answer = api.get("/api/runs/differences/", {"runs": f"{whole.pk},{part.pk}"}).json()["splits"]["test"]
    assert (answer["samples"], answer["evaluated"]) == (60, found["evaluated"])


def test_patients_of_whichever_run_knows_them_count(api: Client, evaluate: Evaluate) -> None:
    patients = pa.array([None] + [f"p{number // 8}" for number in range(1, 80)])
    found = asked(api, evaluate(scored(1, 2.0)), evaluate(scored(2, 1.0), patient_id=patients))
    assert found["patients"] == 11  # one sample is of a patient that is not known
    assert found["against"][0]["decisions"]["method"] == "sign_flips_by_patient"


def test_several_classes(api: Client, evaluate: Evaluate) -> None:
    labels = np.arange(80) % 3
    rng = np.random.default_rng(5)
    names = ["a", "b", "c"]
    scores = [scores_from_logits(rng.normal(size=(80, 3)) + shift * np.eye(3)[labels]) for shift in (0.5, 3.0)]
    weak, strong = (evaluate(each, label=labels, class_names=names) for each in scores)
    found = asked(api, weak, strong)
    assert found["decisions"][0] == {"run": weak.pk, "threshold": None, "log_odds": None, "source": "highest"}
    for name, expected in {
        "final_auroc_cm": metrics.roc_auc_score(labels, scores[1], multi_class="ovr"),
        "final_f1_cm": metrics.f1_score(labels, scores[1].argmax(1), average="macro"),
        "final_accuracy_cm": metrics.accuracy_score(labels, scores[1].argmax(1)),
    }.items():
        assert of(found, name)["value"] == pytest.approx(expected), name
        assert of(found, name)["shown"], name
    two = evaluate(scored(1, 2.0))
    assert "different numbers of classes" in asked(api, weak, two)["problem"]


@pytest.mark.parametrize(
    "changed",
    [
        {"score": np.full(80, np.nan)},
        {"score": [None] * 80},
        {"score": ["many"] * 80},
        {"label": np.full(80, 7)},
        {"label": ["ill"] * 80},
        {"label": [None] * 80},
        {"sample_id": [["a"]] * 80},
        {"sample_id": [None] * 80},
        {"patient_id": [{"a": 1}] * 80},
        {"logit": np.full(80, np.nan)},
        {"split": np.arange(80)},
    ],
)
def test_what_a_file_holds_otherwise_is_not_compared(api: Client, evaluate: Evaluate, changed: dict[str, Any]) -> None:
    found = asked(api, evaluate(scored(1, 2.0)), evaluate(scored(2, 2.0), **changed))
    assert (found["against"], found["samples"]) == ([], None)
    assert "has no scores that can be paired" in found["problem"]


def test_a_small_file_with_large_texts_is_not_unpacked(
    api: Client, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_scores, "MOST_TEXT", 100_000)
    one = evaluate(scored(1, 2.0))
    large = evaluate(scored(2, 2.0), patient_id=["p" * 10_000] * 80)  # stored once, 800,000 bytes in rows
    assert (large.folder / "predictions.parquet").stat().st_size < 50_000
    assert "no scores" in asked(api, one, large)["problem"]
    monkeypatch.setattr(stored_scores, "MOST_TEXT", 1_000_000)
    assert asked(api, one, large)["problem"] is None


def test_too_many_values_are_not_read(api: Client, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = evaluate(scored(1, 2.0)), evaluate(scored(2, 2.0))
    monkeypatch.setattr(stored_scores, "MOST_VALUES", 80 * 3)
    assert "no scores" in asked(api, one, other)["problem"]


@pytest.mark.parametrize("size", [1, 2])
def test_a_sample_or_two_show_nothing(api: Client, evaluate: Evaluate, size: int) -> None:
    found = asked(api, evaluate([0.1, 0.9][:size]), evaluate([0.9, 0.1][:size]))
    assert not any(row["shown"] for row in found["against"][0]["numbers"])
    assert not found["against"][0]["decisions"]["shown"]


def test_a_single_class_is_not_compared(api: Client, evaluate: Evaluate) -> None:
    zeros = np.zeros(80, np.int64)
    one, other = (evaluate(np.full((80, 1), score), label=zeros, class_names=["a"]) for score in (0.9, 0.1))
    assert "single class" in asked(api, one, other)["problem"]
    ill, well = (evaluate(scored(seed, 0.0), label=zeros) for seed in (1, 2))  # two classes, samples of one
    found = asked(api, ill, well)
    assert (of(found, "final_auroc_cm")["difference"], found["problem"]) == (None, None)
    assert of(found, "final_specificity")["value"] is not None


def test_a_split_must_be_shared_and_requests_are_checked(api: Client, evaluate: Evaluate) -> None:
    one, other = evaluate(scored(1, 2.0)), evaluate(scored(2, 2.0))
    both = f"{one.pk},{other.pk}"
    wrong: list[tuple[dict[str, Any], int]] = [
        ({}, 400),
        ({"runs": both, "split": "train"}, 400),
        ({"runs": both, "reference": 999_999}, 400),
        ({"runs": both, "reference": "x"}, 400),
        ({"runs": both, "split": "val"}, 404),
        ({"runs": str(one.pk)}, 404),
        ({"runs": ",".join(map(str, range(1, 22)))}, 400),
    ]
    for query, status in wrong:
        assert api.get(URL, query).status_code == status, query
    training = evaluate(scored(3, 2.0))
    Run.objects.filter(pk=training.pk).update(status="in_progress")
    still: dict[str, Any] = {"runs": f"{both},{training.pk}", "reference": training.pk}
    assert api.get(URL, still).status_code == 404
    assert [each["run"] for each in asked(api, one, other, training)["against"]] == [other.pk]
    assert "different data" in asked(api, one, evaluate(scored(2, 2.0), data="b"))["problem"]
    for broken in (evaluate(scored(7, 2.0)), evaluate(scored(8, 2.0)), evaluate(scored(9, 2.0))):
        file = broken.folder / "predictions.parquet"
        if broken.pk % 3 == 0:
            file.unlink()
        elif broken.pk % 3 == 1:
            pq.write_table(pa.table({"score": [0.5]}), file)
        else:
            file.write_bytes(b"PAR1 is no table")
        assert f"Run {broken.pk} has no scores" in asked(api, one, broken)["problem"]
    assert Client().get(URL, {"runs": both}).status_code in (401, 403)


def test_decisions_are_those_at_the_saved_operating_point(api: Client, evaluate: Evaluate) -> None:
    first, second = evaluate(scored(1, 1.0), threshold=0.4), evaluate(scored(2, 1.0))
    asked(api, first, second)
    point = Decision("hand", 0.7, threshold=0.7, log_odds=None, test_known=True)
    point_history.save(second, "ada", "Fewer false alarms.", point)
    found = asked(api, first, second)
    assert [one["threshold"] for one in found["decisions"]] == [0.4, 0.7]
    assert [one["source"] for one in found["decisions"]] == ["own", "saved"]
    right = metrics.recall_score(LABELS, scored(2, 1.0) >= 0.7)
    assert of(found, "final_sensitivity")["value"] == pytest.approx(right)
    point_history.withdraw(second, "ada", "It misses too many.")
    assert asked(api, first, second)["decisions"][1]["threshold"] == 0.5
