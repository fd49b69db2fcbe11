"""Find the encoding of a table's text; one that is not Unicode is guessed by a library, and told."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from charset_normalizer import from_bytes

from experiments.training.contract.source_errors import SourceError

BLOCK_BYTES = 2**20
EVIDENCE_BYTES = 2**16
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
UNICODE = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16"}
# What spreadsheets have written for decades, the most frequent first, in words for a user.
GUESSED = {
    "cp1252": "Windows-1252 (Western European)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "mac_roman": "Mac Roman",
    "gb18030": "GB 18030 (Chinese)",
    "cp932": "Shift JIS (Japanese)",
    "cp949": "Windows-949 (Korean)",
}
FEWEST_CHINESE, LAST_FREQUENT, MOSTLY = 4, 0xD7, 0.8  # the standard has the frequent characters first
_BEYOND_ASCII, _CHINESE = re.compile(rb"[\x80-\xff]+"), re.compile(rb"(?:[\xa1-\xa3\xb0-\xf7][\xa1-\xfe])+")


@dataclass(frozen=True)
class Encoding:
    """An encoding by Python's name; `example` is a line by which a user sees whether a guess is right."""

    codec: str
    example: str = ""

    @property
    def guessed(self) -> bool:
        """Whether a library guessed it."""
        return self.codec in GUESSED

    @property
    def words(self) -> str:
        """Its name for a user."""
        return (UNICODE | GUESSED)[self.codec]


def of_head(head: bytes, name: str) -> Encoding:
    """Find the encoding by a file's first bytes, which may end within a character; raises SourceError."""
    if codec := next((codec for mark, codec in MARKS.items() if head.startswith(mark)), None):
        return Encoding(codec)
    _refuse_nul(head, name)
    return Encoding("utf-8") if _decodes(codecs.getincrementaldecoder("utf-8")(), head) else _guess(head, name)


def of_file(file: BinaryIO, name: str, head: Encoding) -> Encoding:
    """Find the encoding of the whole file, whose first bytes have the encoding `head`; raises SourceError.

    A file may have its first letter beyond ASCII after a million lines.
    """
    if head.codec == "utf-16":
        return head
    evidence, decoder, valid = bytearray(), codecs.getincrementaldecoder("utf-8")(), True
    for block in _blocks(file):
        _refuse_nul(block, name)
        if len(evidence) < EVIDENCE_BYTES and not block.isascii():
            evidence += _telling_lines(block)[:EVIDENCE_BYTES] + b"\n"
        valid = valid and _decodes(decoder, block)
    if head.guessed or (valid and _decodes(decoder, b"", final=True)):
        return head
    if head.codec == "utf-8-sig":
        raise _error(f"{name} begins as UTF-8 text and has other bytes later on; save it again as 'CSV UTF-8'.")
    return _guess(bytes(evidence), name)


def _telling_lines(block: bytes) -> bytes:
    """Return the lines that have bytes beyond ASCII; only they tell encodings apart."""
    return b"\n".join(line for line in block.splitlines() if not line.isascii())


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _guess(evidence: bytes, name: str) -> Encoding:
    """Ask the library; where it cannot tell encodings apart, take the one that most files have."""
    sample = _telling_lines(evidence)[:EVIDENCE_BYTES]
    matches = from_bytes(sample, cp_isolation=list(GUESSED), enable_fallback=False)
    best = [match for match in matches if match.chaos <= matches[0].chaos]
    likely: set[str] = {codec for match in best for codec in match.could_be_from_charset} or _fitting(sample)
    if "cp949" not in likely and _is_common_chinese(sample):
        likely = {"gb18030"}  # for the library, a few words of it are Cyrillic
    codec = next((codec for codec in GUESSED if codec in likely), None)
    if codec is None:
        raise _error(f"{name} is not text in a known encoding; save it as 'CSV UTF-8'.")
    return Encoding(codec, sample.decode(codec, errors="replace").split("\n", 1)[0].strip()[:80])


def _fitting(sample: bytes) -> set[str]:
    """Return the usual encoding if every byte has a meaning in it; few signs tell a library nothing."""
    return {"cp1252"} if _decodes(codecs.getincrementaldecoder("cp1252")(), sample, final=True) else set()


def _is_common_chinese(sample: bytes) -> bool:
    """Return whether all bytes beyond ASCII come in pairs that are Chinese characters, most of them frequent ones."""
    found = _BEYOND_ASCII.findall(sample)
    leading = b"".join(found)[::2]
    frequent = sum(byte <= LAST_FREQUENT for byte in leading)
    return len(leading) >= FEWEST_CHINESE and all(map(_CHINESE.fullmatch, found)) and frequent >= MOSTLY * len(leading)


def _refuse_nul(block: bytes, name: str) -> None:
    if b"\0" in block:
        raise _error(
            f"{name} holds zero bytes, so it is no CSV text, or UTF-16 without its mark; save it again as 'CSV UTF-8'."
        )


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
