"""Splits: counted class by class, without overlap, a function of seed and samples only."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from experiments.training.contract import splits
from experiments.training.contract.splits import Shares, Sizes, SplitName


@pytest.mark.parametrize(
    ("count", "shares", "expected"),
    [
        (100, Shares(0.2), Sizes(80, 20, 0)),
        (100, Shares(0.2, 0.1), Sizes(70, 20, 10)),
        (7, Shares(0.2, 0.2), Sizes(5, 1, 1)),
        (2, Shares(0.01), Sizes(1, 1, 0)),
        (2, Shares(0.89), Sizes(1, 1, 0)),
        (3, Shares(0.05, 0.88), Sizes(1, 1, 1)),
        (4, Shares(0.47, 0.47), Sizes(1, 1, 2)),
    ],
)
def test_how_one_class_divides(count: int, shares: Shares, expected: Sizes) -> None:
    assert splits.sizes(count, shares) == expected


def test_every_split_gets_a_sample_of_a_class_of_the_least_size() -> None:
    for val in (0.01, 0.3, 0.6, 0.89):
        for test in (0.0, 0.01, 0.3):
            shares = Shares(val, test if val + test < 0.95 else 0.05)
            for count in range(splits.needed(shares), 40):
                part = splits.sizes(count, shares)
                assert part.train + part.val + part.test == count
                assert min(part.train, part.val) >= 1
                assert (part.test >= 1) == (shares.test > 0)


def test_each_class_has_its_share_in_each_split() -> None:
    labels = [0] * 70 + [1] * 20 + [2] * 10
    assigned = splits.assign(labels, Shares(0.3, 0.2), seed=5)
    assert Counter(zip(labels, assigned, strict=True)) == {
        (0, "train"): 35,
        (0, "val"): 21,
        (0, "test"): 14,
        (1, "train"): 10,
        (1, "val"): 6,
        (1, "test"): 4,
        (2, "train"): 5,
        (2, "val"): 3,
        (2, "test"): 2,
    }


def test_each_sample_is_in_one_split() -> None:
    parts = splits.indices(splits.assign([0, 1] * 50, Shares(0.2, 0.2), seed=5))
    assert sorted(index for part in parts.values() for index in part) == list(range(100))
    assert {name: len(part) for name, part in parts.items()} == {"train": 60, "val": 20, "test": 20}


def test_the_seed_decides() -> None:
    labels = [0, 1, 1] * 40
    assert splits.assign(labels, Shares(0.2), 1) == splits.assign(labels, Shares(0.2), 1)
    assert splits.assign(labels, Shares(0.2), 1) != splits.assign(labels, Shares(0.2), 2)


def test_split_csv_can_be_read_back(tmp_path: Path) -> None:
    ids = ['comma, "quote"', "007", "ünï\nline"]
    assigned: list[SplitName] = ["train", "val", "train"]
    path = tmp_path / "run" / "split.csv"
    splits.write(path, ids, assigned, [0, 1, 1], ["p1", None, "p1"])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    patients = ["p1", "", "p1"]
    expected = map(list, zip(ids, assigned, "011", patients, strict=True))
    assert rows == [["sample_id", "split", "label", "patient_id"], *expected]
    assert [file.name for file in path.parent.iterdir()] == ["split.csv"]


def test_ids_like_formulas_are_texts_in_split_csv_and_the_same_when_a_run_goes_on(tmp_path: Path) -> None:
    ids = ["=1+1", "'=1+1", "-1", "a"]
    assigned: list[SplitName] = ["train", "val", "train", "val"]
    path = tmp_path / "split.csv"
    splits.write(path, ids, assigned, [0, 1, 0, 1], ["@x", "-7", None, "p"])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert [row[0] for row in rows] == ["'=1+1", "''=1+1", "'-1", "a"]
    assert [row[3] for row in rows] == ["'@x", "'-7", "", "p"]
    assert splits.kept(path) == dict(zip(ids, zip(assigned, [0, 1, 0, 1], strict=True), strict=True))
    assert splits.unchanged(path, ids, assigned, [0, 1, 0, 1])
    assert not splits.unchanged(path, ["=1+2", *ids[1:]], assigned, [0, 1, 0, 1])
    assert not splits.unchanged(path, ids[:3], assigned[:3], [0, 1, 0])
    path.write_text("sample_id,split,label\n=1+1,train,0\n'=1+1,val,1\n-1,train,0\na,val,1\n")  # an earlier version's
    assert splits.unchanged(path, ids, assigned, [0, 1, 0, 1])


def test_split_csv_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "split.csv"
    splits.write(path, ["a"], ["train"], [0], [None])
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runs.atomic_files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        splits.write(path, ["b"], ["val"], [1], [None])
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["split.csv"]
