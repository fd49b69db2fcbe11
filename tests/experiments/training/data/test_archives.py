"""Hostile zips are refused before anything of them is unpacked."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import archives
from experiments.training.data.files.archives import Archive
from tests.experiments.training.datasets import with_csv, zipped


def packed(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        Archive(path)
    assert caught.value.field == "source_path"
    return caught.value.message


def special(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (mode | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("/etc/passwd", "absolute"),
        ("C:/windows/x.png", "absolute"),
        ("a/../../x.png", "'..'"),
        ("..", "'..'"),
        ("a\\b.png", "backslash"),
    ],
)
def test_names_that_leave_the_archive(tmp_path: Path, name: str, problem: str) -> None:
    message = refusal(packed(tmp_path / "x.zip", ("fine.png", b"1"), (name, b"1")))
    assert problem in message
    assert repr(name) in message


@pytest.mark.parametrize(
    ("mode", "problem"),
    [(stat.S_IFLNK, "symbolic link"), (stat.S_IFIFO, "not a regular file"), (stat.S_IFCHR, "regular")],
)
def test_entries_that_are_no_files(tmp_path: Path, mode: int, problem: str) -> None:
    assert problem in refusal(packed(tmp_path / "x.zip", (special("a.png", mode), b"/etc/passwd")))


def test_a_single_entry_that_explodes(tmp_path: Path) -> None:
    path = packed(tmp_path / "bomb.zip", ("a.png", bytes(8 * 2**20)))
    assert path.stat().st_size < 10_000
    assert "200 times" in refusal(path)


def test_many_entries_that_explode_together(tmp_path: Path) -> None:
    path = packed(tmp_path / "bomb.zip", *[(f"{n}.png", bytes(900_000)) for n in range(4)])
    assert "zip bomb" in refusal(path)


def test_a_small_repetitive_file_is_no_bomb(tmp_path: Path) -> None:
    path = packed(tmp_path / "fine.zip", ("flat.bmp", bytes(900_000)))
    assert Archive(path).sizes == {"flat.bmp": 900_000}


@pytest.mark.parametrize(
    ("limit", "value", "problem"),
    [
        ("MAX_ENTRIES", 2, "3 entries"),
        ("MAX_FILE_BYTES", 1500, "at most"),
        ("MAX_TOTAL_BYTES", 4000, "unpacks to"),
        ("MAX_DIRECTORY_BYTES", 100, "table of contents"),
    ],
)
def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, problem: str) -> None:
    content = bytes(range(256)) * 8  # 2,048 bytes
    path = packed(tmp_path / "x.zip", *[(f"{n}.png", content) for n in range(3)], method=zipfile.ZIP_STORED)
    assert len(Archive(path).sizes) == 3
    monkeypatch.setattr(archives, limit, value)
    assert problem in refusal(path)


def test_the_same_name_twice(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = packed(tmp_path / "x.zip", ("a.png", b"1"), ("a.png", b"2"))
    assert "same name twice" in refusal(path)


def test_methods_that_unpack_without_bound(tmp_path: Path) -> None:
    assert "compression" in refusal(packed(tmp_path / "x.zip", ("a.png", b"1"), method=zipfile.ZIP_LZMA))


def test_encrypted_entries(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("a.png", b"1"))
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(signature) + offset
        content[at : at + 2] = struct.pack("<H", 1)
    path.write_bytes(content)
    assert "encrypted" in refusal(path)


def test_an_entry_that_lies_about_its_size_yields_no_more_than_it_declared(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", ("a.png", bytes(3 * 2**20)))
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(signature) + offset
        content[at : at + 4] = struct.pack("<I", 100)
    path.write_bytes(content)
    archive = Archive(path)
    assert archive.sizes == {"a.png": 100}
    with archive.open("a.png") as file, pytest.raises(zipfile.BadZipFile):
        file.read()


def test_a_zip_is_read_where_it_lies(tmp_path: Path) -> None:
    path = zipped(with_csv(tmp_path / "x"))
    before = sorted(tmp_path.rglob("*"))
    archive = Archive(path)
    with archive.open("images/003.png") as file:
        assert file.read() == (tmp_path / "x" / "images" / "003.png").read_bytes()
    archive.close()
    assert sorted(tmp_path.rglob("*")) == before
