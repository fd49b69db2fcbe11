"""Sources that can be trained on: both layouts, from folder and zip, and the built-in data sets."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from experiments.training.data import layouts, loading
from experiments.training.data.files.index import Index
from experiments.training.data.sources import SourceError, SourceSummary, inspect, open_files
from tests.experiments.training.datasets import (
    config_of,
    job_of,
    with_class_folders,
    with_csv,
    with_npz,
    write_csv,
    write_image,
    zipped,
)


def read(source: Path, root: Path) -> Index:
    config = config_of(source)
    with open_files(config.source_path, [root]) as files:
        return layouts.read(files, config.data)


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("images", ["images", "."])
def test_a_csv_names_images_in_a_sub_folder_or_beside_it(tmp_path: Path, images: str, packed: bool) -> None:
    folder = with_csv(tmp_path / "scans", images=images)
    source = zipped(folder) if packed else folder
    summary = inspect(config_of(source), [tmp_path])
    assert replace(summary, stamp=None) == SourceSummary("scans", "zip" if packed else "directory", {"0": 5, "1": 5})
    assert summary.samples == 10


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_class_folders_name_the_classes(tmp_path: Path, packed: bool) -> None:
    folder = with_class_folders(tmp_path / "cells", {"infected": 4, "clean": 6, "unsure": 3})
    source = zipped(folder, prefix="cells/") if packed else folder
    summary = inspect(config_of(source), [tmp_path])
    found = SourceSummary("cells", "zip" if packed else "directory", {"clean": 6, "infected": 4, "unsure": 3})
    assert replace(summary, stamp=None) == found


def test_folder_and_zip_give_the_same_samples_in_the_order_of_their_ids(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "scans", {"b": 0, "007": 1, "a": 1, "7": 0})
    index = read(folder, tmp_path)
    assert [sample.id for sample in index.samples] == ["007", "7", "a", "b"]
    assert [sample.label for sample in index.samples] == [1, 0, 1, 0]
    assert read(zipped(folder), tmp_path) == index


def test_a_lone_wrapping_folder_and_what_packers_leave_are_passed_over(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "upload" / "scans")
    (tmp_path / "upload" / "README.txt").write_text("hello")
    (folder / ".DS_Store").write_text("junk")
    write_image(tmp_path / "upload" / "__MACOSX" / "scans" / "images" / "._000.png")
    assert len(read(tmp_path / "upload", tmp_path).samples) == 10
    assert read(zipped(tmp_path / "upload"), tmp_path) == read(tmp_path / "upload", tmp_path)


@pytest.mark.parametrize("extension", [".png", ".PNG", ".jpg", ".Jpeg", ".bmp", ".tif", ".TIFF"])
def test_images_are_found_by_any_known_extension(tmp_path: Path, extension: str) -> None:
    assert inspect(config_of(with_csv(tmp_path / "x", extension=extension)), [tmp_path]).samples == 10


def test_ids_may_be_written_with_their_extension(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    table = folder / "labels.csv"
    table.write_text(table.read_text().replace(",0", ".png,0").replace(",1", ".png,1"))
    assert read(folder, tmp_path).samples[3].file == "images/003.png"


@pytest.mark.parametrize(
    ("targets", "classes"),
    [
        pytest.param(["10", "9", "2"], ["2", "9", "10"], id="numbers in numeric order"),
        pytest.param(["1.0", "0.0", "1"], ["0", "1"], id="1.0 and 1 are one class"),
        pytest.param(["-1", "1"], ["-1", "1"], id="signed"),
        pytest.param(["sick", "healthy"], ["healthy", "sick"], id="alphabetical"),
        pytest.param(["COVID", "NORMAL"], ["NORMAL", "COVID"], id="nothing found is label 0"),
        pytest.param(["1", "one"], ["1", "one"], id="mixed"),
        pytest.param(["0.5", "0.25"], ["0.25", "0.5"], id="fractions are names"),
    ],
)
def test_the_order_of_classes(tmp_path: Path, targets: list[str], classes: list[str]) -> None:
    folder = with_csv(tmp_path / "x", {f"{n}": target for n, target in enumerate(targets * 2)})
    index = read(folder, tmp_path)
    assert index.classes == classes
    by_id = {sample.id: classes[sample.label] for sample in index.samples}
    assert [by_id[str(n)] for n in range(len(targets))] == [
        t.removesuffix(".0") if t.endswith(".0") else t for t in targets
    ]


def test_spreadsheets_write_semicolons_and_byte_order_marks(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    text = (folder / "labels.csv").read_text().replace(",", " ; ")
    (folder / "labels.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b"\r\n")
    assert read(folder, tmp_path).counts == {"0": 5, "1": 5}


def test_columns_may_have_other_names_and_other_csv_files_may_lie_about(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    table = folder / "labels.csv"
    table.write_text(table.read_text().replace("patientId,Target", "scan,finding"))
    (folder / "notes.csv").write_text("who,what\nme,this\n")
    config = config_of(folder, data={"id_column": "scan", "target_column": "finding"})
    assert inspect(config, [tmp_path]).classes == {"0": 5, "1": 5}


def test_one_row_per_box_is_one_sample_per_patient(tmp_path: Path) -> None:
    """The table of RSNA's pneumonia challenge: no box, several boxes."""
    rows = [
        ("00a1", "", "", "", "", 0),
        ("0002", 264.0, 152.0, 213.0, 379.0, 1),
        ("0002", 562.0, 152.0, 256.0, 453.0, "1.0"),
        ("2", 1.0, 2.0, 3.0, 4.0, 1),
        ("00a2", "", "", "", "", 0),
        ("2", 5.0, 6.0, 7.0, 8.0, 1),
        ("0002", 323.0, 577.0, 160.0, 104.0, 1),
    ]
    folder = tmp_path / "rsna"
    write_csv(folder / "stage_2_train_labels.csv", rows, header=("patientId", "x", "y", "width", "height", "Target"))
    for row in rows:
        write_image(folder / "stage_2_train_images" / f"{row[0]}.png")
    index = read(folder, tmp_path)
    assert [(sample.id, sample.label) for sample in index.samples] == [("0002", 1), ("00a1", 0), ("00a2", 0), ("2", 1)]

    write_csv(
        folder / "stage_2_train_labels.csv", [*rows, ("2", "", "", "", "", 0)], header=("patientId", *"xywh", "Target")
    )
    with pytest.raises(SourceError, match="1 ids have rows with different targets: 2; correct"):
        inspect(config_of(folder), [tmp_path])


def test_an_image_of_two_patients_is_refused(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    write_csv(
        folder / "labels.csv", [("000", "a", 1), ("001", "b", 0), ("000", "b", 1)], ("scan", "patientId", "Target")
    )
    with pytest.raises(SourceError, match="1 ids have rows with different patients: 000"):
        inspect(config_of(folder, data={"id_column": "scan"}), [tmp_path])


def test_a_relative_path_is_looked_up_in_each_root(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    with_csv(tmp_path / "second" / "deep" / "x")
    roots = [tmp_path / "first", tmp_path / "second"]
    assert inspect(config_of("deep/x"), roots).name == "x"


@pytest.mark.parametrize("name", ["digits-is-8", "breast-cancer"])
def test_built_in_data_sets_need_no_roots(name: str) -> None:
    summary = inspect(config_of(f"builtin:{name}"), [])
    assert (summary.name, summary.kind) == (name, "builtin")


def test_inspection_loads_neither_torch_nor_scikit_learn(tmp_path: Path) -> None:
    """A process that answers requests calls it; each of these would cost it seconds and hundreds of megabytes."""
    folder = with_csv(tmp_path / "x")
    write_csv(tmp_path / "x.csv", [(n, n % 2) for n in range(20)], header=("x", "label"))
    files = [str(path) for path in (folder, zipped(folder), with_npz(tmp_path / "x.npz"), tmp_path / "x.csv")]
    sources = [*files, "builtin:digits-is-8", "builtin:breast-cancer"]
    script = f"""
import sys
from pathlib import Path
from experiments.training.contract.config import TrainingConfig
from experiments.training.data.sources import inspect
asked = {{"experiment_name": "a", "data": {{"batch_size": 2}}}}
assert "PIL" not in sys.modules
for source in {sources!r}:
    inspect(TrainingConfig.model_validate({{**asked, "source_path": source}}), [Path({str(tmp_path)!r})])
print("loaded:", *sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "PIL" in loaded
    assert loaded & {"torch", "sklearn", "pytorch_lightning", "django"} == set()


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_what_is_written_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    """A run over a data set says which version it read, so it must have read that one to the end."""
    folder = with_csv(tmp_path / "scans")
    source = zipped(folder) if packed else folder
    config = config_of(source)
    with open_files(str(source), [tmp_path]) as files:
        stamp = files.stamp
    job = structs.replace(job_of(config, tmp_path), stamp=stamp)
    assert len(loading.load(config, job).labels) == 10
    read_all = loading._from_files

    def slow(*args: Any, **options: Any) -> loading.Samples:
        samples = read_all(*args, **options)
        os.utime(source if packed else folder / "images" / "003.png", ns=(0, 1))
        return samples

    monkeypatch.setattr(loading, "_from_files", slow)
    with pytest.raises(SourceError, match="has changed"):
        loading.load(config, job)
    assert len(loading.load(config, structs.replace(job, stamp=None)).labels) == 10
