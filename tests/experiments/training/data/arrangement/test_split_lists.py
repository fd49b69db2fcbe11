"""Text files that list the images of each split: read where they leave no doubt, told otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.experiments.training.data.arrangement.trees import images, labels, patients, read, said, splits, tree, unused

NAMES = [f"{kind}{n}" for kind in "ab" for n in range(10)]
FILES = [f"images/{name}.png" for name in NAMES]
PARTS = {"train": NAMES[:6] + NAMES[10:16], "val": NAMES[6:8] + NAMES[16:18], "test": NAMES[8:10] + NAMES[18:]}


def written(folder: Path, lists: Mapping[str, list[str]], *, by_table: bool = True, end: str = "\n") -> Path:
    files = FILES if by_table else [f"{name[0]}/{name}.png" for name in NAMES]
    made = tree(folder, files, **({"labels": labels(NAMES)} if by_table else {}))
    for name, lines in lists.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes((end.join(lines) + end).encode("utf-8-sig"))
    return made


@pytest.mark.parametrize("by_table", [True, False])
@pytest.mark.parametrize(
    ("pattern", "line", "end"),
    [
        ("{}.txt", "{}", "\n"),
        ("{}_list.txt", "{}.png", "\r\n"),
        ("splits/{}_ids.lst", " {} ", "\n\n"),
    ],
)
def test_lists_that_leave_no_doubt_are_the_splits(
    tmp_path: Path, by_table: bool, pattern: str, line: str, end: str
) -> None:
    lists = {pattern.format(split): [line.format(name) for name in part] for split, part in PARTS.items()}
    index = read(written(tmp_path / "x", lists, by_table=by_table, end=end))
    assert splits(index) == {"train": 12, "val": 4, "test": 4}
    assert {sample.split for sample in index.samples if (sample.file or "").endswith("a7.png")} == {"val"}
    assert said(index, "splits_from_lists").startswith("info: The splits are those of the lists ")
    assert not said(index, "split_lists_not_read")
    assert not unused(index)


def test_they_are_left_aside_if_the_request_says_so_or_the_table_has_splits(tmp_path: Path) -> None:
    lists = {f"{split}.txt": part for split, part in PARTS.items()}
    folder = written(tmp_path / "x", lists)
    index = read(folder, split_column=None)
    assert splits(index) == {None: 20}
    assert unused(index) == {("extension", ".txt"): 3}
    (folder / "labels.csv").write_text(
        "id,label,split\n" + "".join(f"{name},{name[0]},{'train' if int(name[1]) < 5 else 'test'}\n" for name in NAMES)
    )
    assert splits(read(folder)) == {"train": 10, "test": 10}
    assert said(read(folder), "split_lists_not_read")


@pytest.mark.parametrize(
    "lists",
    [
        pytest.param({"train.txt": PARTS["train"], "test.txt": PARTS["test"]}, id="some images are in none"),
        pytest.param({"train.txt": NAMES, "test.txt": PARTS["test"]}, id="some are in two"),
        pytest.param({"train.txt": PARTS["train"], "test.txt": [*NAMES[6:10], *NAMES[16:], "c1"]}, id="an unknown one"),
        pytest.param({"train.txt": [f"{n} 0" for n in NAMES[:12]], "test.txt": NAMES[12:]}, id="labels behind"),
        pytest.param({"train_val.txt": NAMES[:12], "test.txt": NAMES[12:]}, id="two splits in one list"),
        pytest.param({"val.txt": NAMES[:12], "test.txt": NAMES[12:]}, id="no training"),
        pytest.param({"train.txt": NAMES}, id="one list"),
        pytest.param(
            {"train.txt": NAMES[:12], "test.txt": NAMES[12:], "train_1.txt": NAMES[:12]}, id="two of training"
        ),
        pytest.param({"train.txt": NAMES[:12], "test.json": NAMES[12:]}, id="a list that is no text"),
        pytest.param({"train.txt": NAMES, "test.txt": []}, id="an empty list"),
    ],
)
def test_other_lists_are_told(tmp_path: Path, lists: dict[str, list[str]]) -> None:
    index = read(written(tmp_path / "x", lists))
    assert splits(index) == {None: 20}
    assert said(index, "split_lists_not_read").startswith("warning: ")
    assert sum(unused(index).values()) == len(lists)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    folder = written(tmp_path / "x", {f"{split}.txt": part for split, part in PARTS.items()})
    (folder / "val.txt").write_bytes(b"\xff\xfe\xff")
    assert said(read(folder), "split_lists_not_read")


def test_images_that_are_no_samples_may_be_listed(tmp_path: Path) -> None:
    folder = written(tmp_path / "x", {"train.txt": NAMES[:12], "test.txt": [*NAMES[12:], "extra"]})
    tree(folder, ["images/extra.png"])
    assert splits(read(folder)) == {"train": 12, "test": 8}


def test_patients_of_folders_stay_known(tmp_path: Path) -> None:
    files = images(*(f"{'ab'[n % 2]}/P{n:03d}" for n in range(12)))
    folder = tree(tmp_path / "x", files)
    (folder / "train.txt").write_text("\n".join(files[:60]))
    (folder / "test.txt").write_text("\n".join(files[60:]))
    index = read(folder)
    assert (splits(index), patients(index)) == ({"train": 60, "test": 12}, 12)
