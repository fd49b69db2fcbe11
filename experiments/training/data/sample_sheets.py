"""What is asked of the process that draws samples, and what it answers. Pure: no NumPy, no Pillow."""

from __future__ import annotations

import msgspec

from experiments.training.data.splits import SplitName


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """`path` lies in one of `roots`, all absolute, and its files must have `stamp`. Pictures go into `folder`.

    `label` is a class, None for all; `start` the first of `count` samples of it.
    """

    path: str
    roots: list[str]
    stamp: str
    folder: str
    label: str | None
    start: int
    count: int


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Sample `number` of the data set, counted from 0; `problem` says why there is no file `<number>.png`."""

    number: int
    id: str
    label: str
    split: SplitName | None
    problem: str | None


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """`total` samples are of the class. A table has `columns` and `rows` in place of pictures.

    `problem`: why there is nothing to be seen.
    """

    total: int = 0
    pictures: list[Picture] = []
    columns: list[str] | None = None
    rows: list[list[str]] = []
    problem: str | None = None
