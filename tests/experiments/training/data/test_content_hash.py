"""The version of a data set: what coreutils say of it, whatever the packing and the order on disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.archives import Archive
from experiments.training.data.files.content_hash import BATCH_FILES, content_hash
from experiments.training.data.files.folders import Files, Folder, LoneFile
from tests.experiments.training.datasets import with_csv, with_npz, zipped

COREUTILS = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"


def of(files: Files, threads: int = 2) -> str:
    try:
        return content_hash(files, lambda _files, _bytes: None, threads=threads)
    finally:
        files.close()


def of_folder(path: Path) -> str:
    return of(Folder(path, path))


def test_it_is_what_sha256sum_says(tmp_path: Path) -> None:
    """Names that sort differently by letters, by parts and by bytes, and one that sha256sum has to escape."""
    folder = with_csv(tmp_path / "data")
    for name in ("a/b.png", "a-b.png", "a b.png", "ä.png", "Z.png", "𝔸.png", "\uff21.png", "back\\slash", "new\nline"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(name.encode())
    (folder / "large.bin").write_bytes(os.urandom(3_000_000))
    said = subprocess.run(COREUTILS, shell=True, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert of_folder(folder) == said.split()[0]


def test_a_copy_and_a_zip_have_the_same_version_as_the_folder(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "data")
    copy = tmp_path / "copy"
    for path in sorted(folder.rglob("*.*"), reverse=True):  # another order on disk, other times
        target = copy / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (copy / ".DS_Store").write_text("what file managers leave behind")
    assert of_folder(copy) == of_folder(folder) == of(Archive(zipped(folder)))


def test_the_order_in_the_zip_and_its_compression_do_not_count(tmp_path: Path) -> None:
    files = [("b.png", b"2" * 1000), ("a.png", b"1" * 1000)]
    for number, (method, order) in enumerate([(zipfile.ZIP_STORED, files), (zipfile.ZIP_DEFLATED, files[::-1])]):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w", method) as archive:
            for name, content in order:
                archive.writestr(name, content)
    assert of(Archive(tmp_path / "0.zip")) == of(Archive(tmp_path / "1.zip"))


@pytest.mark.parametrize("change", ["content", "name", "new", "gone", "moved"])
def test_every_change_is_another_version(tmp_path: Path, change: str) -> None:
    folder = with_csv(tmp_path / "data")
    before, image = of_folder(folder), folder / "images" / "003.png"
    if change == "content":
        image.write_bytes(image.read_bytes()[:-1] + b"x")
    elif change == "name":
        image.rename(folder / "images" / "03.png")
    elif change == "new":
        (folder / "empty.txt").touch()
    elif change == "gone":
        image.unlink()
    else:
        image.rename(folder / "003.png")
    assert of_folder(folder) != before


def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    for number in range(3 * BATCH_FILES + 1):
        (tmp_path / f"{number}.txt").write_text(str(number))
    assert {of(Folder(tmp_path, tmp_path), threads) for threads in (1, 2, 5)} == {of_folder(tmp_path)}


def test_progress_ends_with_everything(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "data")
    files, reported = Folder(folder, folder), []
    content_hash(files, lambda done, size: reported.append((done, size)))
    assert reported[-1] == (len(files.sizes), sum(files.sizes.values()))


def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", b"right")
        archive.writestr("b.png", b"right")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"right", b"wrong", 1))
    with pytest.raises(SourceError, match=r"a\.png cannot be read"):
        of(Archive(path))


def test_single_files(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,Target\n1,0\n")
    assert of(LoneFile(tmp_path / "t.csv")) == of_folder(tmp_path)
    arrays = with_npz(tmp_path / "m.npz")
    shutil.copy(arrays, tmp_path / "n.npz")
    assert of(Archive(arrays, "npz")) == of(Archive(tmp_path / "n.npz", "npz"))


def test_a_stamp_tells_of_a_write_that_changes_no_size(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "data")
    before = Folder(folder, folder).stamp
    assert Folder(folder, folder).stamp == before
    table = folder / "labels.csv"
    table.write_text(table.read_text().replace("000,0", "000,1"))
    os.utime(table, ns=(1, table.stat().st_mtime_ns + 1))
    assert Folder(folder, folder).stamp != before
