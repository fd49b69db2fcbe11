"""Uploads in pieces, as clients send them: what is told, what is refused, what remains."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from experiments.datasets import storage, uploads
from experiments.models import Dataset, Upload, uploads_root
from tests.experiments.datasets.requests import (
    API,
    UPLOADS,
    answer,
    check_all,
    errors,
    opened,
    patch,
    post,
    state_of,
    uploaded,
)
from tests.experiments.training.datasets import with_csv, with_npz, write_csv, zipped
from tests.tokens import new_token

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return zipped(with_csv(tmp_path / "Röntgen 2"))


def stored() -> list[Path]:
    """Return the folders of all uploads."""
    root = uploads_root()
    return list(root.iterdir()) if root.is_dir() else []


def test_a_file_in_pieces_becomes_a_data_set(api: Client, archive: Path, user: User) -> None:
    content = archive.read_bytes()
    upload = opened(api, archive.name, len(content))
    assert (upload["name"], upload["size"], upload["received"]) == ("rontgen-2", len(content), 0)
    assert upload["piece_bytes"] == 8 * 2**20
    half = len(content) // 2
    response = patch(api, upload, 0, content[:half])
    assert answer(response, 200)["received"] == half
    assert response.headers["Upload-Offset"] == str(half)
    assert answer(api.get(upload["links"]["self"]), 200)["received"] == half
    assert answer(api.get(UPLOADS), 200)["results"][0]["id"] == upload["id"]
    [listed] = answer(api.get(API), 200)["results"]
    assert (listed["state"], listed["progress"]["bytes_done"]) == ("uploading", half)
    dataset = answer(patch(api, upload, half, content[half:]), 201)
    assert (dataset["state"], dataset["source_path"], dataset["kind"]) == ("waiting", "dataset:rontgen-2", "upload")
    answer(api.get(upload["links"]["self"]), 404)
    row = Dataset.objects.get()
    assert row.location.read_bytes() == content
    assert (row.owner, stat.S_IMODE(row.location.stat().st_mode) & 0o007) == (user, 0)


def test_a_checked_upload_tells_version_and_classes(api: Client, tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "lungs")
    uploaded(api, zipped(folder), sha256=sha256((tmp_path / "lungs.zip").read_bytes()).hexdigest())
    check_all()
    dataset = answer(api.get(f"{API}lungs/"), 200)
    assert (dataset["state"], dataset["problem"], dataset["layout"], dataset["files"]) == ("ready", None, "zip", 11)
    assert dataset["classes"] == [{"name": "0", "samples": 5}, {"name": "1", "samples": 5}]
    assert dataset["size"] == sum(path.stat().st_size for path in folder.rglob("*.*"))
    assert len(dataset["content_hash"]) == 64


@pytest.mark.parametrize(
    ("make", "layout", "samples"),
    [
        (lambda path: with_npz(path / "mnist.npz"), "npz", 24),
        (lambda path: _table(path / "rows.csv"), "file", 10),
    ],
)
def test_other_files_than_zips(
    api: Client, tmp_path: Path, make: Callable[[Path], Path], layout: str, samples: int
) -> None:
    path = make(tmp_path)
    uploaded(api, path)
    check_all()
    dataset = answer(api.get(f"{API}{path.stem}/"), 200)
    assert (dataset["state"], dataset["layout"]) == ("ready", layout)
    assert sum(one["samples"] for one in dataset["classes"]) == samples


def _table(path: Path) -> Path:
    write_csv(path, [(number, number % 2, number * 1.5) for number in range(10)], ("patientId", "Target", "age"))
    return path


@pytest.mark.parametrize(
    ("change", "field", "cure"),
    [
        ({"filename": "lungs.tar.gz"}, "filename", "Pack a folder as a zip"),
        ({"filename": "lungs"}, "filename", ".zip, .npz, .csv, .tsv or .parquet"),
        ({"filename": None}, "filename", "null"),
        ({"size": 0}, "size", "greater than or equal to 1"),
        ({"size": "many"}, "size", "integer"),
        ({"size": 2**30 + 1}, "size", "1 GiB"),
        ({"size": 2**70}, "size", "less than or equal"),
        ({"name": "Lungs!"}, "name", "Try 'lungs'"),
        ({"name": "uploads"}, "name", "choose another"),
        ({"name": "../x"}, "name", "lower-case"),
        ({"name": "a" * 65}, "name", "at most 64"),
        ({"filename": "肺.zip"}, "name", "lower-case"),
        ({"sha256": "xyz"}, "sha256", "64 digits"),
        ({"nmae": "x"}, "nmae", "possible are"),
    ],
)
def test_each_wrong_field_of_an_opening_is_named(
    api: Client, settings: Settings, change: dict[str, Any], field: str, cure: str
) -> None:
    settings.UPLOAD_LIMIT_BYTES = 2**30
    assert cure in errors(post(api, UPLOADS, {"filename": "lungs.zip", "size": 10} | change))[field]
    assert not Dataset.objects.exists()
    assert stored() == []


@pytest.mark.parametrize("body", [[], "x", None, 3])
def test_an_opening_that_is_no_object_is_refused(api: Client, body: Any) -> None:
    assert post(api, UPLOADS, body).status_code == 400


def test_a_name_is_given_once(api: Client) -> None:
    opened(api, "lungs.zip", 10)
    assert "already" in errors(post(api, UPLOADS, {"filename": "lungs.zip", "size": 10}))["name"]
    opened(api, "lungs.zip", 10, name="lungs-2")


def test_a_wrong_offset_is_told_the_right_one(api: Client) -> None:
    upload = opened(api, "t.csv", 10)
    answer(patch(api, upload, 0, b"01234"), 200)
    for offset in (0, 4, 6, 10):
        response = patch(api, upload, offset, b"56789")
        assert answer(response, 409)["received"] == 5
        assert response.headers["Upload-Offset"] == "5"
    answer(patch(api, upload, 5, b"56789"), 201)
    assert Dataset.objects.get().location.read_bytes() == b"0123456789"


@pytest.mark.parametrize("offset", ["", "-1", "five", "1.0", "9" * 30])
def test_an_offset_that_is_no_number_is_refused(api: Client, offset: str) -> None:
    assert "GET the upload" in errors(patch(api, opened(api, "t.csv", 10), offset, b"x"))["Upload-Offset"]


def test_more_than_was_announced_is_refused_and_nothing_of_it_kept(api: Client) -> None:
    upload = opened(api, "t.csv", 10)
    answer(patch(api, upload, 0, b"01234"), 200)
    assert "announced size" in answer(patch(api, upload, 5, b"567890"), 413)["detail"]
    assert answer(api.get(upload["links"]["self"]), 200)["received"] == 5
    assert Dataset.objects.get().location.read_bytes() == b"01234"


def test_a_piece_has_a_limit(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PIECE_LIMIT", 2**21)
    upload = opened(api, "t.csv", 2**23)
    assert "smaller ones" in answer(patch(api, upload, 0, bytes(2**21 + 1)), 413)["detail"]
    answer(patch(api, upload, 0, bytes(2**21)), 200)


def test_a_full_disk_keeps_what_arrived(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = opened(api, "t.csv", 10)
    answer(patch(api, upload, 0, b"01234"), 200)
    real = os.pwrite

    def full(file: int, block: bytes, offset: int) -> int:
        if offset > 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, block[:2], offset)  # a disk that is nearly full writes less than it was asked to

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        assert "5 bytes are safe" in answer(patch(api, upload, 5, b"56789"), 507)["detail"]
    assert Dataset.objects.get().location.read_bytes() == b"01234"
    answer(patch(api, upload, 5, b"56789"), 201)
    assert Dataset.objects.get().location.read_bytes() == b"0123456789"


def test_a_disk_without_room_refuses_the_opening(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room that open uploads have still to fill is not there for others."""
    free = storage.RESERVE_BYTES + 1000
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10**12, 0, free))
    assert "free some space" in answer(post(api, UPLOADS, {"filename": "a.csv", "size": 1001}), 507)["detail"]
    opened(api, "a.csv", 600)
    assert answer(post(api, UPLOADS, {"filename": "b.csv", "size": 600}), 507)
    opened(api, "b.csv", 400)


def test_open_uploads_are_few(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "OPEN_PER_USER", 2)
    opened(api, "a.csv", 10)
    opened(api, "b.csv", 10)
    assert "finish or delete" in errors(post(api, UPLOADS, {"filename": "c.csv", "size": 10}))[""]


def test_a_dropped_upload_leaves_nothing(api: Client) -> None:
    upload = opened(api, "a.csv", 10)
    answer(patch(api, upload, 0, b"01234"), 200)
    answer(api.delete(upload["links"]["self"]), 204)
    answer(patch(api, upload, 5, b"56789"), 404)
    assert stored() == []
    assert not Dataset.objects.exists()


def test_an_upload_whose_file_is_gone_is_over(api: Client) -> None:
    upload = opened(api, "a.csv", 10)
    shutil.rmtree(uploads_root())
    answer(patch(api, upload, 0, b"01234"), 404)
    opened(api, "a.csv", 10)


def test_idle_uploads_expire_and_orphaned_folders_go(api: Client) -> None:
    old, new = opened(api, "old.csv", 10), opened(api, "new.csv", 10)
    Upload.objects.filter(pk=old["id"]).update(updated_at=timezone.now() - uploads.IDLE - timedelta(seconds=1))
    for name, age in (("orphan", storage.ORPHAN_SECONDS + 60), ("fresh", 0)):
        (uploads_root() / name).mkdir()
        moment = timezone.now().timestamp() - age
        os.utime(uploads_root() / name, (moment, moment))
    uploads.expire()
    assert [upload.pk.hex for upload in Upload.objects.all()] == [new["id"].replace("-", "")]
    assert {folder.name for folder in stored()} == {new["id"].replace("-", ""), "fresh"}


def test_uploads_are_their_owners(api: Client, client: Client) -> None:
    upload = opened(api, "a.csv", 10)
    for stranger, status in ((client, 401), (_client_of("eve"), 404)):
        for call in (stranger.get, stranger.delete):
            answer(call(upload["links"]["self"]), status)
        answer(patch(stranger, upload, 0, b"0123456789"), status)
    assert answer(_client_of("eve").get(UPLOADS), 200)["results"] == []
    answer(post(client, UPLOADS, {"filename": "b.csv", "size": 10}), 401)


def _client_of(name: str) -> Client:
    user, _ = User.objects.get_or_create(username=name)
    return Client(headers={"authorization": f"Token {new_token(user)}"})


def test_a_session_needs_its_csrf_token(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    answer(post(client, UPLOADS, {"filename": "b.csv", "size": 10}), 403)


def hostile(path: Path, name: str, content: bytes = b"x", *, mode: int = 0) -> bytes:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, content)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (("../../evil.png",), "contains '..'"),
        (("/etc/evil.png",), "absolute path"),
        (("link.png", b"/etc/passwd"), "symbolic link"),
        (("bomb.png", bytes(64 * 2**20)), "zip bomb"),
    ],
)
def test_a_hostile_zip_is_refused_and_removed(api: Client, tmp_path: Path, entry: tuple[Any, ...], fault: str) -> None:
    mode = stat.S_IFLNK | 0o777 if entry[0] == "link.png" else 0
    content = hostile(tmp_path / "evil.zip", *entry, mode=mode)
    upload = opened(api, "evil.zip", len(content))
    assert fault in errors(patch(api, upload, 0, content))["file"]
    assert stored() == []
    assert not Dataset.objects.exists()
    assert not list(tmp_path.glob("**/evil.png"))


def test_what_is_no_zip_is_refused_and_removed(api: Client) -> None:
    upload = opened(api, "x.zip", 100)
    assert "not a zip file" in errors(patch(api, upload, 0, b"PK\x03\x04" + bytes(96)))["file"]
    assert stored() == []


def test_a_file_damaged_on_its_way_is_refused_and_removed(api: Client, archive: Path) -> None:
    uploaded(api, archive, name="lungs", sha256="0" * 64)
    check_all()
    state, problem = state_of("lungs")
    assert state == "refused"
    assert sha256(archive.read_bytes()).hexdigest() in (problem or "")
    assert stored() == []
    answer(api.delete(f"{API}lungs/"), 204)


def test_a_zip_with_a_damaged_entry_is_refused_and_removed(api: Client, tmp_path: Path) -> None:
    """Its table of contents is fine, so only reading it all tells."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a/1.png", b"right")
    (tmp_path / "x.zip").write_bytes((tmp_path / "x.zip").read_bytes().replace(b"right", b"wrong"))
    uploaded(api, tmp_path / "x.zip")
    check_all()
    assert state_of("x") == (
        "refused",
        "a/1.png cannot be read (Bad CRC-32 for file 'a/1.png'); copy or pack the data again.",
    )
    assert stored() == []


def test_data_that_default_options_cannot_read_are_kept_with_the_reason(api: Client, tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [(1, 2, 3)], ("u", "v", "w"))
    uploaded(api, tmp_path / "t.csv")
    check_all()
    state, problem = state_of("t")
    assert state == "ready"
    assert "Target" in (problem or "")
