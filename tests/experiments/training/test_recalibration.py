"""What a training fits and tells, computed again from its predictions by scikit-learn, statsmodels and scipy alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import sklearn.metrics as sk
import statsmodels.api as sm
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax
from sklearn.isotonic import IsotonicRegression

from experiments.training.contract.reports import Message, Note, Recalibrated
from runs.events import FinalStats
from runs.statistics.recalibration.methods import Quality, Recalibration
from tests.experiments.training.trainings import Network, SmallData, carry_out, job_of, of_type, outcome


def trained(tmp_path: Path, samples: Any = None, network: Any = None, **config: Any) -> tuple[list[Message], Any]:
    messages = carry_out(job_of(tmp_path / "7", trainer={"max_epochs": 2}, **config), data=samples, model=network)
    assert outcome(messages).status == "completed", outcome(messages).reason
    return messages, pq.read_table(tmp_path / "7" / "attempts" / "1" / "predictions.parquet")


def recalibration(messages: list[Message]) -> Recalibration:
    [report] = of_type(messages, Recalibrated)
    return report.found


def rows(table: Any, split: str) -> tuple[Any, Any]:
    """Return labels and logits of a split, as anyone reads them from the file."""
    part = table.filter(np.array(table["split"]) == split)
    names = [name for name in part.column_names if name.startswith("logit")]
    logits = np.column_stack([part[name].to_numpy().astype(np.float64) for name in names])
    return part["label"].to_numpy(), logits[:, 0] if len(names) == 1 else logits


def check(quality: Quality, y: Any, scores: Any) -> None:
    """Compare the numbers of one method over one split."""
    assert quality.mean_score == pytest.approx(scores.mean(), abs=1e-9)
    assert quality.share == pytest.approx(y.mean(), abs=1e-12)
    assert quality.brier == pytest.approx(sk.brier_score_loss(y, scores), abs=1e-9)
    assert quality.log_loss == pytest.approx(sk.log_loss(y, scores), abs=1e-9)
    assert quality.auroc == pytest.approx(sk.roc_auc_score(y, scores), abs=1e-9)
    assert sum(point.share * point.samples for point in quality.reliability) == pytest.approx(y.sum())


def slope(y: Any, scores: Any) -> Any:
    odds = np.log(scores / (1 - scores))
    return sm.Logit(y, sm.add_constant(odds)).fit(disp=0, tol=1e-12, maxiter=100).params[::-1]


def test_two_classes(tmp_path: Path) -> None:
    messages, table = trained(tmp_path, model={"pos_weight": 8.0}, data={"test_fraction": 0.2, "val_fraction": 0.3})
    found = recalibration(messages)
    y, logits = rows(table, "val")
    line = sm.Logit(y, sm.add_constant(logits)).fit(disp=0, tol=1e-14, maxiter=200).params
    nearest = 1 / (len(y) + 2)
    steps = IsotonicRegression(y_min=nearest, y_max=1 - nearest, out_of_bounds="clip").fit(logits, y)
    temperature = minimize_scalar(lambda log: np.logaddexp(0, (1 - 2 * y) * logits / np.exp(log)).sum(), (-0.5, 1.0)).x
    assert (found.samples, found.class_names, found.fitted_on) == (len(y), ["benign", "malignant"], "val")
    platt, isotonic, scaled = found.methods
    assert platt.parameters == pytest.approx({"intercept": line[0], "slope": line[1]}, abs=1e-8)
    assert scaled.parameters == pytest.approx({"temperature": np.exp(temperature)}, rel=1e-5)
    assert isotonic.problem is None
    for split in ("val", "test"):
        y, logits = rows(table, split)
        by_others = {
            "none": expit(logits),
            "platt": expit(line[0] + line[1] * logits),
            "isotonic": steps.predict(logits),
            "temperature": expit(logits / scaled.parameters["temperature"]),
        }
        assert set(found.splits[split]) == set(by_others)
        for name, scores in by_others.items():
            quality = found.splits[split][name]
            check(quality, y, scores)
            told = quality.calibration_slope, quality.calibration_intercept
            assert told == pytest.approx(tuple(slope(y, scores)), abs=1e-6)


def test_the_scores_as_they_are_have_the_final_statistics(tmp_path: Path) -> None:
    messages, _ = trained(tmp_path, data={"test_fraction": 0.2, "val_fraction": 0.3})
    found = recalibration(messages)
    for event in of_type(messages, FinalStats):
        before = found.splits[event.split]["none"]
        names = ("brier", "log_loss", "ece", "ece_if_calibrated", "ece_if_calibrated_p95", "calibration_slope")
        assert [getattr(before, name) for name in names] == [event.statistics[f"final_{name}"] for name in names]
        assert before.auroc == event.statistics["final_auroc_cm"]
        assert before.reliability == event.reliability


def test_several_classes(tmp_path: Path) -> None:
    messages, table = trained(tmp_path, SmallData(classes=3), Network(classes=3))
    found = recalibration(messages)
    y, logits = rows(table, "val")
    places = np.arange(len(y))
    least = minimize_scalar(lambda log: -log_softmax(logits / np.exp(log), axis=1)[places, y].sum(), (-0.5, 0.5)).x
    [method] = found.methods
    assert method.parameters == pytest.approx({"temperature": np.exp(least)}, rel=1e-5)
    y, logits = rows(table, "test")
    scores = np.exp(log_softmax(logits / method.parameters["temperature"], axis=1))
    after = found.splits["test"]["temperature"]
    assert after.log_loss == pytest.approx(sk.log_loss(y, scores), abs=1e-9)
    assert after.mean_score == pytest.approx(scores.max(axis=1).mean(), abs=1e-9)
    assert after.share == pytest.approx((scores.argmax(axis=1) == y).mean())


def test_a_small_validation_split_is_told_and_the_run_completes(tmp_path: Path) -> None:
    """Of 30 samples, 21 are of another class."""
    samples = SmallData()
    samples.y[50:80] = (torch.arange(30) < 9).long()
    messages, _ = trained(tmp_path, samples, Network())
    found = recalibration(messages)
    for method in found.methods:
        assert method.problem == (
            "The validation split has 9 samples of “class 1”: at least 10 of each class are needed."
        )
    assert {split: set(qualities) for split, qualities in found.splits.items()} == {"val": {"none"}, "test": {"none"}}


@pytest.mark.parametrize("test_fraction", [0.0, 0.2])
def test_the_note_on_shifted_scores_has_the_cure(tmp_path: Path, test_fraction: float) -> None:
    fractions = {"test_fraction": test_fraction, "val_fraction": 0.3}
    messages, _ = trained(tmp_path, model={"pos_weight": 8.0}, data=fractions)
    [text] = [note.text for note in of_type(messages, Note) if note.code == "shifted_scores"]
    after = recalibration(messages).splits["test" if test_fraction else "val"]["platt"]
    share = recalibration(messages).splits["val"]["none"].share
    there = f" at its prevalence of {share:.3g}" if test_fraction else ""
    assert text.endswith(
        f"Recalibrated by Platt's method, fitted on the validation split{there}, the mean score is "
        f"{after.mean_score:.3g}: see Recalibration on the run's page."
    )
    before = recalibration(messages).splits["test" if test_fraction else "val"]["none"]
    assert abs(after.mean_score - after.share) < abs(before.mean_score - before.share)
