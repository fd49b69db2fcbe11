"""Tables that name images: which of several, where they lie, what rivals them, and how their rows are counted."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.experiments.training.data.arrangement.trees import (
    answers,
    csv,
    images,
    is_silent,
    labels,
    patients,
    question,
    read,
    refusal,
    said,
    splits,
    tree,
    unused,
)

IDS = [f"s{number}" for number in range(12)]
IMAGES = [f"images/{id_}.png" for id_ in IDS]


@pytest.mark.parametrize("place", ["labels", "images__labels", "annotations__labels", "a__b__labels"])
def test_a_table_is_found_wherever_it_lies(tmp_path: Path, place: str) -> None:
    index = read(tree(tmp_path / "x", IMAGES, **{place: labels(IDS)}))
    assert index.counts == {"0": 6, "1": 6}
    assert index.reading.layout == "table"
    assert place.replace("__", "/") in index.reading.why
    assert is_silent(index)


def test_a_table_beside_images_may_be_parquet(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", IMAGES)
    cells = {"image": IDS, "label": [number % 2 for number in range(12)], "thumbnail": [b"\x89PNG"] * 12}
    parquet.write_table(pa.table(cells), folder / "labels.parquet")
    index = read(folder)
    assert (index.counts, index.reading.table) == ({"0": 6, "1": 6}, "labels.parquet")
    (folder / "labels.csv").write_text(labels(IDS))
    assert len(question(read(folder), "table").choices) == 2


def test_a_table_with_tabs_names_images_and_a_text_file_is_told(tmp_path: Path) -> None:
    text = labels(IDS).replace(",", "\t")
    (tree(tmp_path / "x", IMAGES) / "labels.tsv").write_text(text)
    index = read(tmp_path / "x")
    assert index.counts == {"0": 6, "1": 6}
    assert index.reading.table == "labels.tsv"
    assert is_silent(index)
    (tree(tmp_path / "y", IMAGES) / "labels.txt").write_text(text)
    assert "labels.txt; save the one with the labels as CSV, or as .tsv if it has tabs" in refusal(tmp_path / "y")


def test_images_without_a_row_are_counted_and_told(tmp_path: Path) -> None:
    names = [f"x{number}.png" for number in range(80)]
    index = read(tree(tmp_path / "x", names, labels=labels(f"x{number}" for number in range(24))))
    assert len(index.samples) == 24
    assert unused(index) == {("no_row", "labels.csv"): 56}
    assert said(index, "images_without_rows").startswith(
        "warning: 56 of 80 images are not used, as labels.csv has no row"
    )


def test_rows_without_an_image_are_a_question_and_are_counted(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", IMAGES[:8], labels=labels(IDS))
    asked = question(index := read(folder), "missing_images")
    assert asked.field == "data.missing_images"
    assert "4 of the 12 images that labels.csv names are missing: s8, s9, s10 and 1 more" in asked.text
    assert len(index.samples) == 8
    answered = read(folder, **answers(asked)[0])
    assert answered.reading.rows
    assert [(part.kind, part.count) for part in answered.reading.rows.unused] == [("no_file", 4)]
    assert is_silent(answered)
    nothing = tree(tmp_path / "y", ["other.png"], labels=labels(IDS))
    assert "12 of the 12 images that labels.csv names are missing" in refusal(nothing, missing_images="leave_out")


def test_rows_of_one_image_are_one_sample_and_are_counted(tmp_path: Path) -> None:
    rows = [("s0", 0), ("s1", 1), ("s1", 1), ("s1.png", 1), ("s2", 0), ("images/s3.png", 1)]
    index = read(tree(tmp_path / "x", IMAGES[:4], labels=csv("id,label", rows)))
    assert [sample.id for sample in index.samples] == ["images/s3.png", "s0", "s1", "s2"]
    assert index.reading.rows
    assert (index.reading.rows.total, index.reading.rows.used) == (6, 4)
    assert [(part.kind, part.count) for part in index.reading.rows.unused] == [("repeated", 2)]
    contradicting = tree(tmp_path / "y", IMAGES[:2], labels=csv("id,label", [*rows[:3], ("s1.png", 0)]))
    assert "1 ids have rows with different targets: s1" in refusal(contradicting)


def test_two_tables_that_label_the_images_are_a_question(tmp_path: Path) -> None:
    second = csv("id,label", [(id_, number // 2 % 2) for number, id_ in enumerate(IDS[:8])])
    folder = tree(tmp_path / "x", IMAGES, labels=labels(IDS), second=second)
    asked = question(read(folder), "table")
    assert asked.field == "data.table"
    assert [choice.options["data.table"] for choice in asked.choices] == ["labels.csv", "second.csv"]
    assert "labels.csv: 12 rows for 12 images." in asked.choices[0].consequence
    first, other = (read(folder, **options) for options in answers(asked))
    assert (len(first.samples), len(other.samples)) == (12, 8)
    assert first.reading.table == "labels.csv"
    assert other.reading.table == "second.csv"
    assert unused(other) == {("no_row", "second.csv"): 4, ("table", ".csv"): 1}
    assert not first.reading.questions
    assert not other.reading.questions


def test_a_table_of_other_images_rivals_nothing(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", IMAGES, labels=labels(IDS), old=labels(["a", "b"]))
    index = read(folder)
    assert len(index.samples) == 12
    assert not index.reading.questions
    assert "1 table is not used: old.csv" in said(index, "tables_not_used")


@pytest.mark.parametrize("form", ["sample_submission", "SampleSubmission", "submission_example"])
def test_a_form_for_predictions_is_no_table_of_labels(tmp_path: Path, form: str) -> None:
    names = [*(f"train/t{number}.tif" for number in range(24)), *(f"test/u{number}.tif" for number in range(6))]
    tables = {
        "train_labels": labels(f"t{number}" for number in range(24)),
        form: labels(f"u{number}" for number in range(6)),
    }
    index = read(tree(tmp_path / "x", names, **tables))
    assert len(index.samples) == 24
    assert splits(index) == {None: 24}
    assert "6 of 30 images" in said(index, "images_without_rows")
    alone = read(tree(tmp_path / "y", names, **{form: labels(f"u{number}" for number in range(6))}))
    assert said(alone, "looks_like_submission").startswith(f"warning: {form}.csv looks like a form for predictions")


def test_an_unknown_table_is_answered_with_those_there_are(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", IMAGES, labels=labels(IDS), other="who,what\nme,this")
    assert (
        refusal(folder, table="x.csv")
        == "data.table: x.csv is no table of these data; there are labels.csv, other.csv."
    )
    assert refusal(folder, table="other.csv").startswith("data.target_column: other.csv has no column")
    assert "there is no table" in refusal(tree(tmp_path / "y", images("a", "b")), table="x.csv")


def test_a_table_named_in_the_request_rivals_nothing(tmp_path: Path) -> None:
    names = [f"{'ab'[number // 2 % 2]}/{id_}.png" for number, id_ in enumerate(IDS)]
    folder = tree(tmp_path / "x", names, labels=labels(IDS), more=labels(IDS[:6]))
    for options in ({"table": "more.csv"}, {"table": "more*"}):
        index = read(folder, **options)
        assert len(index.samples) == 6
        assert not index.reading.questions


@pytest.mark.parametrize(
    "split_of", [{"train": "train", "valid": "val", "test": "test"}, {"Training": "train", "Test": "test"}]
)
def test_a_table_in_each_split_folder(tmp_path: Path, split_of: dict[str, str]) -> None:
    """Exports of annotation tools number the images of each split anew, so that ids come again."""
    names = images(*split_of, count=8, extension=".jpg")
    tables = {
        f"{folder}__labels": labels((f"{number}.jpg" for number in range(8)), "image,label") for folder in split_of
    }
    folder = tree(tmp_path / "x", [*names, "notes.txt"], notes="who,what\nme,this", **tables)
    index = read(folder)
    assert index.counts == {"0": 4 * len(split_of), "1": 4 * len(split_of)}
    assert splits(index) == dict.fromkeys(split_of.values(), 8)
    assert len({sample.id for sample in index.samples}) == 8 * len(split_of)
    assert index.reading.table
    assert read(folder, table=index.reading.table) == index
    assert all(
        f"{split_folder}/labels.csv for {split}" in index.reading.why for split_folder, split in split_of.items()
    )
    assert "notes.csv" in said(index, "tables_not_used")


def test_one_column_of_0_and_1_per_class_in_each_split_folder(tmp_path: Path) -> None:
    counts = {"train": 20, "valid": 8, "test": 8}
    rows = {
        split: csv("filename, Normal, Pneumonia", [(f"{split}{n}.jpg", 1 - n % 2, n % 2) for n in range(count)])
        for split, count in counts.items()
    }
    names = [f"{split}/{split}{number}.jpg" for split, count in counts.items() for number in range(count)]
    index = read(tree(tmp_path / "x", names, **{f"{split}___classes": text for split, text in rows.items()}))
    assert index.counts == {"Normal": 18, "Pneumonia": 18}
    assert splits(index) == {"train": 20, "val": 8, "test": 8}
    by_id = {sample.id: index.classes[sample.label] for sample in index.samples}
    assert (by_id["train0.jpg"], by_id["train1.jpg"]) == ("Normal", "Pneumonia")


def test_several_classes_of_one_image_name_the_columns_to_choose_from(tmp_path: Path) -> None:
    table = csv("filename,Mass,Nodule", [(f"{id_}.png", 1, number % 2) for number, id_ in enumerate(IDS)])
    folder = tree(tmp_path / "x", IMAGES, labels=table)
    message = refusal(folder)
    assert message.startswith("data.target_column: labels.csv has one column per class, and 6 of its rows do not have")
    assert "Mass, Nodule" in message


@pytest.mark.parametrize(
    ("tables", "own"),
    [
        pytest.param(("train", "test"), True, id="each in its folder"),
        pytest.param(("train_labels", "test_labels"), True, id="with another word"),
        pytest.param(("train", "val"), False, id="all in one"),
    ],
)
def test_tables_called_as_splits_are_read_together(tmp_path: Path, tables: tuple[str, str], own: bool) -> None:
    first, second = (name.split("_")[0] for name in tables)
    names = [f"{first if own else 'images'}/a{number}.png" for number in range(8)]
    names += [f"{second if own else 'images'}/{'a' if own else 'b'}{number}.png" for number in range(4)]
    written = {
        tables[0]: labels(f"a{number}" for number in range(8)),
        tables[1]: labels(f"{'a' if own else 'b'}{number}" for number in range(4)),
    }
    folder = tree(tmp_path / "x", names, **written)
    index = read(folder)
    assert splits(index) == {"train": 8, second: 4}
    assert is_silent(index)
    assert len(read(folder, table=f"{tables[0]}.csv").samples) == 8


def test_a_test_table_without_labels_is_left_out(tmp_path: Path) -> None:
    names = [f"{split}/{number}.png" for split in ("train", "test") for number in range(8)]
    index = read(tree(tmp_path / "x", names, train=labels(range(8)), test=csv("id", [(n,) for n in range(8)])))
    assert {sample.file.split("/")[0] for sample in index.samples} == {"train"}
    assert "8 of 16 images" in said(index, "images_without_rows")
    assert "test.csv" in said(index, "tables_not_used")


def test_tables_of_parts_are_a_question(tmp_path: Path) -> None:
    names = [f"part{part}/{part}{number}.png" for part in (1, 2) for number in range(8)]
    tables = {f"part{part}__labels": labels(f"{part}{number}" for number in range(8)) for part in (1, 2)}
    folder = tree(tmp_path / "x", names, **tables)
    asked = question(read(folder), "table")
    both, first, second = (read(folder, **options) for options in answers(asked))
    assert (len(both.samples), len(first.samples), len(second.samples)) == (16, 8, 8)
    assert asked.choices[0].options == {"data.table": "part*/labels.csv"}


def test_labels_beside_folders_of_splits_and_views(tmp_path: Path) -> None:
    names = [f"{'train' if n < 32 else 'val'}/{'frontal' if n // 2 % 2 else 'lateral'}/{n}.png" for n in range(48)]
    index = read(tree(tmp_path / "x", names, labels=labels(names, "image,label")))
    assert index.counts == {"0": 24, "1": 24}
    assert splits(index) == {"train": 32, "val": 16}
    assert said(index, "splits_from_folders").startswith("info: The splits are those of the folders train/, val/")


@pytest.mark.parametrize("inner", ["", "images/", "images/png/"])
def test_splits_of_labelled_images_are_those_of_their_folders(tmp_path: Path, inner: str) -> None:
    ids = {f"{split}{number}": split for split in ("train", "test") for number in range(20)}
    names = [f"{split}/{inner}{id_}.png" for id_, split in ids.items()]
    folder = tree(tmp_path / "x", names, labels=labels(ids))
    index = read(folder)
    assert index.counts == {"0": 20, "1": 20}
    assert splits(index) == {"train": 20, "test": 20}
    assert {sample.id: sample.split for sample in index.samples} == ids
    assert splits(read(folder, split_column=None)) == {None: 40}


def test_splits_that_not_all_images_have_are_not_used_and_told(tmp_path: Path) -> None:
    names = [
        f"{'train' if number < 6 else 'test' if number < 10 else 'more'}/{id_}.png" for number, id_ in enumerate(IDS)
    ]
    index = read(tree(tmp_path / "x", names, labels=labels(IDS)))
    assert splits(index) == {None: 12}
    assert "2 images lie in none of them" in said(index, "split_folders_not_used")


def test_the_column_of_splits_goes_before_the_folders(tmp_path: Path) -> None:
    names = [f"{'train' if number < 6 else 'test'}/{id_}.png" for number, id_ in enumerate(IDS)]
    rows = [(id_, number % 2, "val" if number < 4 else "train") for number, id_ in enumerate(IDS)]
    index = read(tree(tmp_path / "x", names, labels=csv("id,label,split", rows)))
    assert splits(index) == {"val": 4, "train": 8}


def test_a_table_without_labels_beside_class_folders_is_not_used(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("NORMAL", "PNEUMONIA", count=20), metadata="file,age\n0.png,3\n")
    index = read(folder)
    assert index.counts == {"NORMAL": 20, "PNEUMONIA": 20}
    assert unused(index) == {("table", ".csv"): 1}
    assert said(index, "tables_not_used").startswith("info: 1 table is not used: metadata.csv")
    assert "metadata.csv has no column" in refusal(folder, layout="table")
    assert "metadata.csv has no column" in refusal(folder, target_column="finding")


def test_a_table_that_names_the_images_of_class_folders_but_no_class_is_a_question(tmp_path: Path) -> None:
    names = [f"{site}/{site}{number}.jpg" for site in ("berlin", "paris") for number in range(8)]
    rows = [(name.split("/")[1], "mel" if number % 2 else "nv") for number, name in enumerate(names)]
    folder = tree(tmp_path / "x", names, meta=csv("image_id,shape", rows))
    asked = question(read(folder), "layout")
    assert "meta.csv names the images. If the class is one of its columns (image_id, shape)" in asked.text
    by_folders = read(folder, **answers(asked)[0])
    assert by_folders.counts == {"berlin": 8, "paris": 8}
    assert not by_folders.reading.questions
    by_table = read(folder, target_column="shape")
    assert by_table.counts == {"mel": 8, "nv": 8}
    assert is_silent(by_table)


def test_class_folders_and_labels_that_differ_are_a_question(tmp_path: Path) -> None:
    names = [f"{'NP'[number % 2]}/{id_}.png" for number, id_ in enumerate(IDS)]
    differing = csv("id,label", [(id_, number // 2 % 2) for number, id_ in enumerate(IDS)])
    folder = tree(tmp_path / "x", names, labels=differing)
    asked = question(index := read(folder), "layout")
    assert index.reading.layout == "table"
    by_table, by_folder = (read(folder, **options) for options in answers(asked))
    assert list(by_table.counts) == ["0", "1"]
    assert list(by_folder.counts) == ["N", "P"]
    few = tree(tmp_path / "y", names, labels=csv("id,label", [("s0", 1), ("s1", 1), ("s2", 0)]))
    assert read(few).reading.layout == "class_folders"  # a table of a few of the images is more likely something else
    assert question(read(few), "layout").choices[0].options == {"data.layout": "class_folders"}


@pytest.mark.parametrize("called", [("0", "1"), ("N", "P"), ("P", "N")])
def test_class_folders_and_labels_that_agree_are_no_question(tmp_path: Path, called: tuple[str, str]) -> None:
    names = [f"{'NP'[number % 2]}/{id_}.png" for number, id_ in enumerate(IDS)]
    table = csv("id,label", [(id_, called[number % 2]) for number, id_ in enumerate(IDS)])
    index = read(tree(tmp_path / "x", names, labels=table))
    assert index.reading.layout == "table"
    assert is_silent(index)


def test_a_table_of_other_images_beside_class_folders_is_told(tmp_path: Path) -> None:
    index = read(tree(tmp_path / "x", images("N", "P"), labels=labels(["a", "b"])))
    assert index.counts == {"N": 6, "P": 6}
    assert not index.reading.questions
    assert said(index, "table_names_no_image").startswith("warning: labels.csv is not used: its 2 rows name none")


@pytest.mark.parametrize("folders", [("P001", "P002", "P003"), ("images_001", "images_002"), ("AP", "PA")])
def test_folders_that_are_no_classes_rival_no_table(tmp_path: Path, folders: tuple[str, ...]) -> None:
    names = [f"{folders[number % len(folders)]}/{id_}.png" for number, id_ in enumerate(IDS)]
    index = read(tree(tmp_path / "x", names, labels=labels(IDS)))
    assert index.counts == {"0": 6, "1": 6}
    assert not index.reading.questions


def test_patients_named_by_folders_of_a_table_s_images(tmp_path: Path) -> None:
    """CheXpert's paths: the release, the split, the patient, the study, the view."""
    paths = [f"train/patient{n // 2:05d}/study1/view{1 + n % 2}_frontal.jpg" for n in range(24)]
    rows = [(f"CheXpert-v1.0-small/{path}", "Male", float(n // 2 % 2)) for n, path in enumerate(paths)]
    names = [f"CheXpert-v1.0-small/{path}" for path in paths]
    folder = tree(tmp_path / "x", names, **{"CheXpert-v1.0-small__train": csv("Path,Sex,Pneumonia", rows)})
    asked = {"id_column": "Path", "target_column": "Pneumonia"}
    index = read(folder, **asked)
    assert (index.counts, patients(index)) == ({"0": 12, "1": 12}, 12)
    assert index.reading.folder == "CheXpert-v1.0-small"
    assert index.reading.patients.source == "folder"
    assert patients(read(folder, **asked, patients="each_sample")) == 24
    assert patients(read(folder, **asked, patient_folder=3)) == 1
    directly = folder / "CheXpert-v1.0-small"  # where the source is the folder that the paths begin with
    assert len(read(directly, **asked).samples) == 24


def test_the_table_s_patients_go_before_those_of_folders(tmp_path: Path) -> None:
    names = [f"P{number // 2:03d}/{id_}.png" for number, id_ in enumerate(IDS)]
    rows = [(id_, number % 2, "ab"[number // 6]) for number, id_ in enumerate(IDS)]
    folder = tree(tmp_path / "x", names, labels=csv("image,label,patient_id", rows))
    assert patients(read(folder, id_column="image")) == 2


@pytest.mark.parametrize("where", ["images", "study/images", "CXR_png"])
def test_a_table_without_a_known_target_is_asked_about_where_the_folders_say_nothing(
    tmp_path: Path, where: str
) -> None:
    """As Messidor-2 has them; no class is called as the only folder."""
    table = csv("image_id,adjudicated_grade,dme", [(f"IM{n}.jpg", n % 4, n % 2) for n in range(12)])
    folder = tree(tmp_path / "x", [f"{where}/IM{n}.JPG" for n in range(12)], data=table)
    [asked] = [found for found in read(folder).reading.questions if found.code == "target_column"]
    assert [one["target_column"] for one in answers(asked)] == ["adjudicated_grade", "dme"]
    assert len(read(folder, target_column="adjudicated_grade").classes) == 4
