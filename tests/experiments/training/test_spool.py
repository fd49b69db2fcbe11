"""What waits between a training and its supervisor: in order, whole, bounded, and gone from the disk afterwards."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest

from experiments.training.contract import spool
from experiments.training.contract.spool import Spool
from tests.waiting import eventually


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make memory and files small, so that few messages fill them."""
    monkeypatch.setattr(spool, "MEMORY_BYTES", 1_000)
    monkeypatch.setattr(spool, "SEGMENT_BYTES", 5_000)


def taken(from_: Spool) -> list[bytes]:
    found = []
    while (message := from_.get(wait=False)) is not None:
        found.append(message)
    return found


def gone() -> bytes:
    return b"gone"


def open_files(folder: Path) -> int:
    return len(descriptors(folder))


def descriptors(folder: Path) -> list[int]:
    links = {int(link.name): str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    return sorted(number for number, target in links.items() if target.startswith(str(folder)))


def test_all_comes_back_in_order_however_puts_and_gets_alternate(small: None, tmp_path: Path) -> None:
    chance, buffer = random.Random(3), Spool(tmp_path)
    put: list[bytes] = []
    got: list[bytes] = []
    for _ in range(3_000):
        if chance.random() < 0.6:
            put.append(chance.randbytes(chance.randrange(0, 400)))
            buffer.put(put[-1], gone)
        elif (message := buffer.get(wait=False)) is not None:
            got.append(message)
    assert len(got) < len(put)
    assert got + taken(buffer) == put
    assert buffer.empty


def test_files_have_no_names_and_are_given_back(small: None, tmp_path: Path) -> None:
    buffer = Spool(tmp_path)
    for _ in range(100):
        buffer.put(b"x" * 500, gone)
    assert list(tmp_path.iterdir()) == []
    assert open_files(tmp_path) >= 9
    assert len(taken(buffer)) == 100
    assert open_files(tmp_path) == 0
    buffer.put(b"again", gone)
    assert taken(buffer) == [b"again"]


def test_it_says_when_it_is_full_and_takes_all_the_same(small: None, tmp_path: Path) -> None:
    buffer = Spool(tmp_path, limit=2_000)
    for number in range(5):
        assert buffer.full is (number == 4)
        buffer.put(bytes([number]) * 500, gone)
    assert [message[:1] for message in taken(buffer)] == [bytes([number]) for number in range(5)]
    assert not buffer.full


def test_a_disk_that_refuses_loses_nothing(small: None, tmp_path: Path) -> None:
    buffer = Spool(tmp_path / "missing")
    messages = [bytes([number]) * 400 for number in range(9)]
    for message in messages:
        buffer.put(message, gone)
    assert buffer.full
    assert taken(buffer) == messages
    assert not buffer.full


def test_a_reader_waits_until_the_end(small: None, tmp_path: Path) -> None:
    buffer, got = Spool(tmp_path), list[bytes]()

    def read() -> None:
        while (message := buffer.get()) is not None:
            got.append(message)

    reader = threading.Thread(target=read)
    reader.start()
    sent = [b"%d" % number * 100 for number in range(500)]
    for message in sent:
        buffer.put(message, gone)
    buffer.close()
    reader.join(10)
    assert not reader.is_alive()
    assert got == sent


def test_a_disk_that_refused_is_tried_again_once_a_reader_that_waits_has_all(small: None, tmp_path: Path) -> None:
    folder = tmp_path / "missing"
    buffer, got = Spool(folder), list[bytes]()

    def read() -> None:
        while (message := buffer.get()) is not None:
            got.append(message)

    for _ in range(9):
        buffer.put(b"x" * 400, gone)
    assert buffer.full
    reader = threading.Thread(target=read)
    reader.start()
    eventually(lambda: len(got) == 9 and not buffer.full)
    buffer.close()
    reader.join(10)
    assert not reader.is_alive()


def test_what_a_disk_does_not_give_back_has_its_place_taken(small: None, tmp_path: Path) -> None:
    """Also where the file has become shorter; what was in memory, and what is put later, is whole."""
    buffer = Spool(tmp_path)
    for number in range(30):
        buffer.put(b"%d" % (number % 10) * 500, lambda number=number: b"%d gone" % number)  # type: ignore[misc]
    lasting = os.dup(next(number for number in descriptors(tmp_path)))
    os.ftruncate(lasting, 2_600)
    os.close(lasting)
    whole = [b"%d" % (number % 10) * 500 for number in range(30)]
    assert taken(buffer) == [*whole[:7], *(b"%d gone" % number for number in range(7, 12)), *whole[12:]]
    assert buffer.empty
    buffer.put(b"again", gone)
    assert taken(buffer) == [b"again"]


def test_a_file_that_cannot_be_read_at_all(small: None, tmp_path: Path) -> None:
    buffer = Spool(tmp_path)
    for _ in range(9):
        buffer.put(b"x" * 500, gone)
    for number in descriptors(tmp_path):
        writing = os.open("/dev/null", os.O_WRONLY)
        os.dup2(writing, number)  # a descriptor that reading fails on
        os.close(writing)
    assert taken(buffer) == [b"x" * 500] * 2 + [b"gone"] * 7
    assert buffer.empty
