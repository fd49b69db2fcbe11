"""External tests of a small run of a table: every number against scikit-learn and SciPy, from the file alone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest
from scipy.stats import chi2_contingency, ks_2samp, norm
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from experiments.training.contract.reports import Message, Progress
from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.stop import Interrupted
from experiments.training.external_testing.overlap import Known
from runs.statistics.external.measured import Scored
from runs.statistics.external.shift import prevalence_shifts
from tests.experiments.training.external_testing.hospitals import evaluate, hospital, rows
from tests.experiments.training.prediction.trained import Trained


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return hospital(tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="module")
def elsewhere(
    model: Trained, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], pa.Table, list[Message]]:
    """Test on 120 rows of another hospital, of which more are ill and whose markers are higher."""
    asked = {"threshold": "rechosen", "rule": "youden", "site": "site"}
    text = rows(2, 120, positives=0.5, first=1000, shift=0.8)
    return evaluate(model, text, tmp_path_factory.mktemp("there"), asked, subgroup_columns=["site"])


def test_every_number_follows_from_the_predictions(elsewhere: Any) -> None:
    found, table, _ = elsewhere
    kept, statistics = found["kept"], found["kept"]["statistics"]
    labels, scores = table["label"].to_numpy(), table["score"].to_numpy()
    logits = table["logit"].to_numpy().astype(float)
    said = scores >= kept["threshold"]
    tn, fp, fn, tp = metrics.confusion_matrix(labels, said).ravel().tolist()
    assert kept["confusion_matrix"] == [[tn, fp], [fn, tp]]
    assert statistics["final_auroc_cm"] == pytest.approx(metrics.roc_auc_score(labels, logits), abs=1e-12)
    assert statistics["final_average_precision"] == pytest.approx(metrics.average_precision_score(labels, logits))
    assert statistics["final_recall_cm"] == pytest.approx(metrics.recall_score(labels, said))
    assert statistics["final_precision_cm"] == pytest.approx(metrics.precision_score(labels, said))
    assert statistics["final_f1_cm"] == pytest.approx(metrics.f1_score(labels, said))
    assert statistics["final_mcc"] == pytest.approx(metrics.matthews_corrcoef(labels, said))
    assert statistics["final_balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(labels, said))
    assert statistics["final_brier"] == pytest.approx(metrics.brier_score_loss(labels, scores))
    assert statistics["final_log_loss"] == pytest.approx(metrics.log_loss(labels, scores))
    line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logits[:, None], labels)
    assert statistics["final_calibration_slope"] == pytest.approx(float(line.coef_[0, 0]), rel=1e-3)
    assert statistics["final_calibration_intercept"] == pytest.approx(float(line.intercept_[0]), abs=1e-3)
    assert kept["samples"] == len(labels) == 120
    assert kept["patients"] == 60
    assert kept["by_patient"]["patients"] == 60
    assert all(statistics[f"final_auroc_cm{end}"] is not None for end in ("_ci_low", "_ci_high"))


def test_the_run_own_test_beside_it_is_that_of_its_final_evaluation(elsewhere: Any, model: Trained) -> None:
    found, _, _ = elsewhere
    internal = found["internal"]
    table = model.table.filter(pc.equal(model.table["split"], "test"))
    labels, logits = table["label"].to_numpy(), table["logit"].to_numpy().astype(float)
    assert internal["split"] == "test"
    assert internal["samples"] == len(labels)
    assert internal["statistics"]["final_auroc_cm"] == pytest.approx(metrics.roc_auc_score(labels, logits))
    assert set(found["kept"]["statistics"]) == set(internal["statistics"])


def test_another_threshold_is_chosen_on_these_data_beside_the_kept_one(elsewhere: Any) -> None:
    found, table, _ = elsewhere
    labels, scores, logits = (table[name].to_numpy() for name in ("label", "score", "logit"))
    false, true, _ = metrics.roc_curve(labels, logits, drop_intermediate=False)
    rechosen = found["rechosen"]
    assert rechosen["rule"] == "youden"
    assert rechosen["threshold"] != found["kept"]["threshold"]
    best = rechosen["statistics"]
    assert best["final_sensitivity"] + best["final_specificity"] - 1 == pytest.approx(float((true - false).max()))
    assert np.sum(scores >= rechosen["threshold"]) == sum(row[1] for row in rechosen["confusion_matrix"])
    assert found["rechosen_problem"] is None


def test_the_shift_is_told(elsewhere: Any, model: Trained) -> None:
    found, table, _ = elsewhere
    own = model.table.filter(pc.equal(model.table["split"], "test"))
    shift = found["shift"]
    for one, label in zip(shift["scores"], (None, 0, 1), strict=True):
        here, there = (
            part["score"].to_numpy()[slice(None) if label is None else part["label"].to_numpy() == label]
            for part in (table, own)
        )
        assert one["ks"] == pytest.approx(ks_2samp(here, there).statistic)
        assert one["p"] is None  # patients have two rows each
        assert one["external_median"] == pytest.approx(np.median(here))
    assert sum(shift["histograms"]["external"]["all"]) == 120
    assert np.histogram(own["score"].to_numpy(), 20, (0, 1))[0].tolist() == shift["histograms"]["internal"]["all"]
    [prevalence] = shift["prevalence"]
    assert prevalence["external"]["value"] == pytest.approx(table["label"].to_numpy().mean())
    assert prevalence["difference"]["ci_low"] < prevalence["difference"]["value"] < prevalence["difference"]["ci_high"]
    names = {one["name"] for one in shift["differences"]}
    assert {"final_auroc_cm", "final_sensitivity", "final_brier", "final_calibration_slope"} <= names
    assert found["calibration"]
    assert any("95 % interval" in text for text in shift["prevalence_texts"])


def test_each_site_has_its_numbers(elsewhere: Any) -> None:
    found, table, _ = elsewhere
    for group in found["groups"]["groups"]:
        inside = np.array(table["subgroup_site"].to_pylist()) == group["group"]
        expected = metrics.roc_auc_score(table["label"].to_numpy()[inside], table["logit"].to_numpy()[inside])
        assert group["statistics"]["final_auroc_cm"]["value"] == pytest.approx(expected)
    assert {group["group"] for group in found["groups"]["groups"]} == {"north", "south"}
    assert found["groups"]["verdict"]


def test_no_sample_was_seen_and_progress_is_told(elsewhere: Any) -> None:
    found, _, messages = elsewhere
    assert found["overlap"]["level"] == "none"
    assert found["left_out"] == {"count": 0, "first": []}
    assert [one for one in messages if isinstance(one, Progress)][-1] == Progress(done=120, total=120)


def test_patients_that_were_trained_on_are_named(model: Trained, tmp_path: Path) -> None:
    text = rows(3, 40, positives=0.5, first=1000).replace("p500", "p1").replace("p501", "p2")
    found, _, _ = evaluate(model, text, tmp_path)
    split = pyarrow.csv.read_csv(Path(model.job.run_dir, "split.csv")).to_pylist()
    seen = {row["patient_id"] for row in split if row["split"] in ("train", "val")} & {"p1", "p2"}
    assert found["overlap"]["patients"]["train"] + found["overlap"]["patients"]["val"] == len(seen)
    assert found["overlap"]["level"] == ("likely" if seen else "none")
    assert seen, "the split has changed: choose other patients"
    assert "optimistic" in found["overlap"]["texts"][0]


def test_the_training_data_themselves_are_no_external_test(model: Trained, tmp_path: Path) -> None:
    asked = {"known": Known(content_hash=None, source=str(tmp_path / "there.csv"))}
    found, _, _ = evaluate(model, rows(4, 30, positives=0.5, first=0), tmp_path, asked)
    assert found["overlap"]["level"] == "same"
    assert "no external test" in found["overlap"]["texts"][0]


def test_one_class_alone_is_said_and_goes_on(model: Trained, tmp_path: Path) -> None:
    asked = {"threshold": "rechosen", "rule": "youden"}
    found, table, _ = evaluate(model, rows(5, 30, positives=1.1, first=2000), tmp_path, asked)
    assert found["kept"]["statistics"]["final_auroc_cm"] is None
    assert found["kept"]["statistics"]["final_sensitivity"] is not None
    assert "one class, ill" in found["warnings"][0]
    assert found["rechosen"] is None
    assert found["rechosen_problem"] == "These data have no negative samples."
    assert table.num_rows == 30


def test_classes_are_named_otherwise_elsewhere(model: Trained, tmp_path: Path) -> None:
    text = rows(6, 30, positives=0.5, first=2000).replace(",ill", ",K").replace(",well", ",G")
    with pytest.raises(SourceError) as refused:
        evaluate(model, text, tmp_path)
    assert refused.value.field == "data.class_names"
    other = tmp_path / "again"
    other.mkdir()
    found, _, _ = evaluate(model, text, other, class_names=["K=ill", "G=well"])
    assert found["kept"]["class_names"] == model.source.classes
    assert sum(found["kept"]["classes"]) == 30


def test_missing_columns_are_named(model: Trained, tmp_path: Path) -> None:
    text = rows(7, 30, positives=0.5, first=2000).replace("marker", "merker")
    with pytest.raises(SourceError, match="marker"):
        evaluate(model, text, tmp_path)


def test_it_stops(model: Trained, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        evaluate(model, rows(8, 30, positives=0.5, first=2000), tmp_path, stop=stop)


def test_without_its_own_predictions_nothing_is_compared(model: Trained, tmp_path: Path) -> None:
    found, _, _ = evaluate(model, rows(9, 30, positives=0.5, first=2000), tmp_path, {"internal_split": None})
    assert found["internal"] is None
    assert found["shift"] is None
    assert "no predictions.parquet" in found["internal_problem"]


def test_prevalences_are_compared_by_pearsons_test() -> None:
    def samples(positives: int, negatives: int) -> Scored:
        targets = np.repeat([1, 0], [positives, negatives])
        return Scored(np.full(len(targets), 0.5), None, targets, None)

    [found] = prevalence_shifts(samples(30, 70), samples(40, 160), ["well", "ill"])
    expected = chi2_contingency([[30, 70], [40, 160]], correction=False)
    assert found["difference"]["p"] == pytest.approx(expected.pvalue)
    z = norm.isf(0.025)
    assert found["difference"]["value"] == pytest.approx(0.1)
    assert found["external"]["ci_low"] == pytest.approx(
        (0.3 + z**2 / 200 - z * np.sqrt(0.21 / 100 + z**2 / 40_000)) / (1 + z**2 / 100)
    )
