"""The best checkpoint's numbers can be recomputed from the stored predictions, exactly."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from scipy.special import softmax
from sklearn import metrics as sk
from torch import Tensor

from experiments.training.callbacks.metrics_collector import Diverged
from experiments.training.contract.reports import Execution, Message
from experiments.training.recipes import evaluation
from experiments.training.recipes.evaluation import Predictions
from experiments.training.recipes.split_identity import source_of, split_identity
from runs.events import FinalStats
from runs.statistics.intervals.patients import patient_codes
from runs.statistics.score_statistics import final_statistics
from tests.experiments.training.trainings import (
    Network,
    SmallData,
    carry_out,
    job_of,
    metrics_by_epoch,
    of_type,
    outcome,
)


def evaluated(tmp_path: Path, samples: Any = None, network: Any = None, **config: Any) -> tuple[list[Message], Any]:
    job = job_of(tmp_path / "7", attempt=2, trainer={"max_epochs": 2}, **config)
    messages = carry_out(job, data=samples, model=network)
    assert outcome(messages).status == "completed", outcome(messages).reason
    return messages, pq.read_table(tmp_path / "7" / "attempts" / "2" / "predictions.parquet")


def test_binary_statistics_follow_from_the_predictions(tmp_path: Path) -> None:
    messages, table = evaluated(tmp_path, data={"test_fraction": 0.2})
    for event in of_type(messages, FinalStats):
        rows = table.filter(np.array(table["split"]) == event.split)
        y, scores = rows["label"].to_numpy(), rows["score"].to_numpy()
        said = scores >= 0.5
        expected = {
            "final_precision_cm": sk.precision_score(y, said),
            "final_recall_cm": sk.recall_score(y, said),
            "final_specificity": sk.recall_score(y, said, pos_label=0),
            "final_accuracy_cm": sk.accuracy_score(y, said),
            "final_f1_cm": sk.f1_score(y, said),
            "final_auroc_cm": sk.roc_auc_score(y, rows["logit"].to_numpy()),
            "final_npv": sk.precision_score(y, said, pos_label=0),
            "final_balanced_accuracy": sk.balanced_accuracy_score(y, said),
            "final_mcc": sk.matthews_corrcoef(y, said),
            "final_brier": sk.brier_score_loss(y, scores),
            "final_average_precision": sk.average_precision_score(y, rows["logit"].to_numpy()),
        }
        assert {name: event.statistics[name] for name in expected} == pytest.approx(expected, abs=1e-12)
        assert event.confusion_matrix == sk.confusion_matrix(y, said).tolist()
        assert np.sum(event.confusion_matrix) == len(rows)
        assert event.threshold == 0.5
        assert event.class_names == ["benign", "malignant"]


def test_the_test_split_has_its_own_names_too(tmp_path: Path) -> None:
    messages, table = evaluated(tmp_path, SmallData(), Network())
    val, test = (event.statistics for event in of_type(messages, FinalStats))
    assert not [name for name in val if name.startswith("test_")]
    rows = table.filter(np.array(table["split"]) == "test")
    y, scores = rows["label"].to_numpy(), rows["score"].to_numpy()
    assert test["test_loss"] == pytest.approx(sk.log_loss(y, scores), rel=1e-6)
    assert test["test_auroc"] == test["final_auroc_cm"] == pytest.approx(sk.roc_auc_score(y, scores))
    assert test["test_cm_tp"] == test["cm_tp"]


def test_intervals_follow_the_patients_of_the_predictions(tmp_path: Path) -> None:
    """Two samples of each patient; with the columns of the file anyone gets the same intervals."""
    messages, table = evaluated(tmp_path, SmallData(), Network())
    val = of_type(messages, FinalStats)[0]
    rows = table.filter(np.array(table["split"]) == "val")
    y, scores, logits = (rows[name].to_numpy() for name in ("label", "score", "logit"))
    known = {"class_names": val.class_names, "threshold": 0.5, "logits": logits.astype(np.float64)}
    patients = patient_codes(rows["patient_id"].to_pylist())
    _, again = final_statistics(scores, y, patients=patients, **known)
    assert {name: val.statistics[name] for name in again} == again
    _, alone = final_statistics(scores, y, **known)
    assert alone["final_auroc_cm_ci_low"] != again["final_auroc_cm_ci_low"]
    assert val.patients == 15
    assert sum(point.samples for point in val.reliability) == 30
    shares = [point.share * point.samples for point in val.reliability]
    assert sum(shares) == pytest.approx(y.sum())


def test_patients_count_once_with_the_mean_of_the_predictions(tmp_path: Path) -> None:
    """Two samples of each patient; pandas makes one of them, scikit-learn says how good it is."""
    messages, table = evaluated(tmp_path, SmallData(), Network())
    for event in of_type(messages, FinalStats):
        rows = table.filter(np.array(table["split"]) == event.split).to_pandas().groupby("patient_id")
        y, score = rows["label"].max().to_numpy(), rows["score"].mean().to_numpy()
        found = event.by_patient
        assert found is not None
        assert (found.patients, found.mixed) == (len(y), int((rows["label"].nunique() > 1).sum()))
        assert found.confusion_matrix == sk.confusion_matrix(y, score >= 0.5).tolist()
        auroc = pytest.approx(sk.roc_auc_score(y, score), abs=1e-12) if len(set(y)) == 2 else None
        assert found.statistics["final_auroc_cm"] == auroc
        assert found.statistics["final_brier"] == pytest.approx(sk.brier_score_loss(y, score), abs=1e-12)


def test_operating_points_follow_from_the_predictions(tmp_path: Path) -> None:
    """Chosen on validation, applied to test: each by its threshold alone, with the columns of the file."""
    messages, table = evaluated(tmp_path, data={"test_fraction": 0.2}, model={"threshold": 0.4})
    found = {event.split: event.operating_points for event in of_type(messages, FinalStats)}
    rules = ["own", "half", "sensitivity_95", "sensitivity_90", "specificity_95", "youden", "f1"]
    assert [point.rule for point in found["val"]] == [point.rule for point in found["test"]] == rules
    assert [(point.threshold, point.log_odds, point.reason) for point in found["val"]] == [
        (point.threshold, point.log_odds, point.reason) for point in found["test"]
    ]
    for split, points in found.items():
        rows = table.filter(np.array(table["split"]) == split)
        y, scores, logits = (rows[name].to_numpy() for name in ("label", "score", "logit"))
        for point in points:
            assert point.threshold is not None
            said = scores >= point.threshold if point.log_odds is None else logits >= point.log_odds
            tn, fp, fn, tp = sk.confusion_matrix(y, said).ravel()
            assert [point.statistics[name] for name in ("cm_tp", "cm_tn", "cm_fp", "cm_fn")] == [tp, tn, fp, fn]
            assert point.statistics["final_sensitivity"] == pytest.approx(tp / (tp + fn))
    val = {point.rule: point for point in found["val"]}
    assert (val["own"].threshold, val["half"].threshold) == (0.4, 0.5)
    assert val["sensitivity_95"].statistics["final_sensitivity"] >= 0.95  # type: ignore[operator]
    assert val["specificity_95"].statistics["final_specificity"] >= 0.95  # type: ignore[operator]


def test_predictions_are_complete_unrounded_and_in_order(tmp_path: Path) -> None:
    data, model = SmallData(), Network()
    _, table = evaluated(tmp_path, data, model)
    rows = [*range(50, 80), *range(80, 100)]
    assert table.column_names == [
        "split",
        "sample_id",
        "patient_id",
        "label",
        "score",
        "score_class 0",
        "score_class 1",
        "logit",
    ]
    assert table["split"].to_pylist() == ["val"] * 30 + ["test"] * 20
    assert table["sample_id"].to_pylist() == [f"s{i}" for i in rows]
    assert table["patient_id"].to_pylist() == [f"p{i // 2}" for i in rows]
    assert table["label"].to_pylist() == data.y[rows].tolist()
    with torch.no_grad():  # the best epoch's weights are in the module now
        logits = model.eval()(data.x[rows])
    assert table["score"].to_numpy() == pytest.approx(logits.double().sigmoid().numpy(), rel=1e-6)
    assert table["logit"].to_numpy() == pytest.approx(logits.numpy(), rel=1e-5)
    assert (str(table["score"].type), str(table["logit"].type)) == ("double", "float")
    exact = table["logit"].to_numpy().astype(np.float64)
    assert table["score"].to_numpy() == pytest.approx(1 / (1 + np.exp(-exact)), rel=1e-15)


class Watched(Network):
    """Remembers how its evaluations multiplied: after the last training batch comes the final evaluation alone."""

    def test_step(self, batch: tuple[Tensor, Tensor, Tensor], batch_idx: int) -> dict[str, Tensor]:
        cudnn = torch.backends.cudnn.allow_tf32
        self.settings = (cudnn, torch.get_float32_matmul_precision(), torch.is_autocast_enabled("cpu"))
        return super().test_step(batch, batch_idx)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_the_best_checkpoint_is_evaluated_in_single_precision_whatever_it_was_trained_in(
    tmp_path: Path, precision: str
) -> None:
    before = torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()
    data, model = SmallData(), Watched()
    job = job_of(tmp_path / "7", trainer={"max_epochs": 2, "precision": precision, "accelerator": "cpu"})
    messages = carry_out(job, data=data, model=model)
    assert outcome(messages).status == "completed", outcome(messages).reason
    assert [one.evaluation_precision for one in of_type(messages, Execution)] == ["32-true"]
    table = pq.read_table(tmp_path / "7" / "attempts" / "1" / "predictions.parquet")
    with torch.no_grad():
        expected = model.eval()(data.x[50:]).double().sigmoid().numpy()
    assert table["score"].to_numpy() == pytest.approx(expected, rel=1e-6)
    assert len(set(table["score"].to_pylist())) == len(np.unique(expected)) == 50
    assert model.settings == (False, "highest", False)
    assert before == (torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision())


def test_several_classes(tmp_path: Path) -> None:
    messages, table = evaluated(tmp_path, SmallData(classes=3), Network(classes=3))
    val = of_type(messages, FinalStats)[0]
    rows = table.filter(np.array(table["split"]) == "val")
    scores = np.column_stack([rows[f"score_class {label}"].to_numpy() for label in range(3)])
    y = rows["label"].to_numpy()
    assert "score" not in table.column_names
    logits = np.column_stack([rows[f"logit_class {label}"].to_numpy() for label in range(3)])
    assert str(logits.dtype) == "float32"
    assert "logit" not in table.column_names
    assert scores == pytest.approx(softmax(logits.astype(np.float64), axis=1), rel=1e-14)
    assert val.threshold is None
    assert val.confusion_matrix == sk.confusion_matrix(y, scores.argmax(axis=1)).tolist()
    assert val.statistics["final_auroc_cm"] == pytest.approx(sk.roc_auc_score(y, scores, multi_class="ovr"))
    assert val.statistics["final_recall_cm/class 1"] == pytest.approx(
        sk.recall_score(y, scores.argmax(axis=1), labels=[1], average="macro")
    )


class Confident(Network):
    """Gives logits around 60, whose scores are all 1, and logits that double precision alone tells apart."""

    def __init__(self, classes: int, *, double: bool) -> None:
        super().__init__(classes=classes)
        self._double = double

    def forward(self, x: Tensor) -> Tensor:
        logits = super().forward(x)
        if logits.ndim == 1:
            return logits.double() * 1e-9 + 60 if self._double else logits + 60
        return logits + 60 * (torch.arange(logits.shape[1]) == 1)


@pytest.mark.parametrize("double", [False, True])
def test_confident_scores_are_ranked_by_their_logits_in_each_epoch_and_at_the_end(tmp_path: Path, double: bool) -> None:
    messages, table = evaluated(tmp_path, SmallData(), Confident(2, double=double))
    assert set(table["score"].to_pylist()) == {1.0}
    assert str(table["logit"].type) == ("double" if double else "float")
    for event in of_type(messages, FinalStats):
        rows = table.filter(np.array(table["split"]) == event.split)
        y, logits = rows["label"].to_numpy(), rows["logit"].to_numpy()
        assert len(np.unique(logits)) == len(y)
        exact = sk.roc_auc_score(y, logits)
        assert exact != 0.5
        assert event.statistics["final_auroc_cm"] == pytest.approx(exact, abs=1e-12)
        same = event.statistics if event.split == "test" else metrics_by_epoch(messages, "val")[event.epoch]
        assert same[f"{event.split}_auroc"] == event.statistics["final_auroc_cm"]
        found = event.statistics["final_average_precision"]
        assert found == pytest.approx(sk.average_precision_score(y, logits), abs=1e-12)


def test_confident_scores_of_several_classes_are_ranked_by_their_logits(tmp_path: Path) -> None:
    messages, table = evaluated(tmp_path, SmallData(classes=3), Confident(3, double=False))
    assert set(table["score_class 1"].to_pylist()) == {1.0}
    for event in of_type(messages, FinalStats):
        rows = table.filter(np.array(table["split"]) == event.split)
        y = rows["label"].to_numpy()
        z = np.column_stack([rows[f"logit_class {label}"].to_numpy() for label in range(3)]).astype(np.float64)
        for label in range(3):
            others = np.delete(z, label, axis=1)
            exact = sk.roc_auc_score(y == label, z[:, label] - np.logaddexp(others[:, 0], others[:, 1]))
            assert event.statistics[f"final_auroc_cm/class {label}"] == pytest.approx(exact, abs=1e-12)


def test_scores_that_are_no_numbers_are_refused() -> None:
    part = Predictions(
        "val", None, np.array([-1.4, np.nan]), np.array([0.2, np.nan]), np.array([0, 1]), np.array([0, 1])
    )
    with pytest.raises(Diverged, match="best epoch"):
        evaluation.final_stats(part, epoch=3, threshold=0.5, class_names=["no", "yes"])


def identities(messages: list[Message]) -> list[str | None]:
    return [event.split_identity for event in of_type(messages, FinalStats)]


def test_the_identity_of_the_test_split_follows_from_the_predictions(tmp_path: Path) -> None:
    messages, table = evaluated(tmp_path, data={"test_fraction": 0.2})
    rows = table.filter(np.array(table["split"]) == "test").to_pylist()
    names = ["benign", "malignant"]
    pairs = [json.dumps([row["sample_id"], names[row["label"]]], separators=(",", ":")) for row in rows]
    lines = ['"builtin:breast-cancer"', *sorted(pairs)]
    assert identities(messages) == [None, sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()]


def test_the_same_test_samples_have_one_identity_whatever_is_trained(tmp_path: Path) -> None:
    test = {"test_fraction": 0.2}
    runs: list[dict[str, Any]] = [
        {"data": test},
        {"data": test | {"batch_size": 7}, "model": {"threshold": 0.3}, "optimizer": {"learning_rate": 0.01}},
        {"data": test | {"folds": 3, "fold": 2}},
        {"data": test, "seed": 7},
        {"data": {"test_fraction": 0.25}},
    ]
    found = [identities(evaluated(tmp_path / str(i), **asked)[0])[-1] for i, asked in enumerate(runs)]
    assert None not in found
    assert found[0] == found[1]
    assert len({found[0], found[3], found[4]}) == 3


def test_folds_have_one_identity(tmp_path: Path) -> None:
    asked = [{"test_fraction": 0.2, "folds": 3, "fold": fold} for fold in (1, 2)]
    first, second = (identities(evaluated(tmp_path / str(i), data=data)[0])[-1] for i, data in enumerate(asked))
    assert first == second


def test_an_identity_depends_on_samples_classes_and_data_but_not_on_their_order() -> None:
    samples = [("a", "ill"), ("b", "well"), ("ü", "ill")]
    known = split_identity("x", samples)
    assert split_identity("x", samples[::-1]) == known
    others = [
        ("y", samples),
        ("x", samples[:2]),
        ("x", [*samples, samples[0]]),
        ("x", [("a", "well"), ("b", "ill"), ("ü", "ill")]),
        ("x", [('a","ill"]\n["b', "well"), ("ü", "ill")]),
    ]
    assert known not in {split_identity(*other) for other in others}


def test_data_are_told_apart_by_version_else_by_path(tmp_path: Path) -> None:
    root = tmp_path / "data"
    (root / "lungs").mkdir(parents=True)
    (root / "link").symlink_to("lungs")

    def source(path: str, **columns: Any) -> str:
        job = job_of(tmp_path / "7", source_path=path)
        return source_of(msgspec.structs.replace(job, data_roots=[str(root)], **columns))

    same = {source(path) for path in ("lungs", "lungs/", "link", str(root / "lungs"))}
    assert same == {str(root / "lungs")}
    assert source(str(root / "lungs"), content_hash="c" * 64) == "c" * 64
    assert source("builtin:digits-is-8") == "builtin:digits-is-8"
