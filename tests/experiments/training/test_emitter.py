"""A training that reports faster than its supervisor reads: it never waits, and what is left out is counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from experiments.processes.rank_process import decode_batch
from experiments.training.contract import spool
from experiments.training.contract.reports import Message, Note, Outcome, Thinned
from experiments.training.recipes import process_entry
from experiments.training.recipes.process_entry import Emitter
from runs.events import BatchMetrics

MANY = 3_000


def batch_metrics(step: int) -> BatchMetrics:
    return BatchMetrics(step=step, batch_idx=step, epoch=0, loss=0.5, accuracy=None, recall=None, f1=None)


def received(messages: Iterable[Message], folder: Path) -> list[Message]:
    """Report the messages while nobody reads, then read them all."""
    reading, writing = Pipe(duplex=False)
    found: list[Message] = []

    def read() -> None:
        try:
            while True:
                found.extend(message for message, _, _ in decode_batch(reading.recv_bytes()))
        except EOFError:
            return

    emitter, reader = Emitter(writing, folder), threading.Thread(target=read)
    for message in messages:
        emitter.report(message)
    reader.start()
    emitter.close()
    writing.close()
    reader.join(30)
    assert not reader.is_alive()
    reading.close()
    return found


def test_a_burst_beyond_pipe_and_memory_arrives_whole_and_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(spool, "MEMORY_BYTES", 10_000)
    sent = [batch_metrics(step) for step in range(MANY)]
    assert received(sent, tmp_path) == sent


def test_what_is_left_out_is_counted_and_what_lasts_is_never_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(process_entry, "QUEUE_LIMIT", 100)
    monkeypatch.setattr(spool, "LIMIT_BYTES", 50_000)
    sent: list[Message] = []
    for step in range(MANY):
        sent += [batch_metrics(step), *([Note(code=str(step), text="")] if step % 100 == 0 else [])]
    found = received(sent, tmp_path)
    counts = Counter(type(message) for message in found)
    left_out = sum(message.events["batch_metrics"] for message in found if isinstance(message, Thinned))
    assert left_out > 0
    assert counts[BatchMetrics] + left_out == MANY
    assert counts[Note] == MANY / 100
    order = [sent.index(message) for message in found if not isinstance(message, Thinned)]
    assert order == sorted(order)


def test_a_file_that_cannot_be_read_loses_nothing_that_lasts_and_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(spool, "MEMORY_BYTES", 10_000)
    monkeypatch.setattr(spool._Segment, "_at", lambda *_: None)
    outcome = Outcome(status="completed", reason=None)
    sent: list[Message] = [*(batch_metrics(step) for step in range(MANY)), Note(code="kept", text=""), outcome]
    found = received(sent, tmp_path)
    counts = Counter(type(message) for message in found)
    left_out = sum(message.events["batch_metrics"] for message in found if isinstance(message, Thinned))
    assert left_out > 0
    assert counts[BatchMetrics] + left_out == MANY
    assert [message for message in found if not isinstance(message, BatchMetrics | Thinned)] == sent[-2:]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_message_that_cannot_be_encoded_holds_up_no_end(tmp_path: Path) -> None:
    reading, writing = Pipe(duplex=False)
    emitter = Emitter(writing, tmp_path)
    text: Any = object()
    emitter.report(Note(code="", text=text))
    closing = threading.Thread(target=emitter.close, daemon=True)
    closing.start()
    closing.join(10)
    assert not closing.is_alive()
    writing.close()
    reading.close()
