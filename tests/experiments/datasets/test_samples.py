"""Samples to look at: real processes over real files, hostile ones among them."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from experiments.datasets import sample_source, samples
from experiments.models import Dataset
from experiments.training.data.inspection.sample_process import SIDE
from tests.experiments.datasets.requests import API, answer, check_all, errors, registered
from tests.experiments.training.datasets import with_class_folders, with_csv, with_npz, write_csv, write_image, zipped
from tests.experiments.training.scans import write_scan

pytestmark = pytest.mark.django_db


def checked(api: Client, path: Path) -> str:
    name = registered(api, path)["name"]
    check_all()
    return str(name)


def looked_at(api: Client, name: str, **asked: Any) -> Any:
    return answer(api.get(f"{API}{name}/samples/", asked), 200)


def image_of(api: Client, address: str) -> Image.Image:
    response: Any = api.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"].startswith("private")
    return Image.open(io.BytesIO(b"".join(response.streaming_content)), formats=("PNG",))


def test_images_of_a_class_page_by_page(
    api: Client, root: Path, monkeypatch: pytest.MonkeyPatch, new_interpreters: None
) -> None:
    monkeypatch.setattr(samples, "PAGE_SIZE", 3)
    name = checked(api, zipped(with_class_folders(root / "flowers", {"rose": 2, "tulip": 5})))
    first = looked_at(api, name, **{"class": "tulip"})
    assert (first["total"], first["pages"], first["problem"], first["columns"]) == (5, 2, None, None)
    assert [(one["id"], one["class"]) for one in first["results"]] == [
        (f"tulip/00{number}.png", "tulip") for number in range(3)
    ]
    second = looked_at(api, name, **{"class": "tulip", "page": 2})
    assert [one["id"] for one in second["results"]] == ["tulip/003.png", "tulip/004.png"]
    assert np.asarray(image_of(api, second["results"][1]["image"])).tolist() == [[104] * 10] * 10
    assert looked_at(api, name)["total"] == 7


def test_a_few_of_each_class(api: Client, root: Path) -> None:
    name = checked(api, with_class_folders(root / "flowers", {"rose": 2, "tulip": 30, "violet": 7}))
    found = looked_at(api, name, by="class")
    assert (found["total"], found["pages"]) == (39, 1)
    assert Counter(one["class"] for one in found["results"]) == {"rose": 2, "tulip": 8, "violet": 7}  # 24 / 3 of each
    assert [one["id"] for one in found["results"][2:4]] == ["tulip/000.png", "tulip/001.png"]
    assert image_of(api, found["results"][-1]["image"]).size == (10, 10)


def test_large_images_become_small_and_keep_their_proportions(api: Client, root: Path) -> None:
    write_image(root / "d" / "a" / "wide.png", 7, size=(800, 400))
    deep = np.full((300, 300), 32768, np.uint16)
    (root / "d" / "b").mkdir()
    Image.fromarray(deep).save(root / "d" / "b" / "deep.png")
    [wide, grey] = looked_at(api, checked(api, root / "d"))["results"]
    assert image_of(api, wide["image"]).size == (SIDE, SIDE // 2)
    assert np.asarray(image_of(api, grey["image"])).max() == 128  # 32768 of 65535, as a training sees it


def test_a_medmnist_file(api: Client, root: Path) -> None:
    found = looked_at(api, checked(api, with_npz(root / "m.npz")), **{"class": "1"})
    assert found["total"] == 12
    assert [(one["split"], one["number"]) for one in found["results"][5:8]] == [("train", 11), ("val", 13), ("val", 15)]
    assert np.asarray(image_of(api, found["results"][7]["image"])).tolist() == [[15] * 10] * 10


def test_a_scan_as_a_viewer_shows_it(api: Client, root: Path) -> None:
    write_scan(root / "d" / "a" / "1.dcm")
    write_scan(root / "d" / "b" / "2.dcm", PhotometricInterpretation="MONOCHROME1", PatientID="p2")
    [plain, inverted] = looked_at(api, checked(api, root / "d"))["results"]
    ramp = np.arange(64).reshape(8, 8) * 255 / 63  # from the lowest value to the highest
    assert np.abs(np.asarray(image_of(api, plain["image"])) - ramp).max() <= 0.5
    assert np.abs(np.asarray(image_of(api, inverted["image"])) - (255 - ramp)).max() <= 0.5


def test_pictures_share_the_scale_of_the_data_set(api: Client, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dim image of 12 bits in a file of 16 stays dim, on whatever page it is, and the others are not black."""
    monkeypatch.setattr(samples, "PAGE_SIZE", 3)
    ramp = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)
    for number in range(6):
        path = root / "d" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(ramp // (8 if number == 5 else 1)).save(path)
    name = checked(api, root / "d")
    pages = [looked_at(api, name, page=number)["results"] for number in (1, 2)]
    shown = {row["id"]: np.asarray(image_of(api, row["image"])) for rows in pages for row in rows}
    assert np.abs(shown["a/0.png"] - ramp * 255.0 / 4095).max() <= 1
    assert shown["b/5.png"].max() == round(4095 // 8 * 255 / 4095)


def test_pictures_are_upright_opaque_and_of_the_colours_of_the_training(api: Client, root: Path) -> None:
    folder = root / "d" / "a"
    folder.mkdir(parents=True)
    exif = Image.Exif()
    exif[0x112] = 6
    stored = np.zeros((40, 60), np.uint8)
    stored[:, :20] = 250  # to the left as it is stored, on top when it is turned
    Image.fromarray(stored).convert("RGB").save(folder / "turned.jpg", exif=exif, quality=95)
    Image.new("RGBA", (30, 30), (0, 0, 0, 0)).save(folder / "nothing.png")
    write_image(root / "d" / "b" / "grey.png", 9)
    results = {row["id"]: row["image"] for row in looked_at(api, checked(api, root / "d"))["results"]}
    turned = image_of(api, results["a/turned.jpg"])
    assert (turned.size, turned.mode) == ((40, 60), "L")
    assert np.asarray(turned)[:15].min() > 230
    assert np.asarray(image_of(api, results["a/nothing.png"])).min() == 255


def test_a_table_shows_its_first_rows(api: Client, root: Path) -> None:
    rows = [[number, f"<b>{number}</b>", number % 2] for number in range(40)]
    write_csv(root / "t.csv", rows, header=("size", "colour", "Target"))
    found = looked_at(api, checked(api, root / "t.csv"))
    assert (found["columns"], found["total"], found["results"]) == (["size", "colour", "Target"], 40, [])
    assert found["rows"] == [[str(number), f"<b>{number}</b>", str(number % 2)] for number in range(10)]


def bomb() -> bytes:
    """Make a small PNG that claims to be 9,000 x 9,000."""
    header = struct.pack(">IIBBBBB", 9_000, 9_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    made = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def test_what_is_broken_or_too_large_is_named_and_the_rest_is_shown(api: Client, root: Path) -> None:
    name = checked(api, with_csv(root / "d"))
    folder = root / "d" / "images"
    (folder / "001.png").write_bytes(bomb())
    (folder / "003.png").write_bytes(b"GIF89a" + b"\0" * 50)
    (folder / "005.png").write_bytes((folder / "005.png").read_bytes()[:-30])
    dataset = Dataset.objects.get(name=name)
    answer(api.post(f"{API}{name}/check/"), 202)
    check_all()
    dataset.refresh_from_db()
    assert dataset.state == "ready"  # as data.skip_unreadable is the cure, nothing is refused
    results = {one["id"]: one for one in looked_at(api, name)["results"]}
    assert "pixels are too many" in results["001"]["problem"]
    assert "not a PNG, JPEG, BMP, TIFF, GIF, WebP, PGM, PPM or JPEG 2000 image" in results["003"]["problem"]
    assert results["005"]["problem"]
    assert results["001"]["image"] is None
    assert image_of(api, results["000"]["image"]).size == (10, 10)


def test_a_link_that_was_put_there_later_leads_nowhere(api: Client, root: Path, tmp_path: Path) -> None:
    name = checked(api, with_csv(root / "d"))
    write_image(tmp_path / "secret.png", 200)
    (root / "d" / "images" / "001.png").unlink()
    (root / "d" / "images" / "001.png").symlink_to(tmp_path / "secret.png")
    found = looked_at(api, name)
    assert "leads outside the data root" in found["problem"]
    assert found["results"] == []


def test_pictures_go_with_their_version_and_their_data_set(api: Client, root: Path) -> None:
    name = checked(api, with_csv(root / "d"))
    [first, *_] = looked_at(api, name)["results"]
    before = samples.folder_of(sample_source.of_dataset(Dataset.objects.get(name=name)))
    write_image(root / "d" / "images" / "000.png", 99)
    assert "has changed" not in json.dumps(looked_at(api, name))  # of the version that was checked there are pictures
    answer(api.post(f"{API}{name}/check/"), 202)
    check_all()
    assert answer(api.get(first["image"]), 404)["detail"].startswith("That sample has no picture")
    [again, *_] = looked_at(api, name)["results"]
    assert np.asarray(image_of(api, again["image"])).max() == 99
    after = samples.folder_of(sample_source.of_dataset(Dataset.objects.get(name=name)))
    assert (before.exists(), after.exists()) == (False, True)
    answer(api.delete(f"{API}{name}/"), 204)
    assert not after.exists()


def test_nothing_is_shown_without_login_or_before_the_check(api: Client, client: Client, root: Path) -> None:
    name = registered(api, with_csv(root / "d"))["name"]
    assert "when it is ready" in answer(api.get(f"{API}{name}/samples/"), 409)["detail"]
    check_all()
    for path in (f"{API}{name}/samples/", f"{API}{name}/samples/0/image/"):
        assert client.get(path).status_code == 401
    assert answer(api.get(f"{API}{name}/samples/0/image/"), 404)
    assert answer(api.get(f"{API}none/samples/"), 404)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"class": "9"}, "class"),
        ({"page": 0}, "page"),
        ({"page": 999}, "page"),
        ({"q": 1}, "q"),
        ({"by": "size"}, "by"),
        ({"by": "class", "class": "0"}, "by"),
        ({"by": "class", "page": 2}, "by"),
    ],
)
def test_wrong_parameters_are_named(api: Client, root: Path, asked: dict[str, Any], field: str) -> None:
    name = checked(api, with_csv(root / "d"))
    assert list(errors(api.get(f"{API}{name}/samples/", asked))) == [field]


def test_a_process_that_dies_is_an_answer(api: Client, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = checked(api, with_csv(root / "d"))
    monkeypatch.setattr(samples, "_MODULE", "tests.experiments.datasets.no_such_module")
    found = looked_at(api, name)
    assert "has died" in found["problem"]


def test_the_process_bounds_its_memory() -> None:
    """What asks for more than that gets a MemoryError, which is an answer, and not the machine's memory."""
    code = (
        "from experiments.training.data.inspection import isolation, sample_process as samples\n"
        "isolation.bound(address_space=samples.MEMORY_BYTES)\n"
        "bytearray(samples.MEMORY_BYTES)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.rstrip().endswith("MemoryError")
