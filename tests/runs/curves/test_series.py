"""Curves over HTTP: names, axes, ranges, several runs, and that they outlive their events."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import timedelta
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from runs.curves import compaction, durable_index, journal_ranges, journal_tail, memory, sampled_events
from runs.curves.journal_tail import EMPTY_TAIL
from runs.curves.memory import CachedColumn, ColumnCache
from runs.curves.sampled_events import SampledEvent
from runs.curves.tables import Column
from runs.derived_models import RunSamples
from runs.events import EPHEMERAL_TYPES, Event
from runs.models import Run, RunEvent
from tests.runs.conftest import MakeRun
from tests.runs.curves.conftest import STEPS, epochs, journal, progress, resumed_twice, start, status
from tests.waiting import eventually


def ask(api: Client, run: Run, **parameters: Any) -> dict[str, Any]:
    response = api.get(f"/api/runs/{run.pk}/series/", parameters)
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def one(api: Client, run: Run, name: str, **parameters: Any) -> dict[str, Any]:
    [curve] = ask(api, run, name=name, **parameters)["series"]
    found: dict[str, Any] = curve
    return found


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    """Make a run with three epochs of 40 steps; event n happened n seconds after 1795511859."""
    run = make_run(status="in_progress")
    journal(run, [status("queued", None), start(None), *epochs(0, 2, 7)])
    return run


def test_without_a_name_the_names_are_listed(api: Client, run: Run) -> None:
    found = ask(api, run)
    assert found["names"] == [
        *(f"batch/{name}" for name in ("accuracy", "f1", "loss", "recall")),
        *(f"gradient/{name}" for name in ("layer/conv", "layer/head", "max", "min", "nonfinite", "total")),
        "rate/learning_rate",
        "throughput/data_wait_share",
        "throughput/samples_per_second",
        *(f"epoch/{name}" for name in ("train_acc", "train_loss", "val_acc", "val_loss")),
    ]
    assert (found["run_id"], found["status"], found["last_seq"]) == (run.pk, "in_progress", run.last_seq)
    assert found["started"] == 1_795_511_859 + 2


def test_a_short_curve_comes_whole(api: Client, run: Run) -> None:
    curve = one(api, run, "batch/loss")
    losses = [json.loads(event.data) for event in RunEvent.objects.filter(run=run, type="batch_metrics")]
    assert curve["x"] == list(range(1, 121))
    assert curve["y"] == [data["loss"] for data in losses]
    assert (curve["exact"], curve["total"], curve["nonfinite"]) == (True, 120, curve["y"].count(None))
    assert curve["nonfinite"] > 0


def test_stars_stand_for_names_with_samples_and_names_for_themselves(api: Client, run: Run) -> None:
    found = ask(api, run, name="epoch/val_none,gradient/layer/*,batch/f1")["series"]
    assert [curve["name"] for curve in found] == [
        "epoch/val_none", "gradient/layer/conv", "gradient/layer/head", "batch/f1",
    ]  # fmt: skip
    assert found[0]["x"] == []
    assert found[3]["y"] == [None] * 120


def test_axes(api: Client, run: Run) -> None:
    assert one(api, run, "batch/loss", by="epoch")["x"] == [step / STEPS for step in range(1, 121)]
    assert one(api, run, "epoch/val_loss", by="epoch")["x"] == [0, 1, 2]
    assert one(api, run, "epoch/val_loss")["x"] == [40, 80, 120]
    ends = RunEvent.objects.filter(run=run, type="epoch_end", data__contains="val_loss").order_by("seq")
    assert one(api, run, "epoch/val_loss", by="time")["x"] == [1_795_511_859 + end.seq for end in ends]


def test_a_run_without_a_known_length_names_the_axis_that_it_has(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress")
    journal(run, [start(None, total_steps=None), *epochs(0, 0)])
    response = api.get(f"/api/runs/{run.pk}/series/", {"name": "batch/loss", "by": "epoch"})
    assert response.status_code == 400
    assert "by=step" in response.json()["errors"][0]["message"]
    assert one(api, run, "batch/loss")["total"] == STEPS


def test_a_range_comes_in_full_with_a_neighbour_on_either_side(api: Client, run: Run) -> None:
    thinned = one(api, run, "batch/loss", points=20)
    assert not thinned["exact"]
    assert len(thinned["x"]) <= 20
    zoomed = one(api, run, "batch/loss", points=20, **{"from": 41, "to": 50})
    assert (zoomed["x"], zoomed["exact"], zoomed["total"]) == (list(range(40, 52)), True, 10)
    beside = one(api, run, "rate/learning_rate", **{"from": 45, "to": 50})
    assert (beside["x"], beside["total"]) == ([40, 80], 0)
    assert one(api, run, "batch/loss", **{"from": 500})["x"] == [120]


def test_a_clock_that_was_set_back_gives_an_ascending_axis(api: Client, run: Run) -> None:
    journal(run, epochs(3, 3), began=1_795_511_859 - 300)
    x = one(api, run, "batch/loss", by="time")["x"]
    assert x == sorted(x)
    assert len(x) == 160


@pytest.mark.parametrize(
    ("parameters", "field", "cure"),
    [
        ({"name": "batch/nothing"}, "name", "batch/loss"),
        ({"name": "nothing/*"}, "name", "epoch/"),
        ({"name": "batch"}, "name", "batch/loss"),
        ({"by": "batch"}, "by", "step, epoch, time"),
        ({"points": "9"}, "points", "10"),
        ({"points": "100001"}, "points", "100000"),
        ({"from": "nan"}, "from", "finite"),
        ({"to": "inf"}, "to", "finite"),
        ({"to": "x"}, "to", "finite"),
        ({"from": "3", "to": "2"}, "from", "greater"),
        ({"stride": "2"}, "stride", "points"),
    ],
)
def test_wrong_parameters_are_named(api: Client, run: Run, parameters: dict[str, str], field: str, cure: str) -> None:
    response = api.get(f"/api/runs/{run.pk}/series/", parameters)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["field"] == field
    assert cure in error["message"]


def test_several_runs_are_compared(api: Client, run: Run, make_run: MakeRun) -> None:
    other = make_run(status="in_progress")
    journal(other, [start(None), *epochs(0, 0, 9)])
    response = api.get("/api/runs/series/", {"runs": f"{other.pk},{run.pk}", "name": "epoch/val_loss", "by": "epoch"})
    found = response.json()["runs"]
    assert [(answer["run_id"], answer["series"][0]["total"]) for answer in found] == [(other.pk, 1), (run.pk, 3)]
    for parameters, field in (
        ({"name": "batch/loss"}, "runs"),
        ({"runs": "1"}, "name"),
        ({"runs": "1,x", "name": "batch/loss"}, "runs"),
        ({"runs": ",".join(map(str, range(51))), "name": "batch/loss"}, "runs"),
    ):
        wrong = api.get("/api/runs/series/", parameters)
        assert (wrong.status_code, [error["field"] for error in wrong.json()["errors"]]) == (400, [field])
    assert api.get("/api/runs/series/", {"runs": f"{run.pk},99999", "name": "batch/loss"}).status_code == 404


def test_only_who_is_logged_in_reads(run: Run) -> None:
    assert Client().get(f"/api/runs/{run.pk}/series/").status_code == 401
    assert Client().get("/api/runs/series/", {"runs": str(run.pk), "name": "batch/loss"}).status_code == 401


def test_answers_are_compressed_for_those_who_read_that(api: Client, run: Run) -> None:
    address, parameters = f"/api/runs/{run.pk}/series/", {"name": "batch/*,gradient/*"}
    plain = api.get(address, parameters)
    packed = api.get(address, parameters, headers={"accept-encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 2


def test_curves_outlive_their_events(api: Client, make_run: MakeRun, short_ranges: None) -> None:
    run = make_run(status="completed", end_time=timezone.now() - timedelta(days=31))
    journal(run, resumed_twice())
    every = {"name": "*", "by": "time"}
    before = ask(api, run, **every)
    memory.column_cache.clear()
    call_command("prune", "--yes", verbosity=0)
    assert not RunEvent.objects.filter(run=run, type="batch_metrics").exists()
    assert ask(api, run, **every) == before
    # Taken up again, it goes on in the same curves.
    journal(run, [start(1), *epochs(2, 2, 5)])
    assert one(api, run, "batch/loss")["total"] == 3 * STEPS


def test_of_what_a_reader_knows_only_the_news_are_read(
    api: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read a running training as pages do, again and again, also when it is resumed and gets other layers."""
    run = make_run(status="in_progress")
    read: list[tuple[int, int]] = []

    def noted(run_id: int, after: int, until: int) -> Any:
        read.append((after, until))
        return journal_ranges.journal_tables(run_id, after, until)

    monkeypatch.setattr(journal_tail, "journal_tables", noted)
    ends = []
    for part in ([start(None), *epochs(0, 1, 1)], epochs(2, 3, 2), [start(1), *epochs(2, 4, 3, group="other")]):
        journal(run, part)
        ends.append(run.last_seq)
        known = [ask(api, run, name="*", by="time") for _ in range(2)]
        assert read == list(pairwise([0, *ends]))
    memory.column_cache.clear()
    assert known == [ask(api, run, name="*", by="time")] * 2
    assert read[-1] == (0, run.last_seq)


def test_a_tail_goes_with_the_range_that_takes_it(api: Client, run: Run) -> None:
    before = one(api, run, "batch/loss")
    compaction.compact_all(run.pk, run.last_seq - 10)
    RunEvent.objects.filter(run=run, seq__lte=run.last_seq - 10, type="batch_metrics").delete()
    assert one(api, run, "batch/loss") == before


def test_pruning_packs_before_it_removes_anything(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(status="completed", end_time=timezone.now() - timedelta(days=31))
    journal(run, resumed_twice())

    def full_disk(_table: Any) -> bytes:
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(journal_ranges, "encode_table", full_disk)
    with pytest.raises(DatabaseError):
        call_command("prune", "--yes", verbosity=0)
    assert RunEvent.objects.filter(run=run).count() == run.last_seq


def test_a_disk_that_is_full_hinders_no_reader(
    api: Client, run: Run, short_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = one(api, run, "batch/loss")
    RunSamples.objects.all().delete()
    memory.column_cache.clear()

    def full_disk(_table: Any) -> bytes:
        raise DatabaseError("database or disk is full")

    monkeypatch.setattr(journal_ranges, "encode_table", full_disk)
    assert one(api, run, "batch/loss") == before
    assert not RunSamples.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_packs_at_the_same_time_finds_it_done(make_run: MakeRun, short_ranges: None) -> None:
    run = make_run(status="in_progress")
    journal(run, [start(None), *epochs(0, 2)])
    together = threading.Barrier(3)

    def packs() -> None:
        together.wait()
        compaction.compact_due(run.pk, run.last_seq)
        connection.close()

    threads = [threading.Thread(target=packs) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ranges = RunSamples.objects.filter(run=run, type=durable_index.DURABLE_INDEX).order_by("first_seq")
    assert [(one.first_seq, one.last_seq) for one in ranges] == [
        (first + 1, first + 64) for first in range(0, run.last_seq - 63, 64)
    ]


def test_ranges_of_running_trainings_are_packed_beside_them(run: Run, make_run: MakeRun, short_ranges: None) -> None:
    broken = make_run(status="in_progress")
    journal(broken, epochs(0, 2))
    RunEvent.objects.filter(run=broken, seq=5).update(data="{")
    compaction.compact_running()
    compaction.compact_running()
    assert (compaction.compacted_until(run.pk), compaction.compacted_until(broken.pk)) == (128, 0)
    short = make_run(status="in_progress")
    journal(short, [progress(1, 0, 5.0)])
    compaction.compact_running()
    assert compaction.compacted_until(short.pk) == 0


def test_what_is_left_is_packed_at_the_end_of_a_training(
    api: Client, run: Run, make_run: MakeRun, short_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the first reader of an ended run read as little as later ones.

    A few numbers may stay in the journal.
    """
    monkeypatch.setattr(compaction, "FEW", 10)
    before = one(api, run, "batch/loss")
    RunSamples.objects.all().delete()
    compaction.compact_ended(run.pk)
    assert compaction.compacted_until(run.pk) == 0  # it still trains
    Run.objects.filter(pk=run.pk).update(status="completed")
    compaction.compact_ended(run.pk)
    assert compaction.compacted_until(run.pk) == run.last_seq
    memory.column_cache.clear()
    assert one(api, run, "batch/loss") == before
    short = make_run(status="completed")
    journal(short, [progress(1, 0, 5.0)])
    compaction.compact_ended(short.pk)
    assert compaction.compacted_until(short.pk) == 0


class Usage(Event, frozen=True, kw_only=True):
    """A sampled event type added later: of no step and no epoch, with a list of unknown length."""

    type: ClassVar[str] = "usage"
    cores: float
    gpus: list[dict[str, float | str | None]]


def test_a_new_sampled_type_is_one_declaration(
    api: Client, make_run: MakeRun, short_ranges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = SampledEvent(Usage, "machine", {"cores": "cores", "gpu/": "gpus"})
    for table, key in ((sampled_events.SAMPLED_EVENTS, kind.type), (sampled_events.BY_PREFIX, kind.prefix)):
        monkeypatch.setitem(table, key, kind)
    for module in ("runs.curves.journal_ranges", "runs.removal.retention"):
        monkeypatch.setattr(f"{module}.EPHEMERAL_TYPES", EPHEMERAL_TYPES | {kind.type})
    run = make_run(status="completed", end_time=timezone.now() - timedelta(days=31))
    used = [Usage(cores=n / 10, gpus=[{"id": "GPU-1", "busy": 0.5}, {"id": "GPU-2", "busy": None}]) for n in range(100)]
    journal(run, [start(None), *used, start(None), *epochs(0, 0)])
    call_command("prune", "--yes", verbosity=0)
    assert not RunEvent.objects.filter(run=run, type=kind.type).exists()
    found = ask(api, run, name="machine/*", by="time")["series"]
    assert [curve["name"] for curve in found] == ["machine/cores", "machine/gpu/0/busy", "machine/gpu/1/busy"]
    assert found[0]["y"] == [n / 10 for n in range(100)]  # used is used: no resume makes it void
    assert found[2]["nonfinite"] == 100
    assert {curve["name"].partition("/")[0] for curve in ask(api, run, name="*")["series"]} == {
        "batch", "gradient", "rate", "throughput", "epoch",
    }  # fmt: skip
    response = api.get(f"/api/runs/{run.pk}/series/", {"name": "machine/cores"})
    assert response.status_code == 400
    assert "by=time" in response.json()["detail"]
    by = {curve["name"]: curve["by"] for curve in api.get(f"/api/runs/{run.pk}/snapshot/").json()["series"]}
    assert (by["machine/cores"], by["batch/loss"], by["epoch/val_loss"]) == ("time", "step", "epoch")


def test_memory_is_bounded_and_drops_what_was_not_used() -> None:
    kept = CachedColumn(1, 10, Column(None, np.zeros(10)))
    small = ColumnCache(200)
    small.put("a", kept)
    small.put("b", kept)
    assert small.get("a") == kept
    small.put("c", kept)
    assert [small.get(key).until for key in "abc"] == [1, 0, 1]
    small.put("d", CachedColumn(1, 100, Column(None, np.zeros(100))))
    assert small.get("d").until == 0
    assert small.size <= 200
    assert small.tail("c") is EMPTY_TAIL
    small.put("e", kept._replace(until=5))
    small.put("e", kept)
    assert small.get("e").until == 5


def test_what_nobody_reads_any_more_goes_from_memory() -> None:
    brief = ColumnCache(unused_seconds=0.1)
    for _ in range(2):  # the second time too
        brief.put("a", CachedColumn(1, 10, Column(None, np.zeros(10))))
        assert brief.size
        eventually(lambda: brief.size == 0)
        assert brief.get("a").until == 0
