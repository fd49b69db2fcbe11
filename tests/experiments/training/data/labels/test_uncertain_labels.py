"""Labels that say "uncertain" beside yes and no are no third class, unless the request says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.training.data.sources import SourceError, inspect
from tests.experiments.training.data.labels.test_missing_labels import read
from tests.experiments.training.datasets import config_of, index_of, write_csv

ANSWERS = ["leave_out", "positive", "negative", "class"]


@pytest.mark.parametrize(
    "cells",
    [
        ["1.0", "0.0", "-1.0"],
        ["1", "0", "-1"],
        ["yes", "no", "uncertain"],
        ["positive", "negative", "Equivocal"],
        ["1", "0", "u"],
    ],
)
def test_it_is_asked_what_an_uncertain_label_means(cells: list[str]) -> None:
    found = read(cells * 3)
    assert len(found.classes) == 2
    assert found.label_of[cells[2]] is None
    [question] = found.questions
    assert [choice.options["data.uncertain_labels"] for choice in question.choices] == ANSWERS
    assert repr(cells[2]) in question.text


@pytest.mark.parametrize(
    ("answer", "label", "classes"),
    [
        ("leave_out", None, ["0", "1"]),
        ("positive", 1, ["0", "1"]),
        ("negative", 0, ["0", "1"]),
        ("class", 0, ["-1", "0", "1"]),
    ],
)
def test_each_answer(answer: str, label: int | None, classes: list[str]) -> None:
    found = read(["1.0", "0.0", "-1.0"] * 3, uncertain_labels=answer)
    assert (found.label_of["-1.0"], found.classes, found.questions) == (label, classes, [])


@pytest.mark.parametrize(
    "cells",
    [["1", "-1"], ["1", "0", "-1", "2"], ["0", "-1"], ["infected", "clean", "unsure"], ["uncertain", "certain"]],
)
def test_elsewhere_it_is_a_class(cells: list[str]) -> None:
    found = read(cells * 3)
    assert len(found.classes) == len(cells)
    assert found.questions == []


def test_beside_gaps_there_need_be_no_zeros() -> None:
    """In CheXpert a blank means that the report does not mention the finding."""
    found = read(["1.0", "-1.0", ""], missing_labels="negative")
    assert [question.field for question in found.questions] == ["data.uncertain_labels"]
    answered = read(["1.0", "-1.0", ""], missing_labels="negative", uncertain_labels="positive")
    assert (answered.classes, answered.label_of) == (["0", "1"], {"1.0": 1, "-1.0": 1, "": 0})


def test_a_column_as_chexpert_writes_it(tmp_path: Path) -> None:
    values = ("1.0", "0.0", "-1.0", "0.0")
    rows = [(n * 7 % 31, n % 13, values[n % 4]) for n in range(120)]
    write_csv(tmp_path / "t.csv", rows, header=("a", "b", "Pneumonia"))
    index = index_of("t.csv", tmp_path, data={"target_column": "Pneumonia"})
    assert index.counts == {"0": 60, "1": 30}
    assert index.reading.rows is not None
    assert [(part.kind, part.what, part.count) for part in index.reading.rows.unused] == [
        ("uncertain_label", "-1.0", 30)
    ]
    with pytest.raises(SourceError, match="30 labels") as caught:
        inspect(config_of("t.csv", data={"target_column": "Pneumonia"}), [tmp_path])
    assert caught.value.field == "data.uncertain_labels"
    answered = config_of("t.csv", data={"target_column": "Pneumonia", "uncertain_labels": "positive"})
    assert inspect(answered, [tmp_path]).classes == {"0": 60, "1": 60}
