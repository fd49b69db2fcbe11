"""Data sets of DICOM files: found by name or content, grouped by the patients of their headers, checked beforehand."""

from __future__ import annotations

import builtins
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import torch

from experiments.training.contract.source_errors import SourceError
from experiments.training.data import sources
from experiments.training.data.files.folders import Folder
from experiments.training.data.images import dicom_headers, verification
from experiments.training.data.module import build
from experiments.training.data.sources import inspect
from tests.experiments.training.datasets import config_of, job_of, write_csv, write_image, zipped
from tests.experiments.training.scans import dataset_of, example, write_scan

BOXES = ("patientId", "x", "y", "width", "height", "Target")


def grey(value: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.full((10, 10), value, np.uint8)


def rsna(folder: Path, *, extension: str = ".dcm") -> Path:
    """Write a small version of RSNA's pneumonia challenge: 8-bit scans named after patients, a table of boxes."""
    rows: list[tuple[object, ...]] = []
    for number in range(12):
        patient = f"{number:04d}-ab"
        write_scan(folder / "stage_2_train_images" / f"{patient}{extension}", grey(number), PatientID=patient)
        rows += [(patient, 10.0 * box, 20.0, 30.0, 40.0, 1) for box in range(number % 3)]
        rows += [] if number % 3 else [(patient, "", "", "", "", 0)]
    write_csv(folder / "stage_2_train_labels.csv", rows, BOXES)
    return folder


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("extension", [".dcm", ".DCM", ".dicom", ".IMA", ""])
def test_scans_with_a_table_of_boxes(tmp_path: Path, packed: bool, extension: str) -> None:
    folder = rsna(tmp_path / "rsna", extension=extension)
    source = zipped(folder) if packed else folder
    config = config_of(source.name)
    summary = inspect(config, [tmp_path])
    assert (summary.samples, dict(summary.classes)) == (12, {"0": 4, "1": 8})
    data = build(config, job_of(config, tmp_path))
    assert data.patient_ids == data.sample_ids == [f"{number:04d}-ab" for number in range(12)]
    for x, y, index in data.train_dataloader():
        assert torch.allclose((x[:, 0, 4, 4] + 1) * 127.5, index.float(), atol=1e-4)
        assert y.tolist() == [int(int(i) % 3 > 0) for i in index]


def test_files_that_are_no_scans_are_not_taken_for_scans_without_an_extension(tmp_path: Path) -> None:
    folder = rsna(tmp_path / "x", extension="")
    (folder / "LICENSE").write_text("free")
    (folder / "stage_2_train_images" / "0003-ab").write_bytes(b"no scan")
    with pytest.raises(
        SourceError, match=r"1 of the 16 images that stage_2_train_labels\.csv names are missing: 0003-ab"
    ):
        inspect(config_of(folder), [tmp_path])


def test_a_table_beside_a_licence_is_still_a_table(tmp_path: Path) -> None:
    write_csv(tmp_path / "x" / "a.csv", [(n, n % 2) for n in range(20)], ("x", "label"))
    (tmp_path / "x" / "LICENSE").write_text("free")
    assert inspect(config_of("x"), [tmp_path]).samples == 20


def by_class(folder: Path, patient_of: Callable[[int], object]) -> Path:
    """Write twelve scans in folders of two classes, with these ids in their headers."""
    for number in range(12):
        name = folder / ("sick" if number % 2 else "healthy") / f"{number:02d}.dcm"
        write_scan(name, grey(number), PatientID=patient_of(number))
    return folder


def patients_by_split(tmp_path: Path, **data: Any) -> dict[str, set[str | None]]:
    config = config_of("x", data={"val_fraction": 0.34, **data})
    built = build(config, job_of(config, tmp_path))
    return {split: {built.patient_ids[i] for i in rows} for split, rows in built.indices.items() if rows}


def test_scans_of_one_patient_stay_in_one_split(tmp_path: Path) -> None:
    by_class(tmp_path / "x", lambda number: f"p{number // 3}")
    parts = patients_by_split(tmp_path)
    assert parts["train"] | parts["val"] == {"p0", "p1", "p2", "p3"}
    assert parts["train"] & parts["val"] == set()


def test_ids_are_text(tmp_path: Path) -> None:
    by_class(tmp_path / "x", lambda number: ["007", "7", "7.0", " 8 ", "é", "è"][number // 2])
    parts = patients_by_split(tmp_path)
    assert len(parts["train"] | parts["val"]) == 6
    assert "8" in parts["train"] | parts["val"]


@pytest.mark.parametrize("nobody", ["", None, "Anonymous", "ANONYMIZED"])
def test_ids_that_name_nobody_group_nothing(tmp_path: Path, nobody: str | None) -> None:
    by_class(tmp_path / "x", lambda number: nobody if number < 9 else "p9")
    parts = patients_by_split(tmp_path)
    assert parts["train"] | parts["val"] == {None, "p9"}


def test_one_id_for_all_is_refused_with_the_cure(tmp_path: Path) -> None:
    folder = by_class(tmp_path / "x", lambda number: "study-17")
    with pytest.raises(SourceError, match="All DICOM files have the patient id 'study-17'") as caught:
        inspect(config_of("x"), [tmp_path])
    assert caught.value.field == "data.patient_column"
    rows = [(f"{number:02d}", number % 2) for number in range(12)]
    for scan in folder.rglob("*.dcm"):
        shutil.move(scan, folder / scan.name)
    write_csv(folder / "labels.csv", rows)
    assert len(set().union(*patients_by_split(tmp_path, patient_column="patientId").values())) == 12


def test_a_column_goes_before_headers(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    for number in range(12):
        write_scan(folder / f"{number}.dcm", grey(number), PatientID=f"header{number // 2}")
    write_csv(folder / "a.csv", [(n, f"table{n // 4}", n % 2) for n in range(12)], ("id", "patient_id", "label"))
    parts = patients_by_split(tmp_path, id_column="id")
    assert parts["train"] | parts["val"] == {"table0", "table1", "table2"}


def test_a_patient_in_two_given_splits_is_found_before_the_run_is_queued(tmp_path: Path) -> None:
    for split, start in (("train", 0), ("val", 100)):
        for number in range(8):
            name = tmp_path / "x" / split / ("sick" if number % 2 else "healthy") / f"{number}.dcm"
            write_scan(name, PatientID=f"p{start + number}" if number else "p-both")
    with pytest.raises(SourceError, match="1 patients are in two of the given splits: p-both"):
        inspect(config_of("x"), [tmp_path])


def test_of_very_many_scans_only_the_training_process_reads_all_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_class(tmp_path / "x", lambda number: "study-17")
    monkeypatch.setattr(sources, "HEADERS_READ", 11)
    config = config_of("x")
    assert inspect(config, [tmp_path]).samples == 12
    with pytest.raises(SourceError, match="All DICOM files have the patient id"):
        build(config, job_of(config, tmp_path))


def test_a_file_without_pixels_is_named_beforehand(tmp_path: Path) -> None:
    folder = rsna(tmp_path / "x")
    shutil.copy(example("rtplan.dcm"), folder / "stage_2_train_images" / "0003-ab.dcm")
    shutil.copy(example("JPGExtended.dcm"), folder / "stage_2_train_images" / "0005-ab.dcm")
    with pytest.raises(SourceError) as caught:
        inspect(config_of(folder), [tmp_path])
    assert "2 of 12 images cannot be read" in caught.value.message
    assert "0003-ab.dcm (it has no pixel data; leave out reports, plans" in caught.value.message
    assert "JPEG Extended (Process 2 and 4) is not supported beyond 8 bits" in caught.value.message


@pytest.mark.parametrize(
    ("suffix", "kind"), [(".png", "PNG"), (".jpg", "JPEG"), (".bmp", "BMP"), (".webp", "WebP"), (".pgm", "PGM")]
)
def test_a_picture_called_as_dicom_is_named_as_what_it_is(tmp_path: Path, suffix: str, kind: str) -> None:
    write_image(tmp_path / f"a{suffix}")
    (tmp_path / f"a{suffix}").rename(tmp_path / "a.dcm")
    problem = verification.problem_of(Folder(tmp_path, tmp_path), "a.dcm")
    assert problem == f"not a DICOM file but {kind}; let its name end so"


def test_a_scan_called_as_a_picture_is_named_as_what_it_is(tmp_path: Path) -> None:
    for name in ("a.png", "b.jpg", "c.tif"):
        write_scan(tmp_path / name)
        problem = verification.problem_of(Folder(tmp_path, tmp_path), name)
        assert problem == "it is a DICOM file; let its name end in .dcm"


def test_an_empty_file_and_one_that_is_no_dicom(tmp_path: Path) -> None:
    folder = rsna(tmp_path / "x")
    (folder / "stage_2_train_images" / "0003-ab.dcm").write_bytes(b"JPEG, in fact" * 100)
    with pytest.raises(SourceError, match=r"0003-ab\.dcm cannot be read \(not a DICOM file, which has"):
        inspect(config_of(folder), [tmp_path])
    (folder / "stage_2_train_images" / "0003-ab.dcm").write_bytes(b"")
    with pytest.raises(SourceError, match=r"empty \(0 bytes\): stage_2_train_images/0003-ab\.dcm"):
        inspect(config_of(folder), [tmp_path])


def test_without_the_extra_the_way_to_install_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rsna(tmp_path / "x")
    real_import = builtins.__import__

    def without_pydicom(name: str, *arguments: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "pydicom":
            raise ModuleNotFoundError("No module named 'pydicom'", name="pydicom")
        return real_import(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_pydicom)
    config = config_of("x")
    with pytest.raises(SourceError, match="make setup EXTRAS=dicom"):
        inspect(config, [tmp_path])
    with pytest.raises(SourceError, match=r"pip install -r requirements-dicom\.txt"):
        build(config, job_of(config, tmp_path))


def test_headers_are_read_as_pydicom_reads_them() -> None:
    """On every file of its collection: all encodings, nested and private sequences, no group length."""
    compared = 0
    for path in sorted(example("").rglob("*")):
        if not path.is_file() or path.suffix not in (".dcm", ""):
            continue
        content = path.read_bytes()
        if content[128:132] != b"DICM":
            with pytest.raises(ValueError, match="not a DICOM file"):
                dicom_headers.read(io.BytesIO(content))
            continue
        expected = pydicom.dcmread(io.BytesIO(content))
        found = dicom_headers.read(io.BytesIO(content))
        assert found.patient_id == str(expected.get("PatientID") or "").strip(), path
        assert found.transfer_syntax == str(expected.file_meta.get("TransferSyntaxUID") or ""), path
        compared += 1
    assert compared > 90


def test_headers_without_an_end(tmp_path: Path) -> None:
    start = bytes(128) + b"DICM"
    endless = start + b"\x08\x00\x05\x00CS\x00\x00" * 20_000
    with pytest.raises(ValueError, match="does not end"):
        dicom_headers.read(io.BytesIO(endless))
    deep = start + (b"\x08\x00\x05\x00SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff") * 1000
    with pytest.raises(ValueError, match="nested too deeply"):
        dicom_headers.read(io.BytesIO(deep))
    assert dicom_headers.read(io.BytesIO(start)) == dicom_headers.Start("", "")


def test_a_patient_id_behind_a_nested_sequence(tmp_path: Path) -> None:
    item = pydicom.Dataset()
    item.CodeValue = "inner"
    item.PatientID = "not this one"
    outer = pydicom.Dataset()
    outer.ProcedureCodeSequence = [item]
    for undefined in (False, True):
        dataset = dataset_of(PatientID="p7", ProcedureCodeSequence=[outer])
        dataset["ProcedureCodeSequence"].is_undefined_length = undefined
        dataset.ProcedureCodeSequence[0].is_undefined_length_sequence_item = undefined
        dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
        with (tmp_path / "a.dcm").open("rb") as file:
            assert dicom_headers.read(file).patient_id == "p7"
