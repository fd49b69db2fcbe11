"""The messages to and from the process that draws samples. Pure: no NumPy, no Pillow."""

from __future__ import annotations

from typing import Any

import msgspec

from experiments.training.contract.column_facts import Kind
from experiments.training.contract.splits import SplitName


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Which samples of which data set to show; pictures are written into `folder`.

    `path` lies in one of `roots`, all absolute, and its files must have `stamp`; for a `builtin` it is the folder of
    data sets, into which its images are exported. `label` is a class, None for all; `start` is the first of `count`
    samples of it. `by_class` asks for the first few of each class, `ids` for the images called so, `features` for what
    is in a table's columns.
    """

    path: str
    roots: list[str]
    stamp: str | None
    builtin: str | None = None
    folder: str
    label: str | None = None
    start: int = 0
    count: int = 0
    by_class: bool = False
    ids: list[str] = []
    features: bool = False


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Sample `number` of the data set, counted from 0; `problem` says why there is no file `<number>.png`."""

    number: int
    id: str
    label: str
    split: SplitName | None
    problem: str | None


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """The samples shown, out of `total` of the class; a table has `columns` and `rows` in place of pictures.

    `problem` says why there is nothing to show.
    """

    total: int = 0
    pictures: list[Picture] = []
    columns: list[str] | None = None
    rows: list[list[str]] = []
    problem: str | None = None


class ClassFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A feature in the rows of one class, or in all (`label` None): `known` of them have a value.

    Numbers have `mean`, standard deviation `spread` (n - 1; None for fewer than two), `lowest` and `highest`; texts
    have the most frequent one and how often it occurs. None where there is none.
    """

    label: str | None
    known: int
    mean: float | None = None
    spread: float | None = None
    lowest: float | None = None
    highest: float | None = None
    frequent: str | None = None
    times: int | None = None


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """A column to learn from: `values` counts the distinct ones, `missing` the rows without one."""

    name: str
    kind: Kind
    values: int
    missing: int
    groups: list[ClassFacts]


class FeatureSheet(msgspec.Struct, frozen=True, kw_only=True):
    """The first `features` of `total`, in all `rows` and in those of the first `classes` of `class_total`.

    `problem` says why there is nothing to show.
    """

    rows: int = 0
    total: int = 0
    class_total: int = 0
    classes: list[str] = []
    features: list[Feature] = []
    problem: str | None = None


class RunSample(msgspec.Struct, frozen=True, kw_only=True):
    """A sample that a run predicted: `place` is its row among the split's; `file` is of `size` bytes, if it has one."""

    place: int
    id: str
    file: str | None = None
    size: int | None = None


class RunTask(msgspec.Struct, frozen=True, kw_only=True):
    """Which samples of a run to show: as pictures `<prefix><place>.png` in `folder`, or as rows of a table.

    `path` lies in one of `roots`. `rendering` is how the run read its images, as JSON, None where that is not known:
    then only a table, read by the options `data`, has something to show. Files written after `read_at`, in nanoseconds
    since 1970, are others than those that the run read. `side` are the pixels of a picture's longer side, at most.
    """

    path: str
    roots: list[str]
    samples: list[RunSample]
    rendering: str | None = None
    read_at: int | None = None
    data: dict[str, Any] = {}
    folder: str
    prefix: str = ""
    side: int = 0


class RunSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: by place, why a picture was not drawn, or the cells of a row below `columns`.

    `problem` says why there is nothing to show.
    """

    problems: dict[int, str] = {}
    columns: list[str] | None = None
    rows: dict[int, list[str]] = {}
    problem: str | None = None
