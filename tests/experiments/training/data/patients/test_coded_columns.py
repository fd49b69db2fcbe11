"""A table's column of codes and numbers is asked about: rows of one code are one patient's, and may not be split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.training.data.files.index import Index
from experiments.training.data.module import build
from tests.experiments.training.datasets import config_of, index_of, job_of, write_csv


def written(folder: Path, cell: Callable[[int], str], rows: int = 160) -> Index:
    """Write a table of a measurement and a column of texts, and read it as a dry run does."""
    found = [(cell(row), row * 7 % 11, row // 4 % 2) for row in range(rows)]
    write_csv(folder / "x.csv", found, header=("tube", "measure", "label"))
    return index_of("x.csv", folder)


@pytest.mark.parametrize(
    "cell",
    [
        lambda row: f"KL{row // 4:03d}_{row % 4}",
        lambda row: f"B-{row // 4 + 10}-v{row % 4}",
        lambda row: f"P{row // 4}/{row % 4}",
    ],
)
@pytest.mark.parametrize("rows", [80, 160, 4000])
def test_codes_of_patients_in_a_column_of_texts(tmp_path: Path, cell: Callable[[int], str], rows: int) -> None:
    index = written(tmp_path, cell, rows)
    [asked] = [found for found in index.reading.questions if found.code == "patients"]
    assert "Column 'tube' begins with a code that several rows share" in asked.text
    assert index.reading.patients.count is None
    answers = [
        {name.removeprefix("data."): value for name, value in choice.options.items()} for choice in asked.choices
    ]
    apart, by_codes = (index_of("x.csv", tmp_path, data=answer) for answer in answers)
    assert (apart.reading.patients.count, by_codes.reading.patients.count) == (None, rows // 4)
    assert not apart.reading.questions
    assert not by_codes.reading.questions
    config = config_of("x.csv", data=answers[1])
    built = build(config, job_of(config, tmp_path))
    train, val = ({built.patient_ids[at] for at in built.indices[split]} for split in ("train", "val"))
    assert not train & val


@pytest.mark.parametrize(
    "cell",
    [
        lambda row: f"2021-{row % 12 + 1:02d}-{row % 28 + 1:02d}",
        lambda row: f"stage {row % 4}",
        lambda row: f"R{row}",
        lambda row: f"lot 7 sample {row}",
    ],
)
def test_other_texts_are_not_asked_about(tmp_path: Path, cell: Callable[[int], str]) -> None:
    index = written(tmp_path, cell)
    assert "patients" not in [found.code for found in index.reading.questions]
