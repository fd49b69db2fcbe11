"""A missing label is no class, however it is spelled: it is asked about, left out or negative, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.labels import labelling
from experiments.training.data.labels.labelling import Labels
from experiments.training.data.module import build
from experiments.training.data.sources import inspect
from tests.experiments.training.datasets import config_of, index_of, job_of, with_class_folders, with_csv, write_csv


def read(cells: Sequence[str], **data: Any) -> Labels:
    return labelling.read(Counter(cells), DataConfig(**data), "column 'x' of t.csv")


SPELLINGS = [
    *("", "NA", "na", "N/A", "n/a", "n.a.", "#N/A", "<NA>", "nan", "NaN", "-NaN", "NaT", "null", "NULL", "#NULL!"),
    *("-", "--", "\u2014", "?", "??", ".", "...", "*", " NA ", "\u200bNA", '"NA"', "inf", "-inf", "#DIV/0!", "1.#QNAN"),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_missing_label_is_asked_about_and_never_a_class(spelling: str) -> None:
    found = read(["sick"] * 3 + ["healthy"] * 4 + [spelling] * 2)
    assert found.classes == ["healthy", "sick"]
    assert found.label_of[spelling] is None
    [question] = found.questions
    assert question.field == "data.missing_labels"
    assert "2 of 9 labels in column 'x' of t.csv are missing" in question.text
    assert [choice.options for choice in question.choices] == [{"data.missing_labels": "leave_out"}]
    answered = read(["sick", "healthy", spelling], missing_labels="class")  # it is no word that could be a class
    assert (answered.classes, answered.questions) == (["healthy", "sick"], [])


@pytest.mark.parametrize(
    "word", ["none", "None", "NONE", "unknown", "Missing", "unlabelled", "not available", "Not_Available"]
)
def test_a_word_that_may_be_a_class_is_asked_about(word: str) -> None:
    cells = ["sick", "healthy", word] * 3
    [question] = read(cells).questions
    assert [choice.options["data.missing_labels"] for choice in question.choices] == ["leave_out", "class"]
    assert read(cells, missing_labels="leave_out").classes == ["healthy", "sick"]
    answered = read(cells, missing_labels="class")
    assert (answered.classes, answered.questions) == (sorted(["sick", "healthy", word]), [])


@pytest.mark.parametrize("word", ["unsure", "nano", "canal", "nonetheless", "other", "N", "no"])
def test_words_that_only_look_alike_are_classes(word: str) -> None:
    found = read(["sick", word] * 3)
    assert sorted(found.classes) == sorted(["sick", word])
    assert found.questions == []


def test_plus_and_minus_are_two_classes() -> None:
    assert read(["+", "-", "+"]).classes == ["+", "-"]
    assert read(["a", "-", "b"]).label_of["-"] is None


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["1", "0", ""], ["0", "1"]),
        (["1.0", "0.0", "NaN"], ["0", "1"]),
        (["yes", "no", "n/a"], ["no", "yes"]),
        (["1", "", ""], ["0", "1"]),
    ],
)
def test_beside_yes_a_missing_label_may_be_negative(cells: list[str], classes: list[str]) -> None:
    found = read(cells, missing_labels="negative")
    assert (found.classes, found.questions) == (classes, [])
    assert found.label_of[cells[-1]] == 0
    offered = {choice.options["data.missing_labels"] for choice in read(cells).questions[0].choices}
    assert offered == {"leave_out", "negative"}


def test_where_leaving_out_leaves_one_class_counting_as_negative_is_offered_first() -> None:
    """CheXpert's columns of support devices and of no finding have 1 and blanks alone."""
    found = read(["1.0", "", ""])
    assert found.classes == ["0", "1"]
    assert found.questions[0].choices[0].options == {"data.missing_labels": "negative"}


def test_negative_needs_a_yes() -> None:
    with pytest.raises(SourceError, match="are not yes and no") as caught:
        read(["rose", "tulip", ""], missing_labels="negative")
    assert caught.value.field == "data.missing_labels"


def test_nothing_but_missing_labels() -> None:
    with pytest.raises(SourceError, match=r"All labels in column 'x' of t\.csv are missing"):
        read(["NA", "", "-"])


def test_rows_beside_images_are_counted_as_left_out(tmp_path: Path) -> None:
    """R writes NA for a missing label."""
    with_csv(tmp_path / "x", {f"s{n:02d}": "NA" if n % 5 == 4 else n % 2 for n in range(40)})
    index = index_of("x", tmp_path)
    assert index.counts == {"0": 16, "1": 16}
    assert index.reading.rows is not None
    assert (index.reading.rows.total, index.reading.rows.used) == (40, 32)
    [unused] = index.reading.rows.unused
    assert (unused.what, unused.count, unused.examples) == ("NA", 8, ["s04", "s09", "s14"])
    with pytest.raises(SourceError, match="8 of 40 labels") as caught:
        inspect(config_of("x"), [tmp_path])
    assert caught.value.field == "data.missing_labels"
    assert inspect(config_of("x", data={"missing_labels": "leave_out"}), [tmp_path]).classes == {"0": 16, "1": 16}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_features_of_rows_without_a_label_are_not_learned_from(tmp_path: Path, suffix: str) -> None:
    values = [(float(n), n, None if n % 4 == 3 else float(n % 2)) for n in range(40)]
    columns = dict(zip(("x", "record_id", "label"), map(list, zip(*values, strict=True)), strict=True))
    if suffix == ".csv":
        rows = [("" if cell is None else cell for cell in row) for row in values]
        write_csv(tmp_path / "t.csv", [list(row) for row in rows], header=tuple(columns))
    else:
        columns["label"] = [np.nan if label is None else label for label in columns["label"]]  # a NaN that is no null
        pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    config = config_of(f"t{suffix}", data={"missing_labels": "leave_out"})
    data = build(config, job_of(config, tmp_path))
    assert data.sample_ids == [str(n) for n in range(40) if n % 4 != 3]
    known = [n for n in range(40) if n % 4 != 3]
    seen = {int(at): float(row[0]) for x, _, index in data.val_dataloader() for row, at in zip(x, index, strict=True)}
    train = [known[at] for at in data.indices["train"]]
    for at, value in seen.items():
        assert value == pytest.approx((known[at] - np.mean(train)) / np.std(train), abs=1e-5)


def test_a_class_folder_called_like_a_missing_label(tmp_path: Path) -> None:
    """A script that sorts images by the text of their label makes a folder `nan`."""
    with_class_folders(tmp_path / "x", {"healthy": 5, "sick": 5, "nan": 3})
    index = index_of("x", tmp_path)
    assert index.counts == {"healthy": 5, "sick": 5}
    assert [question.field for question in index.reading.questions] == ["data.missing_labels"]
    assert index.reading.files is not None
    assert [(part.what, part.count) for part in index.reading.files.unused] == [("nan", 3)]
