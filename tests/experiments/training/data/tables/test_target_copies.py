"""Columns that follow from a target of three classes or more: copies with 0 and 1 per class, and coarser ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine

from experiments.training.contract.reading import Question
from experiments.training.data.tables.contents import column_types
from experiments.training.data.tables.target_copies import Target
from tests.experiments.training.data.tables.tables_on_disk import lines, loaded, names, reading, write

COUNT = 120
CHANCE = np.random.default_rng(0)
LABELS = np.arange(COUNT) % 3


def table(root: Path, **columns: Sequence[object]) -> Path:
    every: dict[str, Sequence[object]] = {
        **columns,
        "a": CHANCE.normal(size=COUNT).round(4).tolist(),
        "label": ["xyz"[n] for n in LABELS],
    }
    rows = [",".join(map(str, row)) for row in zip(*every.values(), strict=True)]
    return write(root / "x.csv", lines(",".join(every), rows))


def useless(path: Path, **data: object) -> list[Question]:
    return [found for found in reading(path, **data).questions if found.code == "useless_columns"]


ENCODINGS: dict[str, dict[str, list[object]]] = {
    "0 and 1": {f"is_{n}": [int(label == n) for label in LABELS] for n in range(3)},
    "one fewer": {f"is_{n}": [int(label == n) for label in LABELS] for n in range(2)},
    "true and false": {f"is_{n}": [bool(label == n) for label in LABELS] for n in range(3)},
    "blanks": {f"is_{n}": ["x" if label == n else "" for label in LABELS] for n in range(3)},
    "steps": {f"from_{n}": [int(label >= n) for label in LABELS] for n in (1, 2)},
    "coarser": {"group": ["ill" if label else "well" for label in LABELS]},
}


@pytest.mark.parametrize("columns", ENCODINGS.values(), ids=ENCODINGS)
def test_copies_by_class_are_asked_about_and_left_out(tmp_path: Path, columns: dict[str, list[object]]) -> None:
    path = table(tmp_path, **columns)
    [question] = useless(path)
    assert f"'{next(iter(columns))}' has one value for each class" in question.text
    assert [choice.options for choice in question.choices] == [
        {"data.ignore_columns": list(columns)},
        {"data.use_columns": list(columns)},
    ]
    assert names(loaded(path)) == ["a"]
    assert not useless(path, use_columns=list(columns))


def test_a_copy_with_a_few_mistakes_is_one(tmp_path: Path) -> None:
    flags = [int(label == 0) for label in LABELS]
    flags[5] = 1 - flags[5]
    assert not useless(table(tmp_path, flag=flags))  # one of 40 is more than 2 %
    labels = np.arange(3000) % 3
    values = (labels == 0).astype(float)
    values[:5] = 1 - values[:5]
    assert Target(labels).is_told_by(column_types.of_cells(values)) == "follows"
    values[:100] = 1 - values[:100]
    assert Target(labels).is_told_by(column_types.of_cells(values)) is None


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([1] * COUNT, id="constant"),
        pytest.param([int(n < 9 and n % 3 == 0) for n in range(COUNT)], id="rare"),
        pytest.param([n % 2 for n in range(COUNT)], id="of something else"),
        pytest.param([int(label == 0 and n % 4 > 0) for n, label in enumerate(LABELS)], id="most of a class"),
    ],
)
def test_other_columns_of_few_values_are_learned_from(tmp_path: Path, values: list[object]) -> None:
    assert not useless(table(tmp_path, column=values))


@pytest.mark.parametrize("data", [load_iris(), load_wine()])
def test_measurements_do_not_follow_from_the_target(data: Any) -> None:
    target = Target(data["target"])
    assert {target.is_told_by(column_types.of_cells(column)) for column in data["data"].T.astype(float)} == {None}
