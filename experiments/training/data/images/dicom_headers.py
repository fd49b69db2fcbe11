"""Read the start of a DICOM file without any library: how its pixels are packed, and whose image it is.

Fast enough for tens of thousands of files before a run starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal, TypeAlias

from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files
from experiments.training.data.images import image_faults
from experiments.training.data.images.image_faults import ImageFault

PREAMBLE_BYTES = 128
MARK = b"DICM"
TRANSFER_SYNTAX, PATIENT_ID = 0x00020010, 0x00100020
ITEM_END, SEQUENCE_END = 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF  # a length: up to the end mark
IMPLICIT, BIG_ENDIAN = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.2"
LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
MAX_ELEMENTS = 10_000
MAX_DEPTH = 16
MAX_VALUE_BYTES = 1024

Order: TypeAlias = Literal["little", "big"]


@dataclass(frozen=True)
class Start:
    """The header fields read; blank where the file does not have them."""

    transfer_syntax: str
    patient_id: str


def marked(file: BinaryIO) -> bool:
    """Read past the preamble and return whether the file has DICOM's mark behind it."""
    return file.read(PREAMBLE_BYTES + len(MARK))[PREAMBLE_BYTES:] == MARK


def is_dicom(files: Files, name: str) -> bool:
    """Say whether the file has DICOM's mark, whatever its name."""
    try:
        with files.open(name) as file:
            return marked(file)
    except READ_ERRORS:
        return False


def read(file: BinaryIO) -> Start:
    """Read up to the patient's id; raises ImageFault for a file that is not DICOM or has a broken start."""
    start = file.read(PREAMBLE_BYTES + len(MARK))
    if start[PREAMBLE_BYTES:] != MARK:
        raise image_faults.no_dicom(start)
    values = dict(_Elements(file))
    return Start(_text(values.get(TRANSFER_SYNTAX, b"")), _text(values.get(PATIENT_ID, b"")))


class _Elements:
    """An iterator over the values of the two tags that skips everything else before them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._order: Order = "little"
        self._explicit = True  # the file's own group 0002 always is, and little endian
        self._left = MAX_ELEMENTS

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        syntax = b""
        in_meta = True
        while len(start := self._start()) == 8:
            if in_meta and start[:2] != b"\x02\x00":
                in_meta = False
                self._order = "big" if syntax == BIG_ENDIAN else "little"
                self._explicit = syntax != IMPLICIT
            tag, length = self._tag(start), self._length(start)
            if tag > PATIENT_ID:
                return
            if tag not in (TRANSFER_SYNTAX, PATIENT_ID):
                self._skip(start, length)
                continue
            value = self._file.read(min(length, MAX_VALUE_BYTES)).rstrip(b" \0")
            syntax = value if tag == TRANSFER_SYNTAX else syntax
            yield tag, value

    def _start(self) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ImageFault("its header does not end")
        return self._file.read(8)

    def _tag(self, start: bytes) -> int:
        return int.from_bytes(start[:2], self._order) << 16 | int.from_bytes(start[2:4], self._order)

    def _length(self, start: bytes) -> int:
        """Read the length of the value; items and end marks have no type, whatever the encoding."""
        if not self._explicit or start[:2] in (b"\xfe\xff", b"\xff\xfe"):
            return int.from_bytes(start[4:], self._order)
        if start[4:6] not in LONG:
            return int.from_bytes(start[6:], self._order)
        return int.from_bytes(self._file.read(4), self._order)

    def _skip(self, start: bytes, length: int, depth: int = 0) -> None:
        if length != UNDEFINED:
            self._file.seek(length, 1)
            return
        if depth > MAX_DEPTH:
            raise ImageFault("its header is nested too deeply")
        explicit = self._explicit
        self._explicit = explicit and start[4:6] != b"UN"  # inside of what an earlier program did not know
        while len(inner := self._start()) == 8 and self._tag(inner) not in (ITEM_END, SEQUENCE_END):
            self._skip(inner, self._length(inner), depth + 1)
        self._explicit = explicit


def _text(value: bytes) -> str:
    """Decode an id; other alphabets may look odd but stay distinct, as ids are compared and never searched."""
    return value.decode("utf-8", "backslashreplace").strip()
