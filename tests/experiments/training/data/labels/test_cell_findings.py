"""Cells that list several findings are understood: one finding is asked for, and is there or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.sources import inspect
from tests.experiments.training.data.labels.test_missing_labels import read
from tests.experiments.training.datasets import (
    config_of,
    index_of,
    with_class_folders,
    with_npz,
    write_csv,
    write_image,
)

CELLS = ["No Finding", "Effusion", "Atelectasis|Effusion", "Cardiomegaly"]


@pytest.mark.parametrize(
    ("cells", "sign", "findings"),
    [
        (CELLS, "|", ["Effusion", "Atelectasis", "Cardiomegaly", "No Finding"]),
        (["a;b", "a", "c"], ";", ["a", "b", "c"]),
        (["a; b", "a", "c"], ";", ["a", "b", "c"]),
        (["a, b", "a", "c"], ",", ["a", "b", "c"]),
        (["A/B", "A", "B"], "/", ["A", "B"]),
        (["A+B", "A", "B", "healthy"], "+", ["A", "B", "healthy"]),
        (["scab rust", "scab", "rust"], " ", ["rust", "scab"]),
        (["16 0", "16", "0"], " ", ["0", "16"]),
        (["['a', 'b']", "['a']", "['c']"], ",", ["a", "b", "c"]),
        (["a|", "a|b", "c"], "|", ["a", "b", "c"]),
        (["A|b", "a", "B|c"], "|", ["A", "B", "c"]),
    ],
)
def test_a_combination_is_asked_about_with_the_findings_in_it(cells: list[str], sign: str, findings: list[str]) -> None:
    [question] = read(cells).questions
    assert question.field == "data.finding"
    assert f"list several findings, parted by {sign!r}" in question.text
    offered = [choice.options.get("data.finding") for choice in question.choices]
    assert [str(name).casefold() for name in offered[:-1]] == [name.casefold() for name in findings]
    assert question.choices[-1].options == {"data.several_findings": "class"}


@pytest.mark.parametrize(
    "cells",
    [
        ["Carcinoma, invasive", "Carcinoma, in situ", "Adenoma"],
        ["lung cancer", "breast cancer", "healthy"],
        ["1,5", "2,5", "1"],
        ["T1/T2", "T3/T4", "T0"],
        ["A+", "A-", "B+"],
        ["No Finding", "Finding"],
        ["grade 1", "grade 2"],
    ],
)
def test_signs_in_names_of_classes_part_nothing(cells: list[str]) -> None:
    found = read(cells * 3)
    assert found.questions == []
    assert found.classes == sorted(cells)


@pytest.mark.parametrize("asked", ["Effusion", "effusion", " EFFUSION "])
def test_the_finding_that_is_asked_for_is_positive(asked: str) -> None:
    found = read(CELLS, finding=asked)
    assert (found.classes, found.positive, found.questions) == (["not Effusion", "Effusion"], "Effusion", [])
    assert [found.label_of[cell] for cell in CELLS] == [0, 1, 1, 0]


def test_a_finding_is_compared_as_a_whole() -> None:
    found = read(["Pneumonia", "Pneumonia suspected|Effusion", "Effusion"], finding="pneumonia")
    assert list(found.label_of.values()) == [1, 0, 0] or found.label_of == {
        "Pneumonia": 1,
        "Pneumonia suspected|Effusion": 0,
        "Effusion": 0,
    }


def test_an_unknown_finding_is_answered_with_those_there_are() -> None:
    with pytest.raises(SourceError, match="'Emphysema' is in no cell of column 'x'") as caught:
        read(CELLS, finding="Emphysema")
    assert caught.value.field == "data.finding"
    assert "'Effusion', 'Atelectasis', 'Cardiomegaly', 'No Finding'" in caught.value.message


def test_none_lists_no_finding_and_a_blank_is_missing() -> None:
    found = read([*CELLS, "None", ""], finding="Effusion")
    assert found.label_of["None"] == 0
    assert found.label_of[""] is None
    assert [question.field for question in found.questions] == ["data.missing_labels"]
    assert read([*CELLS, ""], finding="Effusion", missing_labels="negative").label_of[""] == 0


def test_each_combination_may_be_a_class() -> None:
    found = read(CELLS, several_findings="class")
    assert (found.classes, found.questions) == (sorted(CELLS), [])


def test_one_of_many_classes_may_be_asked_for_in_every_layout(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"cyst": 3, "stone": 4, "tumour": 5})
    assert index_of("x", tmp_path, data={"finding": "stone"}).counts == {"not stone": 8, "stone": 4}
    with_npz(tmp_path / "x.npz")
    assert index_of("x.npz", tmp_path, data={"finding": "0"}).counts == {"not 0": 12, "0": 12}


def test_a_table_as_nih_writes_it(tmp_path: Path) -> None:
    """Image Index, Finding Labels, Follow-up #, Patient ID."""
    names = ("No Finding", "Effusion", "Atelectasis|Effusion")
    rows = [(f"{n:08d}_000.png", names[n % 3], 0, n) for n in range(60)]
    for image, *_ in rows:
        write_image(tmp_path / "x" / "images" / image)
    header = ("Image Index", "Finding Labels", "Follow-up #", "Patient ID")
    write_csv(tmp_path / "x" / "Data_Entry_2017.csv", rows, header=header)
    index = index_of("x", tmp_path)
    assert {question.field for question in index.reading.questions} == {"data.target_column", "data.finding"}
    answers = {"target_column": "Finding Labels", "finding": "atelectasis"}
    answered = index_of("x", tmp_path, data=answers)
    assert answered.counts == {"not Atelectasis": 40, "Atelectasis": 20}
    assert answered.reading.positive == "Atelectasis"
    assert answered.reading.questions == []
    assert inspect(config_of("x", data=answers), [tmp_path]).classes == answered.counts


def test_a_built_in_data_set_asks_its_own_question(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="asks one question") as caught:
        inspect(config_of("builtin:digits-is-8", data={"finding": "8"}), [])
    assert caught.value.field == "data.finding"
