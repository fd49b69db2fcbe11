"""What one process of a training sends is read whole, also where something follows that nobody can read."""

from __future__ import annotations

import multiprocessing
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from experiments.processes.rank_process import ProtocolError, Rank
from experiments.training.contract.reports import Job, Note

JOB = Job(run_id=7, attempt=1, config={}, run_dir="", datasets_dir="", data_roots=[])


class Context:
    """Starts no process: what one would send is in its pipe already."""

    Pipe = staticmethod(multiprocessing.Pipe)

    def __init__(self, *sent: bytes) -> None:
        self._sent = sent

    def Process(self, *, args: tuple[Any, ...], **_options: Any) -> Any:  # noqa: N802  (its name in Python)
        def start() -> None:
            for message in self._sent:
                args[1].send_bytes(message)

        return SimpleNamespace(start=start, sentinel=-1, pid=1)


def started(*sent: bytes) -> Rank:
    context: Any = Context(*sent)
    return Rank(context, JOB, "recipe", None)


def batch(*codes: str) -> bytes:
    return msgspec.json.encode([("note", "", Note(code=code, text="")) for code in codes])


def test_messages_that_wait_are_read_together() -> None:
    rank = started(batch("a", "b"), batch(), batch("c"))
    found = rank.read(rank.handles)
    assert [received.data for received in found or ()] == [f'{{"code":"{code}","text":""}}' for code in "abc"]


def test_what_came_before_something_unreadable_is_not_lost() -> None:
    rank = started(batch("a"), b"babble", batch("b"))
    assert len(rank.read(rank.handles) or ()) == 1
    with pytest.raises(ProtocolError):
        rank.read([])
    with pytest.raises(ProtocolError):
        (rank := started(b"babble")).read(rank.handles)
