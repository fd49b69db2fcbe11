"""Ids that are not written as their images are named: matched by a rule that leaves no doubt, or explained."""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.training.data.arrangement.matching import id_matching
from tests.experiments.training.data.arrangement.trees import (
    is_silent,
    labels,
    question,
    read,
    refusal,
    said,
    tree,
)
from tests.experiments.training.datasets import zipped

NUMBERS = range(24)
NFD = "Mu\u0308ller"
NFC = unicodedata.normalize("NFC", NFD)


@pytest.mark.parametrize(
    ("id_of", "file_of"),
    [
        pytest.param(lambda n: f"x{n}", lambda n: f"x{n}.png", id="name"),
        pytest.param(lambda n: f"x{n}.png", lambda n: f"x{n}.png", id="name with extension"),
        pytest.param(lambda n: f"images/x{n}.png", lambda n: f"images/x{n}.png", id="path"),
        pytest.param(lambda n: f"images/x{n}", lambda n: f"images/x{n}.png", id="path without extension"),
        pytest.param(lambda n: f"a/b/c/d/e/x{n}.png", lambda n: f"a/b/c/d/e/x{n}.png", id="a long path"),
        pytest.param(lambda n: f"x{n}", lambda n: f"a/b/c/d/e/x{n}.png", id="name of a file deep down"),
        pytest.param(lambda n: f"1.2.840.{n}", lambda n: f"1.2.840.{n}.dcm", id="numbers with dots"),
        pytest.param(lambda n: f"x{n}.dcm", lambda n: f"x{n}.dcm.png", id="converted with the old extension kept"),
    ],
)
def test_ids_as_files_are_named_match_without_a_word(
    tmp_path: Path, id_of: Callable[[int], str], file_of: Callable[[int], str]
) -> None:
    index = read(tree(tmp_path / "x", map(file_of, NUMBERS), labels=labels(map(id_of, NUMBERS), "image,label")))
    assert {sample.id: sample.file for sample in index.samples} == {id_of(n): file_of(n) for n in NUMBERS}
    assert is_silent(index)


@pytest.mark.parametrize(
    ("id_of", "file_of", "rule"),
    [
        pytest.param(lambda n: rf"images\x{n}.png", lambda n: f"images/x{n}.png", "backslashes", id="backslashes"),
        pytest.param(lambda n: rf"D:\data\x{n}.png", lambda n: f"x{n}.png", "backslashes", id="a path of Windows"),
        pytest.param(lambda n: f"{NFC}_{n}", lambda n: f"{NFD}_{n}.png", "NFC, NFD", id="composed for decomposed"),
        pytest.param(
            lambda n: f"{NFD}_{n}.png", lambda n: f"b/{NFC}_{n}.png", "NFC, NFD", id="decomposed for composed"
        ),
        pytest.param(lambda n: f"{n}", lambda n: f"images/{n:04d}.png", "leading zeros", id="zeros lost"),
        pytest.param(lambda n: f"{n:06d}.png", lambda n: f"{n:04d}.png", "leading zeros", id="more zeros"),
        pytest.param(lambda n: f"img_{n}", lambda n: f"img_{n:03d}.jpg", "leading zeros", id="zeros after a word"),
        pytest.param(lambda n: f"{100 + n}.0", lambda n: f"{100 + n}.png", "decimals", id="numbers with decimals"),
        pytest.param(lambda n: f"{n}.0", lambda n: f"{n:05d}.png", "decimals", id="decimals and zeros"),
        pytest.param(lambda n: f"x{n}.jpg", lambda n: f"x{n}.png", "another extension", id="another extension"),
        pytest.param(lambda n: f"x{n}.dcm", lambda n: f"i/x{n}.jpg", "another extension", id="converted"),
        pytest.param(lambda n: f"x{n}.nii.gz", lambda n: f"x{n}.png", "another extension", id="two extensions"),
        pytest.param(lambda n: f"x{n}.png", lambda n: f"x{n}.PNG", "another extension", id="extension in upper case"),
        pytest.param(lambda n: f"IMG{n}", lambda n: f"img{n}.png", "upper and lower case", id="upper case"),
        pytest.param(lambda n: f"my%20scan%20{n}.png", lambda n: f"my scan {n}.png", "percent", id="percent-encoding"),
        pytest.param(
            lambda n: f"a/x{n}.png", lambda n: f"deep/down/a/x{n}.png", "folders in front", id="fewer folders"
        ),
        pytest.param(lambda n: f"data/x{n}.png", lambda n: f"x{n}.png", "folders in front", id="more folders"),
        pytest.param(lambda n: f"./x{n}.png", lambda n: f"x{n}.png", "folders in front", id="a dot"),
        pytest.param(
            lambda n: f"/home/me/{n % 3}/x{n}", lambda n: f"x{n}.png", "folders in front", id="absolute paths"
        ),
        pytest.param(lambda n: f"img/x{n}.png", lambda n: f"images/x{n}.png", "folders in front", id="another folder"),
        pytest.param(lambda n: f"x{n}.png", lambda n: f" x{n} .png", "blanks", id="blanks around a file's name"),
    ],
)
def test_ids_written_otherwise_match_and_the_rule_is_told(
    tmp_path: Path, id_of: Callable[[int], str], file_of: Callable[[int], str], rule: str
) -> None:
    index = read(tree(tmp_path / "x", map(file_of, NUMBERS), labels=labels(map(id_of, NUMBERS), "image,label")))
    assert {sample.id: sample.file for sample in index.samples} == {id_of(n): file_of(n) for n in NUMBERS}
    told = said(index, "ids_matched")
    assert told.startswith("info: 24 ids are not written as their images are named")
    assert rule in told
    assert f"{id_of(0)} is {file_of(0)}" in told
    assert not index.reading.questions


def test_names_of_a_mac_in_a_zip(tmp_path: Path) -> None:
    names = [f"bilder/{NFD}_{number}.png" for number in NUMBERS]
    index = read(zipped(tree(tmp_path / "x", names, labels=labels(f"{NFC}_{number}" for number in NUMBERS))))
    assert index.counts == {"0": 12, "1": 12}
    assert "NFC, NFD" in said(index, "ids_matched")


def test_paths_in_which_view_and_study_recur(tmp_path: Path) -> None:
    paths = [f"patient{n:05d}/study{s}/view1.jpg" for n in range(12) for s in (1, 2)]
    table = labels((f"CheXpert-v1.0/train/{path}" for path in paths), "image,label")
    index = read(tree(tmp_path / "x", (f"archive/{path}" for path in paths), **{"archive__labels": table}))
    assert {
        sample.id.removeprefix("CheXpert-v1.0/train/"): sample.file.removeprefix("archive/") for sample in index.samples
    } == {path: path for path in paths}


@pytest.mark.parametrize(
    ("files", "ids", "matched"),
    [
        pytest.param(["7.png", "07.png", "1.png"], ["007", "1"], ["1"], id="two files of one number"),
        pytest.param(["007.png", "1.png"], ["007", "7", "1"], ["007", "1"], id="the file is another id's"),
        pytest.param(["007.png", "1.png"], ["7", "07", "1"], ["1"], id="two ids for one file"),
        pytest.param(["a.png", "A.png", "b.png"], ["a.jpg", "b"], ["a.jpg", "b"], id="the nearest spelling"),
        pytest.param(["a/x.png", "b/x.png", "1.png"], ["c/x.png", "1"], ["1"], id="in which of two folders"),
        pytest.param(["b/x.png", "a/y.png", "1.png"], ["a/x.png", "b/y.png", "1"], ["1"], id="in another folder"),
    ],
)
def test_a_rule_that_leaves_doubt_is_not_used(files: list[str], ids: list[str], matched: list[str]) -> None:
    found = id_matching.match(ids, files, "")
    assert sorted(found.file_of) == sorted(matched)


def test_an_id_with_several_images_is_refused_with_a_cure(tmp_path: Path) -> None:
    names = [f"{folder}/{number}.png" for folder in ("raw", "cropped") for number in range(8)]
    folder = tree(tmp_path / "x", names, labels=labels(range(8)))
    message = refusal(folder)
    assert "8 ids have more than one image: 0 (cropped/0.png, raw/0.png)" in message
    assert "data.ignore" in message
    assert "data.layout to class_folders" in message
    assert read(folder, layout="class_folders").counts == {"cropped": 8, "raw": 8}
    assert len(read(folder, ignore=["cropped"]).samples) == 8


@pytest.mark.parametrize(
    ("files", "ids", "cause"),
    [
        pytest.param(
            ["100000.png"], ["1.00E+05"], "Numbers that a spreadsheet has rounded: 1 (1.00E+05)", id="rounded"
        ),
        pytest.param(["a.heic", "b.png"], ["a"], "Only in formats that are not read (.heic): 1 (a.heic)", id="format"),
        pytest.param(["p1/1.png", "p1/2.png"], ["p1"], "Names of folders, not of images: 1 (p1)", id="folders"),
        pytest.param(["7.png", "07.png"], ["007"], "fit more than one id or file (007 and", id="ambiguous"),
        pytest.param(["other.png"], ["a"], "There are images such as other.png", id="something else"),
    ],
)
def test_a_list_of_missing_images_says_why(tmp_path: Path, files: list[str], ids: list[str], cause: str) -> None:
    message = refusal(tree(tmp_path / "x", files, labels=labels(ids)))
    assert f"{len(ids)} of the {len(ids)} images that labels.csv names are missing" in message
    assert cause in message


def test_missing_images_that_are_left_out(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", ["good/1.png", "bad/2.png"], labels=labels([1, 2]))
    asked = question(read(folder, ignore=["bad"]), "missing_images")
    assert "Left out by bad, see data.ignore: 1 (bad/2.png)." in asked.text


@pytest.mark.parametrize(
    ("id_of", "file_of"),
    [
        pytest.param(lambda n: f"{n}", lambda n: f"images/{n:08d}.png", id="zeros"),
        pytest.param(
            lambda n: f"v1/p{n // 4}/s{n // 2 % 2}/view{n % 2}.jpg",
            lambda n: f"in/p{n // 4}/s{n // 2 % 2}/view{n % 2}.jpg",
            id="paths with few names",
        ),
        pytest.param(lambda n: "zz{n}", lambda n: f"images/{n:08d}.png", id="nothing"),
    ],
)
def test_the_work_grows_with_the_number_of_files(id_of: Callable[[int], str], file_of: Callable[[int], str]) -> None:
    def calls(count: int) -> int:
        """Count the calls of functions, built-in ones included."""
        ids, files = [id_of(n) for n in range(count)], [file_of(n) for n in range(count)]
        events: Counter[str] = Counter()
        sys.setprofile(lambda _frame, event, _: events.update([event]))
        try:
            id_matching.match(ids, files, "")
        finally:
            sys.setprofile(None)
        return events["call"] + events["c_call"]

    assert calls(4_000) < 6 * calls(1_000)  # quadratic, it would be 16 times as many
