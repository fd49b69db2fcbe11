"""Images that a run never saw: what was read is told, and what cannot be read is refused alone."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.training.contract.source_errors import SourceError
from experiments.training.prediction.datasets import read_dataset
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.inputs import read_images, read_rows
from experiments.training.prediction.streams import PlaceToRead, read
from tests.experiments.training import scans
from tests.experiments.training.datasets import config_of, job_of, with_npz
from tests.experiments.training.prediction.conftest import grey
from tests.experiments.training.prediction.trained import Trained


def notes(run: Trained, path: Path) -> str:
    [found] = read_images(run.model, [(path.name, path)])
    assert found.problem is None, found.problem
    return " ".join(found.facts["notes"])


def test_bad_files_spoil_no_others(of_pictures: Trained, tmp_path: Path) -> None:
    whole = io.BytesIO()
    grey(3).save(whole, "PNG")
    (tmp_path / "cut.png").write_bytes(whole.getvalue()[:-60])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "words.png").write_text("no picture")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    grey(3).save(tmp_path / "good.png")
    bad = ["cut.png", "empty.png", "words.png", "notes.txt", "folder.png", "pipe.png", "missing.png"]
    names = [*bad[:3], "good.png", *bad[3:]]
    found = {one.name: one for one in read_images(of_pictures.model, [(name, tmp_path / name) for name in names])}
    assert list(found) == names
    assert [name for name in names if found[name].problem] == bad
    assert [name for name in names if found[name].value is None] == bad
    told = {name: str(found[name].problem) for name in bad}
    assert "cut off; copy it again" in told["cut.png"] or "damaged; copy it again" in told["cut.png"]
    assert "0 bytes" in told["empty.png"]
    assert "not a PNG" in told["words.png"]
    assert "does not end as that of an image" in told["notes.txt"]
    assert "no file but a folder" in told["folder.png"]
    assert "pipe" in told["pipe.png"]
    assert "No such file" in told["missing.png"]


def test_an_open_file_is_read_alike_and_stays_open(of_pictures: Trained, tmp_path: Path) -> None:
    grey(5).save(tmp_path / "a.png")
    with (tmp_path / "a.png").open("rb") as file:
        file.seek(7)
        by_path, opened = read_images(of_pictures.model, [("a.png", tmp_path / "a.png"), ("b.png", file)])
        assert not file.closed
    assert by_path.value is not None
    assert opened.value is not None
    assert by_path.value.equal(opened.value)


def test_another_mode_size_and_orientation_are_told(of_pictures: Trained, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGBA", (30, 20), (200, 10, 10, 90)).save(tmp_path / "clear.png")
    Image.new("RGB", (30, 20), (200, 10, 10)).save(tmp_path / "turned.jpg", exif=exif)
    said = notes(of_pictures, tmp_path / "clear.png")
    assert "resized from 30 x 20 to 8 x 8 pixels, which changes its proportions" in said
    assert "colours became grey" in said
    assert "transparent became white" in said
    said = notes(of_pictures, tmp_path / "turned.jpg")
    assert "resized from 20 x 30" in said
    assert "turned upright" in said


def test_values_of_a_kind_that_the_run_never_saw_are_told(of_pictures: Trained, tmp_path: Path) -> None:
    deep = np.asarray(grey(1)).astype(np.uint16) * 16
    Image.fromarray(deep).save(tmp_path / "deep.png")
    scans.write_scan(tmp_path / "scan.dcm", deep, Modality="MR")
    assert "grey files of more than 8 bits, of which the run knew none" in notes(of_pictures, tmp_path / "deep.png")
    assert "MR files of 12 bits without a window, of which the run knew none" in notes(
        of_pictures, tmp_path / "scan.dcm"
    )


def test_a_scan_of_another_modality_is_refused(of_scans: Trained, tmp_path: Path) -> None:
    pixels = np.asarray(grey(1)).astype(np.uint16) * 16
    for kind, modality in (("healthy", "CR"), ("pneumonia", "CR"), ("healthy", "MR")):
        scans.write_scan(tmp_path / "data" / kind / f"{modality}.dcm", pixels, Modality=modality, PatientID=kind)
    files = [(name, tmp_path / "data" / name) for name in ("healthy/CR.dcm", "healthy/MR.dcm")]
    same, other = read_images(of_scans.model, files)
    assert same.problem is None
    assert same.facts["modality"] == "CR"
    words = "of modality MR, and the run learned from CR alone"
    assert words in str(other.problem)
    job = job_of(config_of(tmp_path / "data"), tmp_path)
    found = read_dataset(of_scans.model, job, labels=True)
    assert found.image_files is not None
    assert found.image_files.names == ["healthy/CR.dcm", "pneumonia/CR.dcm"]
    assert words in found.problems["healthy/MR.dcm"]


def test_values_beyond_those_of_the_training_are_clipped_and_told(of_scans: Trained, tmp_path: Path) -> None:
    pixels = np.asarray(grey(1)).astype(np.uint16) * 16
    scans.write_scan(tmp_path / "bright.dcm", pixels)
    said = notes(of_scans, tmp_path / "bright.dcm")
    assert "reach far beyond those that the run learned from" in said
    assert "what lies outside with them" in said


def test_unreadable_images_of_a_data_set_are_left_out_and_named(of_pictures: Trained, tmp_path: Path) -> None:
    for number in range(4):
        folder = tmp_path / "data" / ("healthy", "pneumonia")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        grey(number).save(folder / f"{number}.png")
    (tmp_path / "data" / "healthy" / "0.png").write_bytes(b"\x89PNG")
    told: list[tuple[int, int]] = []
    job = job_of(config_of(tmp_path / "data"), tmp_path)
    found = read_dataset(of_pictures.model, job, labels=True, progress=lambda *at: told.append(at))
    assert found.labels == [0, 1, 1]
    assert len(found.inputs) == len(found.sample_ids) == 3
    assert "copy it again" in found.problems["healthy/0.png"] or "not a PNG" in found.problems["healthy/0.png"]
    assert told[-1] == (3, 3)


def test_classes_that_the_run_has_not_are_refused_with_the_cure(of_pictures: Trained, tmp_path: Path) -> None:
    for number in range(4):
        folder = tmp_path / "data" / ("healthy", "fracture")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        grey(number).save(folder / f"{number}.png")
    with pytest.raises(SourceError, match=r"^data\.class_names: The data have 'fracture'.*\"fracture=pneumonia\""):
        read_dataset(of_pictures.model, job_of(config_of(tmp_path / "data"), tmp_path), labels=True)
    renamed = config_of(tmp_path / "data", data={"class_names": ["fracture=pneumonia"]})
    assert read_dataset(of_pictures.model, job_of(renamed, tmp_path), labels=True).labels is not None


def test_the_other_kind_of_data_is_refused(of_pictures: Trained, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,label\n1,0\n2,1\n")
    with pytest.raises(SourceError, match="has a table, and the run learned from images"):
        read_dataset(of_pictures.model, job_of(config_of(tmp_path / "data.csv"), tmp_path), labels=True)
    with pytest.raises(ModelError, match="give it image files, not rows"):
        read_rows(of_pictures.model, [{"a": 1}])


def test_arrays_are_read_in_pieces_as_a_whole(of_pictures: Trained, tmp_path: Path) -> None:
    path = with_npz(tmp_path / "data.npz", colour=True)
    batches = list(read(of_pictures.model, PlaceToRead(name="data.npz", path=str(path))))
    whole = read_dataset(of_pictures.model, job_of(config_of(path), tmp_path), labels=False)
    pieces = [one for batch in batches for one in batch.inputs]
    assert [one.name for one in pieces] == whole.sample_ids
    assert batches[0].total == len(pieces) == 24
    assert all(one.value is not None and one.value.equal(whole.inputs[at]) for at, one in enumerate(pieces))
