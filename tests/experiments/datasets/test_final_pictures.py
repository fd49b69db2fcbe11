"""GET /api/runs/<id>/final-samples/pictures/: from a cell of the matrix to the pictures, by real processes."""

from __future__ import annotations

import base64
import io
import time
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.test import Client
from PIL import Image

from experiments.api import final_pictures, run_samples, sample_pictures
from experiments.api.run_samples import Shown
from experiments.datasets import samples
from experiments.models import Dataset
from experiments.training.contract.inference import IMAGES_METADATA
from experiments.training.data.image_files import Rendering
from experiments.training.data.images.pixel_scale import WHOLE_NUMBERS, Extremes, made_of
from runs.evaluation import cell_samples, class_scores, error_pictures
from runs.models import FinalResult, Run
from tests.experiments.datasets.requests import answer, check_all
from tests.experiments.datasets.test_samples import checked, image_of
from tests.experiments.training.datasets import with_class_folders, with_npz, write_image, zipped

pytestmark = pytest.mark.django_db
IDS = ["tulip/000.png", "rose/001.png", "tulip/002.png", "gone.png"]


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    class_scores.read.cache_clear()
    cell_samples._found.cache_clear()


def evaluated(user: User, source: str, version: str | None, ids: list[str] = IDS) -> Run:
    """Make a run whose samples are all false positives but the last, which is a true negative."""
    run = Run.objects.create(
        owner=user,
        experiment_name="r",
        source_path=source,
        dataset_hash=version,
        config={},
        seed=1,
        max_epochs=1,
        status="completed",
    )
    FinalResult.objects.create(
        run=run,
        split="test",
        epoch=0,
        threshold=0.5,
        class_names=["a", "b"],
        confusion_matrix=[[1, 3], [0, 0]],
        statistics={},
    )
    run.folder.mkdir(parents=True, exist_ok=True)
    columns = {"split": ["test"] * 4, "sample_id": ids, "patient_id": pa.array([None] * 4, pa.string())}
    columns |= {"label": [0] * 4, "score": [0.7, 0.9, 0.8, 0.1]}
    pq.write_table(pa.table(columns), run.folder / "predictions.parquet")
    return run


def of_files(user: User, source: Path, version: str | None, ids: list[str], **rendering: Any) -> Run:
    """Make such a run as trainings write them today: with the files that they read, just now."""
    run = evaluated(user, str(source), version, ids)
    path = run.folder / "predictions.parquet"
    sizes = [(source / name).stat().st_size if source.is_dir() else 0 for name in ids]
    if source.suffix == ".zip":
        with zipfile.ZipFile(source) as archive:
            sizes = [archive.getinfo(name).file_size for name in ids]
    table = pq.read_table(path).append_column("file", pa.array(ids)).append_column("file_bytes", pa.array(sizes))
    how = Rendering(**({"channels": 1, "read_at": time.time_ns()} | rendering))
    pq.write_table(table.replace_schema_metadata({IMAGES_METADATA: msgspec.json.encode(how)}), path)
    return run


NOTHING: dict[str, Any] = {"images": {}, "problems": {}, "columns": None, "rows": {}, "problem": None}


def asked(api: Client, run: Run, cell: str = "fp") -> Any:
    return answer(api.get(f"/api/runs/{run.pk}/final-samples/pictures/", {"cell": cell}), 200)


def test_samples_of_a_registered_data_set(api: Client, user: User, root: Path) -> None:
    name = checked(api, with_class_folders(root / "flowers", {"rose": 3, "tulip": 4}))
    version = Dataset.objects.get(name=name).content_hash
    run = evaluated(user, f"dataset:{name}", version)
    found = asked(api, run)
    assert (set(found["images"]), found["problem"]) == ({"tulip/000.png", "rose/001.png", "tulip/002.png"}, None)
    listed = answer(api.get(f"/api/datasets/{name}/samples/"), 200)["results"]
    for one in listed:
        if one["id"] in found["images"]:
            drawn, same = (np.asarray(image_of(api, place)) for place in (found["images"][one["id"]], one["image"]))
            assert drawn.tolist() == same.tolist()
    assert asked(api, run, "tn") == NOTHING  # the data set has no such file
    assert asked(api, run, "fn") == NOTHING


def test_other_data_than_the_run_had_are_not_shown(api: Client, user: User, root: Path) -> None:
    name = checked(api, with_class_folders(root / "flowers", {"rose": 3, "tulip": 4}))
    run = evaluated(user, f"dataset:{name}", Dataset.objects.get(name=name).content_hash)
    (root / "flowers" / "rose" / "000.png").write_bytes((root / "flowers" / "tulip" / "003.png").read_bytes())
    answer(api.post(f"/api/datasets/{name}/check/"), 202)
    check_all()
    found = asked(api, run)
    assert found["images"] == {}
    assert "since the run was submitted" in found["problem"]
    assert "did not note which files" in asked(api, evaluated(user, str(root / "flowers"), None))["problem"]


def test_a_built_in_data_set(api: Client, user: User) -> None:
    address = "/api/datasets/builtin:digits-is-8/samples/"
    ids = [one["id"] for one in answer(api.get(address), 200)["results"][:3]]
    found = asked(api, evaluated(user, "builtin:digits-is-8", None, [*ids, "x"]))
    assert set(found["images"]) == set(ids)
    assert {address.split("image/")[0][:14] for address in found["images"].values()} == {
        "/api/datasets/"
    }  # drawn already
    assert image_of(api, found["images"][ids[0]]).size == (8, 8)


def test_without_predictions_there_is_nothing_to_show(api: Client, client: Client, user: User) -> None:
    run = evaluated(user, "builtin:digits-is-8", None)
    address = f"/api/runs/{run.pk}/final-samples/pictures/"
    (run.folder / "predictions.parquet").unlink()
    assert asked(api, run) == NOTHING | {"problem": class_scores.GONE}
    assert api.get(address).status_code == 400
    assert client.get(address, {"cell": "fp"}).status_code == 401


PATHS = [f"tulip/{number:03d}.png" for number in range(4)]


def picture(api: Client, run: Run, place: int, size: str = "large") -> Any:
    return api.get(f"/api/runs/{run.pk}/final-samples/{place}/picture/", {"size": size})


def pixels_of(response: Any) -> Any:
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, max-age=86400, immutable"
    return np.asarray(Image.open(io.BytesIO(b"".join(response.streaming_content)), formats=("PNG",)))


@pytest.mark.parametrize("packed", [False, True])
def test_files_of_a_path_in_the_data_roots(api: Client, user: User, root: Path, packed: bool) -> None:
    source = with_class_folders(root / "flowers", {"tulip": 4})
    run = of_files(user, zipped(source) if packed else source, None, PATHS)
    found = asked(api, run)
    assert set(found["images"]) == set(PATHS[:3])
    assert (found["problems"], found["problem"]) == ({}, None)
    for number, name in enumerate(PATHS[:3]):
        assert pixels_of(api.get(found["images"][name])).tolist() == [[number] * 10] * 10
    assert pixels_of(picture(api, run, 2)).tolist() == [[2] * 10] * 10
    listed = answer(api.get(f"/api/runs/{run.pk}/files/"), 200)["files"]
    assert [one["name"] for one in listed] == ["predictions.parquet"]  # what is drawn is no file of the run


def test_with_thumbnails_the_pictures_are_in_the_answer(api: Client, user: User, root: Path) -> None:
    """Those that the run keeps came with the samples."""
    run = of_files(user, with_class_folders(root / "flowers", {"tulip": 4}), None, PATHS)
    with zipfile.ZipFile(run.folder / error_pictures.NAME, "w") as archive:
        archive.writestr("test/1.png", error_pictures.PNG)
    address = f"/api/runs/{run.pk}/final-samples/pictures/"
    images = answer(api.get(address, {"cell": "fp", "thumbnails": "true"}), 200)["images"]
    assert set(images) == {PATHS[0], PATHS[2]}
    for number in (0, 2):
        kind, _, text = images[PATHS[number]].partition(",")
        shown = Image.open(io.BytesIO(base64.b64decode(text)), formats=("PNG",))
        assert (kind, np.asarray(shown).tolist()) == ("data:image/png;base64", [[number] * 10] * 10)


def test_a_picture_is_drawn_once(api: Client, user: User, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = of_files(user, with_class_folders(root / "flowers", {"tulip": 4}), None, PATHS)
    first = asked(api, run)
    monkeypatch.setattr(samples, "made_by", None)
    assert asked(api, run) == first
    assert pixels_of(picture(api, run, 0, "small")).shape == (10, 10)


def test_the_scale_is_that_of_the_training(api: Client, user: User, root: Path) -> None:
    names = [f"{number}.png" for number in range(4)]
    (root / "deep").mkdir()
    for number, name in enumerate(names):
        Image.fromarray(np.full((300, 200), 1000 * number, np.uint16)).save(root / "deep" / name)
    scale = made_of([Extremes(WHOLE_NUMBERS, 0, 4095)])
    run = of_files(user, root / "deep", None, names, scale=scale)
    small, large = (pixels_of(picture(api, run, 3, size)) for size in ("small", "large"))
    assert (small.shape, large.shape) == ((160, 107), (300, 200))
    assert {*small.ravel(), *large.ravel()} == {round(3000 * 255 / 4095)}


def test_what_is_not_the_file_any_more_is_told(api: Client, user: User, root: Path) -> None:
    source = with_class_folders(root / "flowers", {"tulip": 4})
    (root.parent / "secret.png").write_bytes((source / PATHS[0]).read_bytes())
    run = of_files(user, source, None, PATHS)
    (source / PATHS[0]).unlink()
    (source / PATHS[0]).symlink_to(root.parent / "secret.png")
    (source / PATHS[1]).unlink()
    content = (source / PATHS[2]).read_bytes()
    (source / PATHS[2]).write_bytes(content)  # later than it was read
    (source / PATHS[3]).write_bytes(content + b"x")
    found = asked(api, run)
    assert found["images"] == {}
    assert "outside the data root" in found["problems"][PATHS[0]]
    assert "no longer there" in found["problems"][PATHS[1]]
    assert "was written after the run read it" in found["problems"][PATHS[2]]
    assert "another size" in asked(api, run, "tn")["problems"][PATHS[3]]
    refused = answer(picture(api, run, 2), 404)["detail"]
    assert "was written after the run read it" in refused


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "tulip", "tulip/\0.png", "x" * 5000])
def test_no_name_leads_out_of_the_data(api: Client, user: User, root: Path, name: str) -> None:
    source = with_class_folders(root / "flowers", {"tulip": 4})
    write_image(root.parent / "secret.png", 9)
    run = of_files(user, source, None, PATHS)
    path = run.folder / "predictions.parquet"
    table = pq.read_table(path)
    named = table.set_column(table.schema.get_field_index("file"), "file", pa.array([name, *PATHS[1:]]))
    pq.write_table(
        named.set_column(named.schema.get_field_index("file_bytes"), "file_bytes", pa.nulls(4, "int64")), path
    )
    found = asked(api, run)
    assert set(found["images"]) == set(PATHS[1:3])
    assert set(found["problems"]) == {PATHS[0]}


def test_hostile_and_damaged_files_are_told(api: Client, user: User, root: Path) -> None:
    source = with_class_folders(root / "flowers", {"tulip": 4})
    content = (source / PATHS[0]).read_bytes()
    (source / PATHS[0]).write_bytes(content[: len(content) // 2])
    (source / PATHS[1]).write_bytes(b"\x89PNG\r\n\x1a\n" + b"\xff" * 60)
    found = asked(api, of_files(user, source, None, PATHS))
    assert set(found["images"]) == {PATHS[2]}
    assert set(found["problems"]) == set(PATHS[:2])


def test_data_that_are_gone(api: Client, user: User, root: Path, settings: Any) -> None:
    source = with_class_folders(root / "flowers", {"tulip": 4})
    run = of_files(user, source, None, PATHS)
    source.rename(root / "elsewhere")
    assert "not where they were" in asked(api, run)["problem"]
    (root / "elsewhere").rename(source)
    settings.LIVETRAIN_DATA_ROOTS = [root / "other"]
    assert "not where they were" in asked(api, run)["problem"]
    assert "not where they were" in answer(picture(api, run, 0), 404)["detail"]


def test_a_medmnist_file(api: Client, user: User, root: Path, new_interpreters: None) -> None:
    run = of_files(user, with_npz(root / "m.npz"), None, ["test/0", "train/3", "val/1", "gone/7"])
    path = run.folder / "predictions.parquet"
    table = pq.read_table(path).drop_columns(["file", "file_bytes"])
    pq.write_table(table, path)
    found = asked(api, run)
    shown = {name: pixels_of(api.get(address))[0, 0] for name, address in found["images"].items()}
    assert shown == {"test/0": 18, "train/3": 3, "val/1": 13}
    assert "no longer there" in asked(api, run, "tn")["problems"]["gone/7"]


def test_registered_files_may_have_been_written_again(api: Client, user: User, root: Path) -> None:
    """The content hash of a check says that they are the same."""
    source = with_class_folders(root / "flowers", {"rose": 2, "tulip": 4})
    name = checked(api, source)
    run = of_files(user, source, Dataset.objects.get(name=name).content_hash, PATHS, read_at=1)
    run.source_path = f"dataset:{name}"
    run.save()
    assert set(asked(api, run)["images"]) == set(PATHS[:3])


@pytest.mark.parametrize("numbered", [False, True])
def test_rows_of_a_table(api: Client, user: User, root: Path, numbered: bool) -> None:
    rows: list[list[Any]] = [[f"r{number}", number * 1.5, number % 2] for number in range(20)]
    head = ["id", "age", "target"]
    text = "\n".join(",".join(map(str, row[numbered:])) for row in [head, *rows])
    (root / "t.csv").write_text(text + "\n")
    ids = ["3", "1", "2", "20"] if numbered else ["r2", "r0", "r1", "r19"]
    found = asked(api, evaluated(user, str(root / "t.csv"), None, ids))
    assert found["columns"] == head[numbered:]
    wanted = {
        ids[at]: [f"r{number}", str(number * 1.5), str(number % 2)][numbered:] for at, number in enumerate((2, 0, 1))
    }
    assert found["rows"] == wanted
    assert found["problem"] is None


def test_rows_of_the_built_in_table(api: Client, user: User) -> None:
    found = asked(api, evaluated(user, "builtin:breast-cancer", None, ["000", "019", "020", "021"]))
    assert found["columns"][:2] == ["class", "mean radius"]
    assert {name: cells[:2] for name, cells in found["rows"].items()} == {
        "000": ["malignant", "17.99"],
        "019": ["benign", "13.54"],
        "020": ["benign", "13.08"],
    }


def test_pictures_of_others(api: Client, client: Client, user: User, root: Path) -> None:
    run = of_files(user, with_class_folders(root / "flowers", {"tulip": 4}), None, PATHS)
    address = f"/api/runs/{run.pk}/final-samples/0/picture/"
    assert client.get(address).status_code == 401
    assert api.get(f"/api/runs/{run.pk}/final-samples/9/picture/").status_code == 404
    assert api.get(address, {"size": "huge"}).status_code == 400
    Run.objects.filter(pk=run.pk).update(deleted_at="2026-01-01T00:00:00Z")
    assert api.get(address).status_code == 404


@pytest.mark.parametrize("place", [4, 10**9, 2**63, 10**30])
def test_places_that_the_split_has_not(api: Client, user: User, root: Path, place: int) -> None:
    run = of_files(user, with_class_folders(root / "flowers", {"tulip": 4}), None, PATHS)
    assert class_scores.NO_PLACE in answer(picture(api, run, place), 404)["detail"]


def test_no_pictures_of_a_former_attempt_while_the_run_goes_on(api: Client, user: User, root: Path) -> None:
    run = of_files(user, with_class_folders(root / "flowers", {"tulip": 4}), None, PATHS)
    Run.objects.filter(pk=run.pk).update(status="in_progress", attempt=2)
    assert answer(picture(api, run, 0), 404)["detail"] == sample_pictures.NOT_YET
    assert not (run.folder / ".pictures").exists()


def test_a_picture_that_is_removed_meanwhile(
    api: Client, user: User, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = of_files(user, with_class_folders(root / "flowers", {"tulip": 4}), None, PATHS)
    monkeypatch.setattr(run_samples, "shown", lambda *_: Shown({0: run.folder / "gone.png"}, {}))
    assert answer(picture(api, run, 0), 404)["detail"] == final_pictures.MADE_ROOM


@pytest.mark.parametrize("metadata", [b"[]", b"{", b'{"read_at": "x"}', b'{"channels": 1}'])
def test_metadata_that_say_nothing_are_as_good_as_none(api: Client, user: User, root: Path, metadata: bytes) -> None:
    source = with_class_folders(root / "flowers", {"tulip": 4})
    name = checked(api, source)
    run = of_files(user, source, Dataset.objects.get(name=name).content_hash, PATHS)
    path = run.folder / "predictions.parquet"
    pq.write_table(pq.read_table(path).replace_schema_metadata({IMAGES_METADATA: metadata}), path)
    assert set(asked(api, run)["images"]) == set(PATHS[:3])


@pytest.mark.parametrize("labels", [[None, 0, 0, 0], ["x", "y", "z", "a"]])
def test_labels_that_are_none_are_told(api: Client, user: User, root: Path, labels: list[Any]) -> None:
    run = of_files(user, with_class_folders(root / "flowers", {"tulip": 4}), None, PATHS)
    path = run.folder / "predictions.parquet"
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.schema.get_field_index("label"), "label", pa.array(labels)), path)
    assert "cannot be read" in answer(picture(api, run, 0), 404)["detail"]


def test_pictures_take_a_bounded_part_of_the_disk(
    api: Client, user: User, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = of_files(user, with_class_folders(root / "flowers", {"tulip": 4}), None, PATHS)
    asked(api, run)
    folder = run.folder / run_samples.FOLDER
    kept = {path.name: path.stat().st_ino for path in folder.iterdir()}
    size = sum(path.stat().st_size for path in folder.iterdir())
    monkeypatch.setattr(run_samples, "MOST_BYTES", size)
    asked(api, run)
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == kept
    monkeypatch.setattr(run_samples, "MOST_BYTES", size - 1)
    asked(api, run, "tn")
    assert [path.name for path in folder.iterdir()] == [f"test-{run.attempt}-160-3.png"]
