"""Folders of empty files: how files become samples is decided by names and tables, and no image is opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import structs

from experiments.training.contract.reading import Question, Reading
from experiments.training.data import sources
from experiments.training.data.files.index import Index
from experiments.training.data.sources import SourceError
from experiments.training.data.splitting import grouping
from tests.experiments.training.datasets import config_of

OF_OTHERS = frozenset({"positive_class", "columns", "patients", "patients_unknown"})


def tree(folder: Path, names: Iterable[str], **tables: str) -> Path:
    """Write empty files; each further argument is the content of a CSV, its name with `__` for a slash."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name, text in tables.items():
        path = folder / f"{name.replace('__', '/')}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def images(*folders: str, count: int = 6, extension: str = ".png") -> list[str]:
    """Name images 0, 1, … in each folder."""
    return [f"{folder}/{number}{extension}" for folder in folders for number in range(count)]


def csv(header: str, rows: Iterable[Sequence[object]]) -> str:
    """Make the text of a table; nothing in it needs quotes."""
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)])


def labels(ids: Iterable[object], header: str = "id,label") -> str:
    """Make a table that labels the ids 0 and 1 in turn."""
    return csv(header, [(id_, number % 2) for number, id_ in enumerate(ids)])


def read(folder: Path, **data: Any) -> Index:
    """Read the folder, or the zip, and check that all its files and rows are accounted for."""
    config = config_of(folder, data=data)
    with sources.open_files(config.source_path, [folder.parent]) as files:
        index = sources.read(files, config)
        total = len(files.sizes) + len(files.links)
    assert index.reading.files
    assert index.reading.files.total == total
    used = {sample.file for sample in index.samples if sample.file}
    assert index.reading.files.used >= len(used)
    if index.reading.rows and index.reading.layout == "table":
        assert index.reading.rows.used == len(index.samples)
    return replace(index, reading=_of_files(index.reading))


def _of_files(reading: Reading) -> Reading:
    """Keep what is asked and told about files; other tests look at columns, the positive class and ids of patients."""
    return structs.replace(
        reading,
        questions=[found for found in reading.questions if found.code not in OF_OTHERS],
        findings=[found for found in reading.findings if found.code not in OF_OTHERS],
    )


def refusal(folder: Path, **data: Any) -> str:
    """Return the message with which the folder is refused, after the name of the field."""
    try:
        index = read(folder, **data)
    except SourceError as error:
        return str(error)
    raise AssertionError(f"{folder.name} was read: {index.counts}, {index.reading.why}")


def unused(index: Index) -> dict[tuple[str, str], int]:
    """Count the files that are not used, by kind and what they are."""
    assert index.reading.files
    return {(part.kind, part.what): part.count for part in index.reading.files.unused}


def said(index: Index, code: str) -> str:
    """Return the text of the finding with this code, after its level; blank if there is none."""
    return next((f"{found.level}: {found.text}" for found in index.reading.findings if found.code == code), "")


def splits(index: Index) -> dict[str | None, int]:
    """Count the samples of each split that the data give."""
    found: dict[str | None, int] = {}
    for sample in index.samples:
        found[sample.split] = found.get(sample.split, 0) + 1
    return found


def patients(index: Index) -> int:
    """Count the patients."""
    return len(set(grouping.people([sample.patient_id for sample in index.samples])))


def question(index: Index, code: str) -> Question:
    """Return the only question, which has this code."""
    assert [found.code for found in index.reading.questions] == [code]
    return index.reading.questions[0]


def answers(asked: Question) -> list[Mapping[str, Any]]:
    """List the options of each choice without their `data.`, as `read` takes them."""
    return [{name.removeprefix("data."): value for name, value in one.options.items()} for one in asked.choices]


def is_silent(index: Index) -> bool:
    """Say whether nothing is asked or told."""
    return not index.reading.questions and not index.reading.findings
