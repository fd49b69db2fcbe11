"""Whatever lies in a folder: it is refused in words, or every file is counted, and each question can be answered."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Mapping
from typing import Any, BinaryIO, Literal

import pytest

from experiments.training.contract.config import DataConfig
from experiments.training.data import layouts
from experiments.training.data.files.index import Index
from experiments.training.data.sources import SourceError
from tests.experiments.training.data.arrangement.trees import answers, csv

FOLDERS = re.findall(
    r"\S+",
    "train test val dev holdout Training fold1 fold2 part1 part2 images masks NORMAL PNEUMONIA normal AP PA left right "
    "P001 P002 P003 00012345 berlin paris 0 1 01 40X 100X unlabelled augmented data x.y a%20b MÜLLER mask no_mask",
)
FILES = ("1", "2", "01", "x_mask", "y", "IMG 1", "Ünï", "1.2.840")
EXTENSIONS = (".png", ".png", ".png", ".jpg", ".PNG", ".dcm", ".webp", ".txt", "")
TABLES = ("labels.csv", "train.csv", "test.csv", "sample_submission.csv", "train/labels.csv", "part1/a.csv", "meta.csv")
HEADERS = ("id,label", "image,Target", "filename,A,B", "id,age", "image,label,patient_id", "id,label,split")


class Memory:
    """Files that are names alone, but for tables."""

    name = "x"
    kind: Literal["directory"] = "directory"
    stamp = ""
    empty = ()

    def __init__(self, names: Mapping[str, str]) -> None:
        self.links: dict[str, str] = {}
        self._contents = names
        self.sizes = {name: len(names[name]) for name in sorted(names)}

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self._contents[name].encode())

    def identity(self, name: str) -> str:
        return name

    def close(self) -> None:
        """Keep nothing open."""


def some_files(chance: random.Random) -> Memory:
    """Draw up to 60 files in up to 8 folders, and up to 2 tables that name some of them."""
    folders = ["/".join(chance.choices(FOLDERS, k=chance.randint(0, 4))) for _ in range(chance.randint(1, 8))]
    names = {
        f"{folder}/{chance.choice(FILES)}{chance.choice(EXTENSIONS)}".lstrip("/"): ""
        for folder in folders
        for _ in range(chance.randint(1, 8))
    }
    for table in chance.sample(TABLES, k=chance.randint(0, 2)):
        header = chance.choice(HEADERS)
        ids = [
            chance.choice([name, name.rpartition("/")[2], "nothing"])
            for name in chance.sample(list(names), len(names) // 2)
        ]
        rows = [[id_, *(chance.choice("01") for _ in header.split(",")[1:])] for id_ in ids if "," not in id_]
        names[table] = csv(header, rows)
    return Memory(names)


def read(files: Memory, options: Mapping[str, Any]) -> Index | None:
    """Read the files; None where they are refused, in words that end as sentences do."""
    try:
        index = layouts.read(files, DataConfig(**options))
    except SourceError as refused:
        message = refused.message
        index = None
    if index is None:
        assert message.endswith(".")
        return None
    reading = index.reading
    assert reading.files
    assert reading.files.total == len(files.sizes)
    assert reading.files.used >= len(index.samples)
    assert reading.rows is None or reading.rows.used == len(index.samples)
    assert len({sample.id for sample in index.samples}) == len({sample.file for sample in index.samples}) > 0
    return index


@pytest.mark.parametrize("seed", range(20))
def test_any_folders(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(40):
        files = some_files(chance)
        index = read(files, {})
        for question in index.reading.questions if index else ():
            for options in answers(question):
                answered = read(files, options)
                assert answered is None or question.code not in {
                    other.code for other in answered.reading.questions if other.text == question.text
                }
