"""The processes that keep models: whose they are, how many, and that a request survives whatever becomes of one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from experiments.predictions.process_pool import Busy, Kept, NotLoaded, ProcessPool
from experiments.processes.prediction_process import Died, Patience
from experiments.training.model_source import ModelSource
from experiments.training.prediction.serving.messages import Predicted, PredictRows
from tests.waiting import eventually

ODD = "tests.experiments.recipes.predicts_oddly"
PATIENCE = Patience(20.0, 60.0)
WAIT = 60.0
MINE, YOURS, OTHER = Kept(1, 1), Kept(1, 2), Kept(2, 1)


class Told(NamedTuple):
    pid: int
    loads: list[str]


@pytest.fixture
def pool() -> Iterator[ProcessPool]:
    made = ProcessPool(2, 60.0, ODD)
    yield made
    made.close()


@pytest.fixture
def source(tmp_path: Path) -> ModelSource:
    checkpoint = tmp_path / "best.ckpt"
    checkpoint.write_bytes(b"weights")
    return ModelSource(
        run_id=1, attempt=1, config={}, checkpoint=str(checkpoint), folder=str(tmp_path), sha256="a", classes=["x", "y"]
    )


def asked(pool: ProcessPool, source: ModelSource, kept: Kept = MINE, way: str = "", wait: float = WAIT) -> Told:
    answer = pool.ask(kept, source, PredictRows(rows=[{"way": way}]), PATIENCE, wait)
    assert isinstance(answer, Predicted)
    [item] = answer.items
    assert item.read is not None
    assert item.read["secrets"] == []
    return Told(int(item.name), item.read["loads"])


def test_a_process_is_kept_for_one_run_and_one_user(pool: ProcessPool, source: ModelSource) -> None:
    first = asked(pool, source)
    assert asked(pool, source) == first
    assert first.loads == ["a"]
    assert asked(pool, source, YOURS).pid != first.pid
    assert asked(pool, source).pid == first.pid
    assert asked(pool, source, OTHER).pid != first.pid
    assert pool.kept == [MINE, OTHER], "the one that was asked longest ago has left"
    assert asked(pool, source, YOURS).pid != first.pid
    assert pool.kept == [OTHER, YOURS]


def test_what_has_changed_is_loaded_again(pool: ProcessPool, source: ModelSource) -> None:
    first = asked(pool, source)
    moved = ModelSource(**{name: getattr(source, name) for name in source.__struct_fields__} | {"own_threshold": 0.3})
    assert asked(pool, moved) == Told(first.pid, ["a", "a"]), "a saved operating point"
    os.utime(source.checkpoint, ns=(1, 1))
    assert asked(pool, moved) == Told(first.pid, ["a", "a", "a"]), "a checkpoint of the same length"


@pytest.mark.parametrize(
    ("way", "patience", "said"),
    [
        ("be killed", PATIENCE, "killed by SIGKILL"),
        ("exit", PATIENCE, "ended with exit code 3"),
        ("spin", Patience(0.2, 60.0), "took too long"),
        ("sleep", Patience(20.0, 0.2), "took too long"),
        ("drip", Patience(20.0, 0.2), "took too long"),
    ],
)
def test_one_that_goes_wrong_is_replaced(
    pool: ProcessPool, source: ModelSource, way: str, patience: Patience, said: str
) -> None:
    first = asked(pool, source)
    with pytest.raises(Died, match=said):
        pool.ask(MINE, source, PredictRows(rows=[{"way": way}]), patience, WAIT)
    assert pool.kept == []
    assert asked(pool, source).pid != first.pid


def test_a_model_that_cannot_be_loaded_is_told(pool: ProcessPool, source: ModelSource) -> None:
    damaged = ModelSource(**{name: getattr(source, name) for name in source.__struct_fields__} | {"sha256": "damaged"})
    with pytest.raises(NotLoaded, match="restore it"):
        asked(pool, damaged)
    assert asked(pool, source).loads == ["a"]


def test_who_finds_all_at_work_is_told_after_a_while(source: ModelSource) -> None:
    pool = ProcessPool(1, 60.0, ODD)
    holds, done = threading.Event(), threading.Event()

    def work() -> None:
        warm = pool._taken(MINE, 1e12)
        holds.set()
        done.wait(60)
        pool._free(MINE, warm)

    worker = threading.Thread(target=work)
    worker.start()
    assert holds.wait(60)
    with pytest.raises(Busy):
        asked(pool, source, OTHER, wait=0.0)
    with pytest.raises(Busy):
        asked(pool, source, MINE, wait=0.0)
    done.set()
    worker.join()
    assert asked(pool, source, OTHER).loads == ["a"]
    pool.close()


def test_one_that_is_idle_ends_and_is_forgotten(source: ModelSource) -> None:
    pool = ProcessPool(2, 0.2, ODD)
    first = asked(pool, source)
    eventually(lambda: pool.kept == [])
    assert not Path(f"/proc/{first.pid}").exists()
    assert asked(pool, source).pid != first.pid
    pool.close()


def test_one_is_prepared_only_where_there_is_a_place(pool: ProcessPool, source: ModelSource) -> None:
    pool.prepare(MINE)
    assert pool.kept == [MINE]
    first = asked(pool, source)
    pool.prepare(MINE)
    pool.prepare(YOURS)
    pool.prepare(OTHER)
    assert pool.kept == [MINE, YOURS], "nobody's process ends for one that only looks at the page"
    assert asked(pool, source) == first


def test_one_that_is_killed_leaves_no_files(pool: ProcessPool, source: ModelSource) -> None:
    asked(pool, source)
    process = pool._warm[MINE].process
    assert process is not None
    folder = Path(process._temporary.name)
    assert folder.is_dir()
    with pytest.raises(Died, match="killed by SIGKILL"):
        asked(pool, source, way="leave a file")
    eventually(lambda: not folder.exists())


def test_no_process_stays_that_may_have_an_answer_left(pool: ProcessPool, source: ModelSource) -> None:
    asked(pool, source)
    with pytest.raises(OverflowError):
        pool.ask(MINE, source, PredictRows(rows=[{"way": 2**64}]), PATIENCE, WAIT)
    assert pool.kept == []
