"""Long runs that have ended take less room, and nobody who reads their journal can tell."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.db import OperationalError
from django.utils import timezone

from experiments.worker import maintenance
from experiments.worker.maintenance import Packing
from runs import queries
from runs.api import hint_evidence
from runs.curves import compaction, journal_packing
from runs.curves.reading import Samples
from runs.curves.snapshot import snapshot
from runs.derived_models import PackedEvents
from runs.events import BatchMetrics, Event, LrUpdate, Progress, encode
from runs.hints.evidence import Evidence
from runs.models import Run, RunEvent
from runs.packed_journal import event_codec, packed_events
from runs.packed_journal.event_codec import PackedEvent, decode
from runs.packed_journal.event_codec import encode as packed
from runs.removal import deletion, retention
from tests.runs.conftest import MakeRun, completed_columns

pytestmark = pytest.mark.django_db
EVENTS, RANGE, LAST = 1_000, 64, 100
LATER = "2026-01-02T00:00:00.000000Z"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ranges small, so that a short run has many."""
    for module in (compaction, journal_packing):
        monkeypatch.setattr(module, "RANGE", RANGE)
    monkeypatch.setattr(journal_packing, "LAST_ROWS", LAST)
    monkeypatch.setattr(journal_packing, "SHORTEST", RANGE)
    monkeypatch.setattr(journal_packing, "PAUSE_SECONDS", 0)


def event(seq: int) -> Event:
    if seq % 97 == 0:
        return LrUpdate(epoch=seq // 100, step=seq, learning_rate=1 / seq)
    if seq % 5 == 0:
        rate = 1e9 / 7 if seq % 2 else None
        return Progress(
            epoch=0,
            batch_idx=seq,
            batches=None,
            step=seq,
            total_steps=9,
            samples_per_second=rate,
            eta_seconds=None,
            data_wait_share=1 / seq,
        )
    return BatchMetrics(step=seq, batch_idx=seq, epoch=0, loss=1 / seq, accuracy=None, recall=0.1, f1=2.0)


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    """Make a run that ended two hours ago, with events of two attempts."""
    columns = completed_columns() | {"end_time": timezone.now() - timedelta(hours=2)}
    run = make_run(**columns, last_seq=EVENTS)
    events = [(seq, event(seq)) for seq in range(1, EVENTS + 1)]
    RunEvent.objects.bulk_create(
        RunEvent(
            run=run,
            seq=seq,
            attempt=1 + seq // 500,
            type=one.type,
            timestamp=f"2026-01-01T00:00:00.{seq:06d}Z",
            data=encode(one).decode(),
        )
        for seq, one in events
    )
    return run


def journal(run: Run, after: int = 0, limit: int = EVENTS, **narrowed: object) -> list[PackedEvent]:
    found = queries.events_after(run.pk, after, limit, **narrowed)  # type: ignore[arg-type]
    return [PackedEvent(*(getattr(one, name) for name in PackedEvent._fields)) for one in found]


def test_the_journal_reads_as_before_from_any_number_on(run: Run) -> None:
    chance = random.Random(5)
    asked: list[dict[str, object]] = [{}, {"types": ["progress"]}, {"types": ["lr_update"]}, {"until": 640}]
    asked += [
        {"after": chance.randrange(EVENTS), "limit": chance.randrange(1, 300), "until": until, "types": types}
        for until in (None, chance.randrange(EVENTS), EVENTS)
        for types in ((), ("batch_metrics",), ("progress", "lr_update"))
        for _ in range(5)
    ]
    before = [journal(run, **one) for one in asked]  # type: ignore[arg-type]
    assert len(before[0]) == EVENTS
    count = journal_packing.pack(run)
    assert [journal(run, **one) for one in asked] == before  # type: ignore[arg-type]
    rows = RunEvent.objects.filter(run=run)
    assert rows.count() + count == EVENTS
    last_packed = (EVENTS - LAST) // RANGE * RANGE
    inside = rows.filter(seq__lte=last_packed)
    assert set(inside.values_list("type", flat=True)) == {"lr_update"}
    assert count == last_packed - inside.count() > 800


def test_the_last_range_is_shorter_and_few_numbers_stay_rows(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_packing, "SHORTEST", 4)
    before = journal(run)
    journal_packing.pack(run)
    assert journal(run) == before
    ephemeral = RunEvent.objects.filter(run=run).exclude(type="lr_update").order_by("seq")
    assert ephemeral.values_list("seq", flat=True).first() == EVENTS - LAST + 1
    ranges = PackedEvents.objects.filter(run=run).order_by("first_seq").values_list("first_seq", "last_seq")
    assert list(ranges)[-1] == ((EVENTS - LAST) // RANGE * RANGE + 1, EVENTS - LAST)
    assert list(journal_packing.due()) == []
    Run.objects.filter(pk=run.pk).update(last_seq=EVENTS + 10)  # resumed, and ended again
    late = [(EVENTS + more, event(EVENTS + more)) for more in range(1, 11)]
    RunEvent.objects.bulk_create(
        RunEvent(run=run, seq=seq, attempt=3, type=one.type, timestamp=LATER, data=encode(one).decode())
        for seq, one in late
    )
    run.refresh_from_db()
    before = journal(run, 0, EVENTS + 10)
    assert journal_packing.pack(run) == 10 - sum(seq % 97 == 0 for seq in range(EVENTS - LAST + 1, EVENTS - LAST + 11))
    assert journal(run, 0, EVENTS + 10) == before


def test_hints_and_snapshots_say_the_same_of_a_packed_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    RunEvent.objects.filter(run=run, seq__gt=EVENTS - LAST, type="progress").update(type="batch_metrics")
    monkeypatch.setattr(hint_evidence, "RECENT", EVENTS - 300)

    def said() -> tuple[Evidence, list[bytes]]:
        samples = Samples.of(lambda pk: Run.objects.filter(pk=pk).first(), run.pk)
        assert samples is not None
        logs = (10, LAST + 7, EVENTS)
        return hint_evidence.of_run(run), [msgspec.json.encode(snapshot(samples, 100, log)) for log in logs]

    before = said()
    assert len(before[0].waits) > 30
    assert b'"progress":{' in before[1][0]
    journal_packing.pack(run)
    assert said() == before


def test_events_come_back_letter_by_letter() -> None:
    events = [
        PackedEvent(2**40, 3, "progress", "2026-01-01T00:00:00.000001Z", '{"a": 1.0e5,\n"é":"\\u00e9"}'),
        PackedEvent(2**40 + 7, 4, "resource_usage", "", "{}"),
    ]
    assert decode(packed(events)) == events
    assert decode(packed(events), ["resource_usage", "progress"]) == events
    assert decode(packed(events), ["resource_usage"]) == events[1:]
    assert decode(packed(events), ["batch_metrics"]) == []


def test_a_range_that_is_being_packed_comes_once(run: Run) -> None:
    rows = list(RunEvent.objects.filter(run=run).order_by("seq"))
    journal_packing.pack(run)  # between two queries of a reader
    found = packed_events.with_packed(rows, run.pk, 0, None, EVENTS + 1)
    assert [one.seq for one in found] == list(range(1, EVENTS + 1))


def test_who_follows_a_run_live_asks_for_nothing_packed(run: Run, django_assert_num_queries: Any) -> None:
    for after, limit, until in [
        (0, EVENTS, EVENTS),
        (EVENTS - 9, 500, EVENTS),
        (EVENTS - 9, 5, EVENTS),
        (990, 99, None),
    ]:
        with django_assert_num_queries(1):
            assert len(journal(run, after, limit, until=until)) == min(EVENTS - after, limit)
    RunEvent.objects.filter(run=run, seq__lte=3).update(type="lr_update")  # rows without a gap before what is packed
    journal_packing.pack(run)
    assert [one.seq for one in journal(run, 0, 9, until=5)] == [1, 2, 3, 4, 5]


def test_some_types_without_an_end_are_read_beyond_the_last_row(run: Run) -> None:
    for type_, seqs in {"run_status": (1, 2, 3), "gradient_stats": (10, 70)}.items():
        RunEvent.objects.filter(run=run, seq__in=seqs).update(type=type_)
    journal_packing.pack(run)
    for after, limit, found in [(0, 9, [1, 2, 3, 10, 70]), (1, 3, [2, 3, 10]), (0, 3, [1, 2, 3])]:
        events = journal(run, after, limit, types=["run_status", "gradient_stats"])
        assert [one.seq for one in events] == found


def test_a_failure_leaves_rows_and_the_next_try_continues(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = journal(run)
    calls = []

    def failing(events: list[PackedEvent]) -> bytes:
        calls.append(len(events))
        if len(calls) == 3:
            raise OperationalError("disk full")
        return packed(events)

    with monkeypatch.context() as broken:
        broken.setattr(event_codec, "encode", failing)
        with pytest.raises(OperationalError):
            journal_packing.pack(run)
    assert PackedEvents.objects.filter(run=run).count() == 2
    assert journal(run) == before
    journal_packing.pack(run)
    assert PackedEvents.objects.filter(run=run).count() == (EVENTS - LAST) // RANGE
    assert journal(run) == before
    assert journal_packing.pack(run) == 0


def test_only_runs_that_ended_a_while_ago_are_packed_and_each_once(run: Run, make_run: MakeRun) -> None:
    ended = completed_columns() | {"last_seq": EVENTS}
    make_run(**ended | {"end_time": timezone.now()})
    make_run(**ended | {"end_time": run.end_time, "last_seq": RANGE + LAST - 1})
    make_run(status="in_progress", last_seq=EVENTS)
    pruned = make_run(**ended | {"end_time": run.end_time})
    assert list(journal_packing.due()) == [run, pruned]
    packing = Packing()
    assert [packing.pack_one() for _ in range(4)] == [run.pk, pruned.pk, None, None]
    assert list(journal_packing.due()) == []
    Run.objects.filter(pk=run.pk).update(status="queued")
    PackedEvents.objects.filter(run=run).delete()
    assert journal_packing.pack(run) == 0


def test_a_long_run_is_packed_a_part_in_each_round(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recovery of lost runs is in the same thread."""
    monkeypatch.setattr(maintenance, "RANGES_OF_A_ROUND", 5)
    before, packing = journal(run), Packing()
    for ranges in (5, 10, 14):
        assert packing.pack_one() == run.pk
        assert PackedEvents.objects.filter(run=run).count() == ranges
    assert packing.pack_one() is None
    assert list(journal_packing.due()) == []
    assert journal(run) == before


def test_pruning_and_purging_remove_what_is_packed(run: Run) -> None:
    expected = retention.ephemeral_events(run).number
    assert retention.ephemeral_events_of(Run.objects.all()).number == expected
    journal_packing.pack(run)
    assert retention.ephemeral_events(run).number == expected
    assert retention.ephemeral_events_of(Run.objects.all()) == retention.ephemeral_events(run)
    assert sum(retention.remove_events(run, pause=lambda _: None)) == expected
    assert [one.type for one in journal(run)] == ["lr_update"] * (EVENTS // 97)
    assert retention.ephemeral_events(run).number == retention.ephemeral_events_of(Run.objects.all()).number == 0
    assert list(journal_packing.due()) == []
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now() - timedelta(days=99))
    run.refresh_from_db()
    assert deletion.purge(run)
    assert not PackedEvents.objects.exists()
