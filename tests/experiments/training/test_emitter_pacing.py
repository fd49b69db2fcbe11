"""When a training's batches of messages go: at once while little happens, gathered under load."""

from __future__ import annotations

from multiprocessing import Pipe

import msgspec
import pytest

from experiments.training.contract.reports import TOGETHER
from experiments.training.recipes.process_entry import Emitter, Pacing
from runs.events import LrUpdate


def test_nothing_waits_after_a_calm() -> None:
    pacing = Pacing(0.05, 10)
    assert [pacing.take(100.0) for _ in range(10)] == [0.0] * 10
    assert pacing.take(100.0) == pytest.approx(0.05)


def test_under_load_one_goes_in_each_interval() -> None:
    pacing, now, sent = Pacing(0.05, 10), 100.0, 0
    while now < 110.0:  # somebody always has something to say
        now += pacing.take(now)
        sent += 1
    assert sent == pytest.approx(10 / 0.05 + 10, abs=2)


def test_a_calm_saves_up_no_more_than_that() -> None:
    pacing = Pacing(0.05, 10)
    pacing.take(0.0)
    assert [pacing.take(1e6) for _ in range(11)] == pytest.approx([0.0] * 10 + [0.05], abs=1e-6)


def test_a_flood_is_sent_whole_and_in_order_without_waiting() -> None:
    reading, writing = Pipe(duplex=False)
    emitter, count = Emitter(writing), 3 * TOGETHER + 1
    for step in range(count):
        emitter.report(LrUpdate(epoch=0, step=step, learning_rate=0.1))
    steps: list[int] = []
    while len(steps) < count:
        batch = msgspec.json.decode(reading.recv_bytes())
        assert len(batch) <= TOGETHER
        steps += [data["step"] for _, _, data in batch]
    emitter.close()
    assert steps == [*range(count)]
