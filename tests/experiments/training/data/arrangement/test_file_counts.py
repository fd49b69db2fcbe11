"""Every file and row is counted as used or as unused, whatever the form of the data, and stays so during a training."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from experiments.training.data import loading, sources
from experiments.training.data.files import folders
from experiments.training.data.files.folders import Folder
from experiments.training.data.sources import SourceError
from tests.experiments.training import scans
from tests.experiments.training.data.arrangement.trees import (
    answers,
    images,
    is_silent,
    labels,
    question,
    read,
    refusal,
    said,
    tree,
    unused,
)
from tests.experiments.training.datasets import (
    config_of,
    job_of,
    with_class_folders,
    with_csv,
    with_npz,
    write_csv,
    zipped,
)


def test_a_folder_and_its_zip_are_counted_alike(tmp_path: Path) -> None:
    names = [*images("a", "b", "b/masks"), "b/6.webm", "LICENSE", *images("a/b/c/d/e/f/g/h")]
    folder = tree(tmp_path / "x", names, notes="who,what\nme,this")
    index = read(folder)
    assert index.reading.files
    assert (index.reading.files.total, index.reading.files.used) == (27, 18)
    assert read(zipped(folder)) == index


def test_arrays_that_are_not_read_are_counted(tmp_path: Path) -> None:
    import_ = with_npz(tmp_path / "x.npz", extra=[1, 2])
    index = read(import_)
    assert index.reading.layout == "arrays"
    assert unused(index) == {("array", "another name"): 1}
    assert index.reading.files
    assert index.reading.files.used == 6


def test_a_table_alone_and_what_lies_beside_it(tmp_path: Path) -> None:
    rows = [(number, number * 7 % 5, number % 2) for number in range(12)]
    write_csv(tmp_path / "x" / "data.csv", rows, header=("id", "age", "label"))
    index = read(tree(tmp_path / "x", ["README.md", *images(".", extension=".nii.gz")]))
    assert (index.reading.layout, index.reading.table) == ("rows", "data.csv")
    assert unused(index) == {("extension", ".nii.gz"): 6, ("extension", ".md"): 1}
    assert said(index, "formats_not_read").startswith("warning: 6 images are not used")


@pytest.mark.parametrize("other", ["scans/0.nii.gz", "images.zip", "images_001.tar.gz", "scan.mha"])
def test_a_table_beside_what_cannot_be_read_is_asked_about(tmp_path: Path, other: str) -> None:
    """A user who brings volumes and their labels does not ask for a training on their ages."""
    rows = [(number, number * 7 % 5, number % 2) for number in range(12)]
    write_csv(tmp_path / "x" / "data.csv", rows, header=("id", "age", "label"))
    folder = tree(tmp_path / "x", [other])
    asked = question(read(folder), "layout")
    assert other.rpartition("/")[2].partition(".")[2] in asked.text
    assert answers(asked) == [{"layout": "table"}]
    assert not read(folder, layout="table").reading.questions
    write_csv(tmp_path / "x" / "data.csv", [row[::2] for row in rows], header=("id", "label"))
    assert "no columns to learn from" in refusal(folder)
    assert ("Unpack" in refusal(folder)) == ("scan" not in other)


def test_which_of_two_tables_without_images(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_csv(tmp_path / "x" / f"{name}.csv", [(n, n % 2) for n in range(12)], header=("age", "label"))
    folder = tmp_path / "x"
    assert refusal(folder).startswith("data.table: There are no images, and several tables: a.csv, b.csv")
    assert refusal(folder, table="c.csv").startswith("data.table: There are no images, and several tables")
    assert read(folder, table="b.csv").reading.table == "b.csv"


@pytest.mark.parametrize("table", [True, False])
def test_unreadable_images_move_to_the_unused(tmp_path: Path, table: bool) -> None:
    folder = with_csv(tmp_path / "x") if table else with_class_folders(tmp_path / "x", {"a": 5, "b": 5})
    damaged = sorted(folder.rglob("*.png"))[2]
    damaged.write_bytes(b"no image")
    config = config_of(folder, data={"skip_unreadable": True})
    reading = loading.load(config, job_of(config, tmp_path)).reading
    assert reading.files
    assert (reading.files.total, reading.files.used) == ((11, 10) if table else (10, 9))
    [left_out] = reading.files.unused
    assert (left_out.kind, left_out.count, left_out.examples) == (
        "unreadable",
        1,
        [damaged.relative_to(folder).as_posix()],
    )
    assert (reading.rows is not None) == table
    if reading.rows:
        assert (reading.rows.total, reading.rows.used, reading.rows.unused[0].kind) == (10, 9, "unreadable")


def test_the_index_of_a_scanners_disc_is_no_scan(tmp_path: Path) -> None:
    for number in range(12):
        scans.write_scan(tmp_path / "x" / "AB"[number % 2] / f"IM{number:04d}", PatientID=f"p{number}")
    for folder in ("", "A"):
        scans.write_scan(tmp_path / "x" / folder / "DICOMDIR", PixelData=None, Rows=None, Columns=None)
    index = read(tmp_path / "x")
    assert index.counts == {"A": 6, "B": 6}
    assert sum(unused(index).values()) == 2


def test_scans_without_an_extension_in_class_folders(tmp_path: Path) -> None:
    for name in ("well", "sick"):
        for number in range(6):
            path = tmp_path / "x" / name / (f"IM{number}" if number % 2 else f"1.2.840.{number}")
            scans.write_scan(path, PatientID=f"{name}{number}")
        (tmp_path / "x" / name / "LICENSE").write_text("free")
    index = read(tmp_path / "x")
    assert index.counts == {"sick": 6, "well": 6}
    assert sum(unused(index).values()) == 2


def test_what_is_deeper_than_can_be_read_is_refused_by_name(tmp_path: Path) -> None:
    deepest = "/".join(f"f{number}" for number in range(folders.MAX_DEPTH - 1))
    assert is_silent(read(tree(tmp_path / "x", images(f"{deepest}/a", f"{deepest}/b"))))
    deep = tree(tmp_path / "y", images(f"{deepest}/a/too", f"{deepest}/b"))
    for source in (deep, zipped(deep)):
        assert f"more than {folders.MAX_DEPTH} folders deep" in refusal(source)


def test_links_do_not_decide_under_which_name_files_are_found(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("b/cat", "b/dog"))
    (folder / "a").symlink_to("b")
    (folder / "c").symlink_to("b/cat")
    assert set(Folder(folder, tmp_path).sizes) == set(images("b/cat", "b/dog"))
    elsewhere = tree(tmp_path / "y", images("cat", "dog"))
    (folder / "a").unlink()
    (folder / "a").symlink_to(elsewhere)
    (folder / "d").symlink_to(elsewhere)
    assert set(Folder(folder, tmp_path).sizes) == set(images("b/cat", "b/dog", "a/cat", "a/dog"))


def test_links_to_folders_that_are_read_already_are_counted_and_told(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("all/cat", "all/dog"))
    (folder / "train").mkdir()
    for name in ("cat", "dog"):
        (folder / "train" / name).symlink_to(f"../all/{name}")
    index = read(folder)
    assert index.counts == {"cat": 6, "dog": 6}
    assert unused(index) == {("link", "to a folder that is read under another name"): 2}
    assert said(index, "links_read_once") == (
        "info: 2 links lead to folders that are read under another name, and once only: train/cat is all/cat, "
        "train/dog is all/dog."
    )


@pytest.mark.parametrize("packed", [False, True])
def test_empty_class_folders_are_told(tmp_path: Path, packed: bool) -> None:
    folder = tree(tmp_path / "x", images("cat", "dog"))
    for name in ("cow", "cat/inner", ".git"):
        (folder / name).mkdir()
    if packed:
        folder = zipped(folder)
        with zipfile.ZipFile(folder, "a") as archive:
            for name in ("cow/", "cat/inner/", ".git/"):
                archive.writestr(name, "")
    index = read(folder)
    assert index.counts == {"cat": 6, "dog": 6}
    assert said(index, "empty_folders") == (
        "warning: Folders beside those of the classes are empty, and nothing is learned of them: cow."
    )


def test_one_class_beside_an_empty_folder_is_refused_by_its_name(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("normal"))
    (folder / "tumor").mkdir()
    with pytest.raises(SourceError, match=r"are empty, and nothing is learned of them: tumor\."):
        sources.inspect(config_of(folder), [tmp_path])


@pytest.mark.parametrize(
    "name",
    ["@eaDir/0.png/THUMB_M.jpg", "THUMBS.DB", "$RECYCLE.BIN/0.png", "System Volume Information/0.png", "~$labels.csv"],
)
@pytest.mark.parametrize("where", ["", "cat/"])
def test_what_systems_leave_behind_is_no_data(tmp_path: Path, where: str, name: str) -> None:
    index = read(tree(tmp_path / "x", [*images("cat", "dog"), where + name]))
    assert (index.counts, is_silent(index)) == ({"cat": 6, "dog": 6}, True)
    assert unused(index) == {}


@pytest.mark.parametrize("names", [[], ["README.md"], ["a.docx", "b.docx"]])
def test_nothing_to_learn_from(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "x").mkdir()
    message = refusal(tree(tmp_path / "x", names))
    assert "Neither a CSV nor class folders with images were found" in message
    assert all(name in message for name in names)


def test_an_open_question_forbids_a_training_and_its_answer_allows_it(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    for site in ("berlin", "paris"):
        with_class_folders(folder / site, {"NORMAL": 4, "COVID": 4})
    with pytest.raises(SourceError, match=r"Set data\.class_folder") as refused:
        sources.inspect(config_of(folder), [tmp_path])
    assert refused.value.field == "data.class_folder"
    assert sources.inspect(config_of(folder), [tmp_path], answered=False).samples == 16
    answered = config_of(folder, data={"class_folder": 1}, model={"positive_class": "paris"})
    assert set(sources.inspect(answered, [tmp_path]).classes) == {"berlin", "paris"}


def test_a_table_may_label_images_by_a_pattern_of_many_tables(tmp_path: Path) -> None:
    tables = {f"site{number}__labels": labels(range(4)) for number in range(3)}
    folder = tree(tmp_path / "x", [f"site{site}/{n}.png" for site in range(3) for n in range(4)], **tables)
    index = read(folder, table="site*/labels.csv")
    assert len(index.samples) == 12
    assert len({sample.id for sample in index.samples}) == 12


@pytest.mark.parametrize(
    ("name", "is_list"),
    [
        ("test_list.txt", True),
        ("train_val_list.txt", True),
        ("splits/fold1_train_ids.txt", False),
        ("val.txt", True),
        ("README.txt", False),
        ("training_notes.txt", False),
        ("test.md", False),
    ],
)
def test_lists_of_splits_are_told(tmp_path: Path, name: str, is_list: bool) -> None:
    folder = tree(tmp_path / "x", [*images("images", count=8), name], labels=labels(range(8)))
    assert bool(said(read(folder), "split_lists_not_read")) == is_list
