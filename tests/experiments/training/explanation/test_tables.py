"""Explanations of tables: what shuffling a column costs, and what a row's values do to its score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.inspection import permutation_importance as of_scikit_learn
from sklearn.metrics import roc_auc_score
from torch import Tensor

from experiments.training.explanation import permutation
from experiments.training.explanation.permutation import Labelled, Undefined, permutation_importance, shuffled
from experiments.training.explanation.row_shares import explain_row

COLUMNS = {"age": [0], "site": [1, 2], "noise": [3]}
WEIGHTS = torch.tensor([2.0, 1.0, -1.0, 0.0])


def predict(inputs: Tensor) -> NDArray[Any]:
    found: NDArray[Any] = (inputs.double() @ WEIGHTS.double()).numpy()
    return found


def samples(count: int = 400, patients: NDArray[np.int64] | None = None) -> Labelled:
    chance = np.random.default_rng(1)
    values = chance.normal(size=(count, 4)).astype(np.float32)
    values[:, 2] = -values[:, 1]
    inputs = torch.from_numpy(values)
    labels = (predict(inputs) + chance.normal(size=count) > 0).astype(np.int64)
    return Labelled(inputs, labels, patients)


class Linear:
    """The same scores as an estimator of scikit-learn."""

    def fit(self, *_: Any) -> None:
        """Learn nothing."""

    def decision_function(self, values: NDArray[Any]) -> NDArray[Any]:
        return predict(torch.from_numpy(np.ascontiguousarray(values)))


def test_importance_is_that_of_scikit_learn() -> None:
    data = samples()
    found = permutation_importance(data, {name: [at] for at, name in enumerate("abcd")}, predict=predict, repeats=40)

    def score(model: Linear, values: NDArray[Any], labels: NDArray[Any]) -> float:
        return float(roc_auc_score(labels, model.decision_function(values)))

    theirs = of_scikit_learn(Linear(), data.inputs.numpy(), data.labels, scoring=score, n_repeats=40, random_state=5)
    ours = {one.column: one for one in found.columns}
    for at, name in enumerate("abcd"):
        error = theirs.importances_std[at] / np.sqrt(40)
        assert ours[name].mean == pytest.approx(theirs.importances_mean[at], abs=5 * error + 1e-12)
        assert ours[name].deviation == pytest.approx(theirs.importances_std[at], rel=0.5, abs=1e-12)
    assert found.auroc == pytest.approx(roc_auc_score(data.labels, predict(data.inputs)))


def test_features_of_one_column_are_shuffled_together() -> None:
    found = permutation_importance(samples(), COLUMNS, predict=predict)
    together = next(one.mean for one in found.columns if one.column == "site")
    apart = permutation_importance(samples(), {"one": [1], "other": [2]}, predict=predict)
    assert [one.column for one in found.columns] == ["site", "age", "noise"]
    assert found.columns[2].mean == found.columns[2].deviation == 0
    assert together > 2 * max(one.mean for one in apart.columns)


def test_columns_that_say_the_same_are_named() -> None:
    data = samples()
    data.inputs[:, 3] = 3 * data.inputs[:, 0] + 0.1
    found = permutation_importance(data, COLUMNS, predict=predict, repeats=2)
    assert {one.column: one.like for one in found.columns} == {"age": ["noise"], "noise": ["age"], "site": []}


def test_of_more_classes_the_mean_over_each_against_the_rest_falls() -> None:
    data = samples()
    labels = np.arange(400) % 3

    def three(inputs: Tensor) -> NDArray[Any]:
        found = np.eye(3)[labels] * 4.0
        found[:, 0] += inputs[:, 0].numpy()
        return found

    found = permutation_importance(Labelled(data.inputs, labels, None), COLUMNS, predict=three, repeats=2)
    shares = np.exp(three(data.inputs)) / np.exp(three(data.inputs)).sum(axis=1, keepdims=True)
    assert found.auroc == pytest.approx(roc_auc_score(labels, shares, multi_class="ovr"))


def test_one_class_has_no_area() -> None:
    data = samples()
    with pytest.raises(Undefined, match="one class alone"):
        permutation_importance(Labelled(data.inputs, np.ones(400, np.int64), None), COLUMNS, predict=predict)


def test_a_patients_values_go_to_another_patient() -> None:
    patients = np.array([7, 3, 7, 3, 5, 7], dtype=np.int64)
    for seed in range(20):
        sources = shuffled(patients, 6, np.random.default_rng(seed))
        for own in (3, 5, 7):
            assert len(set(patients[sources[patients == own]])) == 1  # all of one patient
    many = np.repeat(np.arange(100), 5)
    sources = shuffled(many, 500, np.random.default_rng(0))
    assert sorted(sources) == list(range(500))  # patients of as many rows: a permutation
    assert sorted(shuffled(None, 9, np.random.default_rng(0))) == list(range(9))


def test_a_value_that_each_row_of_a_patient_has_stays_shared() -> None:
    patients = np.repeat(np.arange(4), 100)
    data = samples(400)
    data.inputs[:, 0] = torch.from_numpy(np.repeat([-2.0, -1.0, 1.0, 2.0], 100).astype(np.float32))
    labels = (data.inputs[:, 0].numpy() > 0).astype(np.int64)
    alone = {"age": [0]}
    by_patient = permutation_importance(Labelled(data.inputs, labels, patients), alone, predict=predict)
    by_row = permutation_importance(Labelled(data.inputs, labels, None), alone, predict=predict)
    assert by_patient.columns[0].deviation > 3 * by_row.columns[0].deviation  # four values are shuffled, not 400
    assert (by_patient.patients, by_row.patients) == (4, None)


def test_large_splits_are_drawn_from_by_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permutation, "MOST_SAMPLES", 100)
    patients = np.repeat(np.arange(40), 10)
    found = permutation_importance(samples(400, patients), COLUMNS, predict=predict, repeats=2)
    assert (found.samples, found.of_samples, found.patients) == (100, 400, 10)
    assert permutation_importance(samples(), COLUMNS, predict=predict, repeats=2).samples == 100


def test_columns_beyond_the_first_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permutation, "MOST_COLUMNS", 1)
    found = permutation_importance(samples(), COLUMNS, predict=predict, repeats=2)
    assert ([one.column for one in found.columns], found.others) == (["age"], 2)


def test_a_rows_value_is_compared_with_the_median() -> None:
    row, medians = torch.tensor([1.0, 0.5, 0.25, 9.0]), torch.tensor([0.25, 1.0, 0.0, 0.0])

    def describe(column: str, inputs: Tensor) -> float:
        return float(inputs[COLUMNS[column][0]])

    found = explain_row(row, medians, COLUMNS, predict=predict, describe=describe, label=1)
    told = {one.column: (one.value, one.reference, one.change) for one in found.columns}
    assert told == {"age": (1.0, 0.25, 1.5), "site": (0.5, 1.0, -0.75), "noise": (9.0, 0.0, 0.0)}
    assert [one.column for one in found.columns] == ["age", "site", "noise"]
    assert (found.others, found.together) == (0, 0.75)
    other = explain_row(row, medians, COLUMNS, predict=predict, describe=describe, label=0)
    assert [one.change for one in other.columns] == [-1.5, 0.75, 0.0]


def test_large_tables_are_asked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.training.explanation.row_shares.VALUES_AT_ONCE", 4)
    monkeypatch.setattr("experiments.training.explanation.row_shares.SHOWN", 2)
    row = torch.tensor([1.0, 0.5, 0.25, 9.0])
    found = explain_row(row, torch.zeros(4), COLUMNS, predict=predict, describe=lambda *_: None, label=1)
    assert [one.change for one in found.columns] == [2.0, 0.25]
    assert found.others == 1
