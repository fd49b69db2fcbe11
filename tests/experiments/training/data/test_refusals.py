"""Data that cannot be trained on is refused before anything is queued, with the fault and its cure named."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from experiments.training.contract.reading import require_answers
from experiments.training.data.images import verification
from experiments.training.data.loading import load
from experiments.training.data.sources import SourceError, inspect
from tests.experiments.training.datasets import (
    TEN,
    config_of,
    job_of,
    with_class_folders,
    with_csv,
    write_csv,
    write_image,
    zipped,
)


def refusal(source: str | Path, root: Path | None, *, alike: bool = True, **groups: Any) -> SourceError:
    """Return how a request is refused, which is how its training process would refuse it if nobody had looked.

    Unless `alike` is False: a look opens only some of many images, but those with their checksums.
    """
    with pytest.raises(SourceError) as caught:
        inspect(config_of(source, **groups), [root] if root else [])
    assert str(caught.value) == f"{caught.value.field}: {caught.value.message}"
    assert not alike or str(caught.value) == str(refusal_of_the_training(source, root, **groups))
    return caught.value


def refusal_of_the_training(source: str | Path, root: Path | None, **groups: Any) -> SourceError:
    config = config_of(source, **groups)
    with tempfile.TemporaryDirectory() as home:
        job = job_of(config, Path(home))
        job = msgspec.structs.replace(job, data_roots=[str(root)] if root else [], cache_bytes=0)
        with pytest.raises(SourceError) as caught:
            load(config, job, on_read=require_answers)
    return caught.value


def test_an_unknown_built_in_is_answered_with_the_known_ones() -> None:
    error = refusal("builtin:mnist", None)
    assert error.field == "source_path"
    assert "builtin:digits-is-8" in error.message
    assert "builtin:breast-cancer" in error.message


@pytest.mark.parametrize("option", ["ignore_columns", "use_columns"])
@pytest.mark.parametrize("source", ["builtin:digits-is-8", "builtin:breast-cancer", "folders", "beside", "x.zip"])
def test_columns_that_nothing_is_learned_from_are_not_chosen_in_silence(
    tmp_path: Path, source: str, option: str
) -> None:
    with_class_folders(tmp_path / "folders", {"a": 5, "b": 5})
    shutil.move(zipped(with_csv(tmp_path / "beside")), tmp_path / "x.zip")
    error = refusal(source, tmp_path, data={option: ["mean radius"]})
    assert error.field == f"data.{option}"
    assert "naming 'mean radius' changes nothing. Leave this option out; it is for tables without" in error.message


def test_without_roots_only_built_ins_can_be_used(tmp_path: Path) -> None:
    assert "LIVETRAIN_DATA_ROOTS" in refusal(with_csv(tmp_path / "x"), None).message


@pytest.mark.parametrize("source", ["nothing", "a\x00b", "n" * 1900, "n/" * 900])
def test_a_path_that_does_not_exist(tmp_path: Path, source: str) -> None:
    error = refusal(source, tmp_path)
    assert error.field == "source_path"
    assert "does not exist" in error.message or "cannot be opened" in error.message


def test_paths_outside_the_roots(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    outside = with_csv(tmp_path / "root-of-others")  # begins like the root, but lies beside it
    (root / "link").symlink_to(outside)
    (root / "loop").symlink_to(root / "loop")
    assert "outside the data roots" in refusal(outside, root).message
    assert "outside the data roots" in refusal("/etc", root).message
    assert "'..'" in refusal("../root-of-others", root).message
    assert "'..'" in refusal(f"{root}/../root-of-others", root).message
    assert "link that leads outside" in refusal("link", root).message
    assert "link that leads outside" in refusal(root / "link", root).message
    assert "does not exist" in refusal("loop", root).message


def test_a_root_may_itself_be_a_link_and_links_inside_it_are_followed(tmp_path: Path) -> None:
    with_csv(tmp_path / "disk" / "x")
    (tmp_path / "root").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "latest").symlink_to("x")
    assert inspect(config_of(tmp_path / "root" / "latest"), [tmp_path / "root"]).samples == 10
    assert inspect(config_of("latest"), [tmp_path / "root"]).samples == 10


@pytest.mark.parametrize("inside", ["images/000.png", "labels.csv", "images"])
def test_links_in_the_data_that_leave_the_root(tmp_path: Path, inside: str) -> None:
    folder = with_csv(tmp_path / "root" / "x")
    moved = tmp_path / "elsewhere"
    shutil.move(folder / inside, moved)
    (folder / inside).symlink_to(moved)
    error = refusal(folder, tmp_path / "root")
    assert inside in error.message
    assert "link that leads outside" in error.message


def test_a_broken_link_in_the_data(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    (folder / "images" / "other.png").symlink_to("nowhere")
    assert "broken link" in refusal(folder, tmp_path).message


def test_circles_of_links_end(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    for number in range(50):  # followed again each time, they would make millions of paths
        (folder / f"again{number}").symlink_to(folder)
    assert inspect(config_of(folder), [tmp_path]).samples == 10


def test_a_folder_of_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = with_csv(tmp_path / "x")
    monkeypatch.setattr("experiments.training.data.files.folders.MAX_FILES", 11)
    assert inspect(config_of(folder), [tmp_path]).samples == 10
    (folder / "one more.txt").write_text("")
    assert "More than 11 files" in refusal(folder, tmp_path).message


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    """A reader of a pipe without a writer would wait forever."""
    folder = with_csv(tmp_path / "x")
    (folder / "images" / "000.png").unlink()
    os.mkfifo(folder / "images" / "000.png")
    os.mkfifo(tmp_path / "pipe.zip")
    assert "1 of the 10 images" in refusal(folder, tmp_path).message
    assert "neither a folder nor a .zip, .npz, .csv" in refusal("pipe.zip", tmp_path).message


def test_names_that_are_no_text(tmp_path: Path) -> None:
    folder = with_class_folders(tmp_path / "x", {"a": 5, "b": 5})
    (tmp_path / "x" / "a" / os.fsdecode(b"\xff.png")).write_bytes(b"")
    assert "not UTF-8" in refusal(folder, tmp_path).message


def test_a_file_that_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("patientId,Target\n")
    assert "neither a folder nor a .zip, .npz, .csv" in refusal("data.txt", tmp_path).message


@pytest.mark.parametrize("damage", [lambda whole: b"PK not really", lambda whole: whole[:-30], lambda whole: b""])
def test_a_broken_zip(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = zipped(with_csv(tmp_path / "x"))
    path.write_bytes(damage(path.read_bytes()))
    error = refusal(path, tmp_path)
    assert error.field == "source_path"
    assert "broken" in error.message


def test_a_zip_with_a_damaged_member(tmp_path: Path) -> None:
    path = zipped(with_csv(tmp_path / "x"))
    content = bytearray(path.read_bytes())
    name = b"images/004.png"
    at = content.index(name) + len(name)
    content[at : at + 8] = b"\xff" * 8
    path.write_bytes(content)
    assert "images/004.png" in refusal(path, tmp_path).message


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_neither_csv_nor_class_folders(tmp_path: Path, packed: bool) -> None:
    write_image(tmp_path / "x" / "lonely.png")
    (tmp_path / "x" / "readme.txt").write_text("hello")
    assert (
        "Neither a CSV nor class folders"
        in refusal(zipped(tmp_path / "x") if packed else tmp_path / "x", tmp_path).message
    )


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    assert "Neither a CSV nor class folders" in refusal("x", tmp_path).message


def test_a_csv_without_the_target_column_is_answered_with_its_columns(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    write_csv(folder / "labels.csv", list(TEN.items()), header=("patientId", "finding"))
    error = refusal(folder, tmp_path)
    assert error.field == "data.target_column"
    assert "column 'finding' (0, 1) may be the target: set data.target_column to 'finding'" in error.message
    write_csv(folder / "labels.csv", list(TEN.items()), header=("patientId", "weather"))
    error = refusal(folder, tmp_path)
    assert "column 'weather' (0, 1) may be the target: set data.target_column to 'weather'" in error.message
    write_csv(folder / "labels.csv", [(id_, f"day {id_}") for id_ in TEN], header=("patientId", "weather"))
    error = refusal(folder, tmp_path)
    assert error.field == "data.target_column"
    assert "no column 'Target' (target, label, labels, class are accepted" in error.message
    assert "'patientId', 'weather'" in error.message


def test_a_csv_without_the_id_column(tmp_path: Path) -> None:
    error = refusal(with_csv(tmp_path / "x"), tmp_path, data={"id_column": "scan"})
    assert error.field == "data.id_column"
    assert "'patientId', 'Target'" in error.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "is empty", id="0 bytes"),
        pytest.param(b"\n\n \n", "is empty", id="blank lines"),
        pytest.param(b"patientId,Target\n", "no rows", id="header only"),
        pytest.param(
            b"patientId,Target\n000,\n001,1\n",
            "1 of 2 labels in column 'Target' of labels.csv are missing: blank (1)",
            id="no target",
        ),
        pytest.param(b"patientId,Target\n000,1\n001\n", "data row 2 has fewer cells (1) than there", id="short row"),
        pytest.param(b"patientId,Target\n000,1\n,1\n", "without 'patientId'", id="no id"),
        pytest.param(b"patientId,Target\n" + bytes(range(128, 256)), "not text in a known encoding", id="no text"),
        pytest.param(b'patientId,Target\n"' + b"x" * 200_000 + b'",1\n', "200,000 characters", id="endless cell"),
        pytest.param(
            b"patientId,Target\n000,1\n001,0\n000,0\n", "1 ids have rows with different targets: 000", id="repeated"
        ),
    ],
)
def test_a_csv_that_says_too_little(tmp_path: Path, content: bytes, message: str) -> None:
    folder = with_csv(tmp_path / "x")
    (folder / "labels.csv").write_bytes(content)
    assert message in refusal(folder, tmp_path).message


def test_two_tables_with_the_columns(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    shutil.copy(folder / "labels.csv", folder / "labels-old.csv")
    error = refusal(folder, tmp_path)
    assert error.field == "data.table"
    assert "labels-old.csv, labels.csv" in error.message


def test_missing_images_are_counted_and_the_first_named(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    for number in range(2, 7):
        (folder / "images" / f"{number:03d}.png").unlink()
    message = refusal(folder, tmp_path).message
    assert "5 of the 10 images" in message
    assert "002, 003, 004 and 2 more" in message


def test_an_id_cannot_reach_outside_the_data(tmp_path: Path) -> None:
    write_image(tmp_path / "secret.png")
    folder = with_csv(tmp_path / "x")
    write_csv(folder / "labels.csv", [*TEN.items(), ("../../secret", 1)])
    assert "1 of the 11 images that labels.csv names are missing: ../../secret" in refusal(folder, tmp_path).message


def test_two_images_for_one_id(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    write_image(folder / "images" / "004.jpg")
    assert "004 (images/004.jpg, images/004.png)" in refusal(folder, tmp_path).message


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_one_class_only(tmp_path: Path, packed: bool) -> None:
    in_csv = with_csv(tmp_path / "a", dict.fromkeys(TEN, "sick"))
    in_folder = with_class_folders(tmp_path / "b", {"sick": 5})
    for folder in (in_csv, in_folder):
        message = refusal(zipped(folder) if packed else folder, tmp_path).message
        assert "samples have the class 'sick', which was taken from" in message
        assert ("column 'Target' of labels.csv" if folder == in_csv else "the names of the folders") in message


@pytest.mark.parametrize(("samples", "test_fraction", "needed"), [(1, 0.0, 2), (1, 0.2, 3), (2, 0.2, 3)])
def test_a_class_too_small_to_be_split(tmp_path: Path, samples: int, test_fraction: float, needed: int) -> None:
    folder = with_class_folders(tmp_path / "x", {"normal": 9, "rare": samples})
    message = refusal(folder, tmp_path, data={"test_fraction": test_fraction}).message
    assert f"at least {needed} samples" in message
    assert f"'rare' has {samples}" in message
    write_image(folder / "rare" / "more.png")
    write_image(folder / "rare" / "still more.png")
    assert inspect(config_of(folder, data={"test_fraction": test_fraction}), [tmp_path]).classes["rare"] == samples + 2


def test_a_batch_larger_than_the_training_split(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")  # 5 + 5 samples, of which 1 + 1 validate
    error = refusal(folder, tmp_path, data={"batch_size": 9})
    assert error.field == "data.batch_size"
    assert "choose at most 8" in error.message
    assert inspect(config_of(folder, data={"batch_size": 8}), [tmp_path]).samples == 10


def test_a_batch_larger_than_a_built_in() -> None:
    assert refusal("builtin:breast-cancer", None, data={"batch_size": 500}).field == "data.batch_size"


def test_a_convolution_over_a_table() -> None:
    assert refusal("builtin:breast-cancer", None, model={"name": "cnn"}).field == "model.name"


def test_a_weight_of_positives_where_there_are_three_classes(tmp_path: Path) -> None:
    folder = with_class_folders(tmp_path / "x", {"a": 5, "b": 5, "c": 5})
    assert refusal(folder, tmp_path, model={"pos_weight": 2.0}).field == "model.pos_weight"


def test_images_that_would_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.training.data.files.requirements.MAX_IN_MEMORY_BYTES", 1000)
    folder = with_csv(tmp_path / "x")  # 10 images of 8 x 8: 640 bytes in grey, 1,920 in colour
    assert inspect(config_of(folder), [tmp_path]).samples == 10
    assert refusal(folder, tmp_path, data={"channels": 3}).field == "data.image_size"


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_empty_images(tmp_path: Path, packed: bool) -> None:
    folder = with_csv(tmp_path / "x")
    (folder / "images" / "003.png").write_bytes(b"")
    message = refusal(zipped(folder) if packed else folder, tmp_path).message
    assert "1 of 10 images are empty (0 bytes): images/003.png" in message


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize(
    ("damage", "alike"),
    [
        pytest.param(lambda whole: b"this is a note, not an image", True, id="text"),
        pytest.param(lambda whole: whole[:60], False, id="cut off behind its pixels, which a training needs alone"),
        pytest.param(lambda whole: whole.replace(b"IDAT", b"IDAZ"), True, id="damaged"),
        pytest.param(lambda whole: b"GIF89a" + bytes(50), True, id="another format"),
    ],
)
def test_unreadable_images(tmp_path: Path, packed: bool, damage: Callable[[bytes], bytes], alike: bool) -> None:
    folder = with_csv(tmp_path / "x")
    for number in (1, 2, 3, 4):
        path = folder / "images" / f"{number:03d}.png"
        path.write_bytes(damage(path.read_bytes()))
    message = refusal(zipped(folder) if packed else folder, tmp_path, alike=alike).message
    assert "4 of 10 images cannot be read" in message
    assert message.index("images/001.png") < message.index("images/003.png")
    assert "and 1 more" in message


def test_an_image_that_claims_to_be_huge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "MAX_PIXELS", 100)
    folder = with_csv(tmp_path / "x")
    write_image(folder / "images" / "005.png", size=(11, 11))
    assert "images/005.png cannot be read (11 x 11 pixels are too many)" in refusal(folder, tmp_path).message


def test_of_many_images_an_evenly_spread_sample_is_opened_and_all_sizes_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "MAX_VERIFIED", 3)
    folder = with_csv(tmp_path / "x")
    (folder / "images" / "001.png").write_bytes(b"broken, but not looked at")
    assert inspect(config_of(folder), [tmp_path]).samples == 10
    (folder / "images" / "003.png").write_bytes(b"broken")
    assert "1 of the 3 images checked" in refusal(folder, tmp_path, alike=False).message
    (folder / "images" / "001.png").write_bytes(b"")
    assert "are empty" in refusal(folder, tmp_path).message


def test_a_sample_is_spread_over_all() -> None:
    names = [str(number) for number in range(10)]
    assert verification.spread(names, 3) == ["0", "3", "6"]
    assert verification.spread(names, 10) == names
    assert verification.spread(names, 50) == names


def test_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions do not bind the superuser, under whom tests may run, so the system's answer is played."""
    folder = with_csv(tmp_path / "x")

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("experiments.training.data.files.folders.os.scandir", refuse)
    assert "cannot be read: Permission denied" in refusal(folder, tmp_path, alike=False).message
