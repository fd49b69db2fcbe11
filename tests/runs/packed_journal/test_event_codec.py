"""Packed events come back as the same text, whatever is in them, and numbers take few bytes."""

from __future__ import annotations

import random
import struct
import zlib
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from runs.events import format_time
from runs.packed_journal.event_codec import TABLES, PackedEvent, decode, encode

START = datetime(2026, 11, 30, 23, 59, 59, 999_000, tzinfo=UTC)


def events(*data: str, type_: str = "batch_metrics") -> list[PackedEvent]:
    return [
        PackedEvent(10 + number, 1, type_, format_time(START + timedelta(microseconds=700 * number)), text)
        for number, text in enumerate(data)
    ]


def single(value: float) -> float:
    """Round to 32 bits, as PyTorch's losses are."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


AWKWARD = [
    '{"loss":0.1,"f1":null}',
    '{"loss":-0.0,"f1":1.0}',
    '{"loss":1e300,"f1":5e-324}',
    '{"loss":1,"f1":0.30000000000000004}',
    '{"loss":true,"f1":"text é \\u0001 \\" \\\\"}',
    '{"loss":[1,2.5,{"a":{}}],"f1":{}}',
    '{"a":{"b":1,"c":{"d":2.0}},"e":{}}',
    '{"a":{"b":-9223372036854775808,"c":9223372036854775807},"e":{}}',
    "{}",
    "[1]",
    "7",
    '{"odd":  1.50}',
    '{"twice":1,"twice":2}',
    "{",
    "",
    '{"loss":1e999}',
]


def test_all_comes_back_letter_by_letter() -> None:
    for told in ([*AWKWARD], [*AWKWARD * 3], *([text] for text in AWKWARD)):
        given = events(*told)
        assert decode(encode(given)) == given
    mixed = [*events(*AWKWARD), *events(*AWKWARD, type_="progress")]
    random.Random(1).shuffle(mixed)
    assert decode(encode(mixed)) == mixed


def test_broken_texts_that_are_whole_together_come_back_apart() -> None:
    given = events('{"a":[{}', "{}]},{}", '{"b":1}')
    assert decode(encode(given)) == given


def test_values_of_all_kinds_come_back_with_nulls_between() -> None:
    chance = random.Random(4)
    whole = [0, 1, -127, 128, 2**15, -(2**31), 2**40, 2**63 - 1, None]
    below = [{"x": 0.5, "y": {"z": 1}}, {"x": None, "y": {"z": 2}}, None, {"y": {"z": 1}}, {}]
    told = [
        msgspec.json.encode(
            {
                "whole": chance.choice(whole),
                "float": chance.choice([0.1, 0.5, None]),
                "below": chance.choice(below[: 2 + number // 20]),
            }
        ).decode()
        for number in range(70)
    ]
    for count in range(1, 70):
        assert decode(encode(events(*told[:count]))) == events(*told[:count])


def test_a_number_of_more_than_64_bits_comes_back() -> None:
    given = events('{"loss":123456789012345678901234567890}', '{"loss":1}')
    assert decode(encode(given)) == given


@pytest.mark.parametrize(
    "timestamp", ["", "2026-11-30T08:00:00Z", "2026-11-30T08:00:00.5Z", "soon", "2026-11-30T08:00:00.0000000"]
)
def test_other_times_come_back_too(timestamp: str) -> None:
    given = [*events('{"a":1}', '{"a":2}'), PackedEvent(99, 2, "progress", timestamp, '{"a":3}')]
    assert decode(encode(given)) == given


def test_what_was_packed_as_text_is_read() -> None:
    given = events(*AWKWARD)
    packed = zlib.compress(msgspec.msgpack.encode([list(column) for column in zip(*given, strict=True)]), 6)
    assert not packed.startswith(TABLES)
    assert decode(packed) == given


@pytest.mark.parametrize(("rounded", "most"), [(float, 10), (single, 6)])
def test_numbers_take_few_bytes(rounded: type[float], most: int) -> None:
    """Of random digits 52 of 64 bits, or 23 of 32, are left: about 7 bytes, or 3; steps and times come to them."""
    chance = random.Random(2)
    given = events(
        *(
            msgspec.json.encode(
                {"step": step, "batch_idx": step % 100, "epoch": step // 100}
                | {name: rounded(chance.lognormvariate(0, 1)) for name in ("loss", "accuracy", "recall", "f1")}
            ).decode()
            for step in range(4_096)
        )
    )
    packed = encode(given)
    assert decode(packed) == given
    assert len(packed) / (4 * len(given)) < most
