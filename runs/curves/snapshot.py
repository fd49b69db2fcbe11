"""Build what a page that opens late needs instead of the whole journal: the state after event `last_seq`.

A client that applies the events after `last_seq` to it reaches the state that a replay of the whole journal gives (of
thinned curves: the same except for the points left out), also across resumes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from runs.curves.durable_index import DURABLE_TYPES
from runs.curves.reading import Samples
from runs.curves.sampled_events import BY_EPOCH, BY_STEP, BY_TIME, SAMPLED_EVENTS
from runs.curves.series import EPOCHS, series_of
from runs.curves.thinning import FEWEST
from runs.curves.window import Window
from runs.events import BatchMetrics, EpochEnd, FinalStats, Progress
from runs.models import RunEvent
from runs.queries import events_after
from runs.serializers import event_envelope, run_detail

NEWEST_OF_EACH = 100
"""Events of each durable type in the log, beside the newest of all types."""


class _Split(msgspec.Struct):
    """What tells evaluations apart; the rest may be a matrix of a thousand classes, and is passed on as it is."""

    split: str


class _InLog(msgspec.Struct):
    """What the log has of an evaluation: numbers of the whole split. `finals` has everything."""

    split: str
    epoch: int
    threshold: float | None
    statistics: dict[str, float | None]


class _EpochInLog(msgspec.Struct):
    """What the log has of an epoch: its numbers. Matrices of epochs have an address of their own."""

    epoch: int
    phase: str
    metrics: dict[str, float | None]
    timestamp: str


_SPLIT = msgspec.json.Decoder(_Split)
_IN_LOG = msgspec.json.Decoder(_InLog)
_EPOCH_IN_LOG = msgspec.json.Decoder(_EpochInLog)
_WITH_MATRIX = '"matrix":{'


def snapshot(samples: Samples, points: int, log: int) -> dict[str, Any]:
    """Build the snapshot: `run` as `GET /api/runs/<id>/` has it, the other parts from the journal.

    `run` comes from the same row as `last_seq`. Each curve has at most `points`; its `by` names its axis.
    """
    began = samples.starts[-1].seq if samples.starts else 0
    return {
        "run": run_detail(samples.run),
        "status": samples.run.status,
        "last_seq": samples.last_seq,
        "training_start": _data(samples, began),
        "progress": _data(samples, _newest(samples, [Progress.type], began)[0]),
        "step": _newest(samples, [BatchMetrics.type, Progress.type], began)[1],
        "learning_rate": _rate(samples),
        "finals": _finals(samples, began),
        "counts": samples.counts(),
        "series": list(_series(samples, points)),
        "events": _log(samples, log),
    }


def _series(samples: Samples, points: int) -> Iterator[dict[str, Any]]:
    for sampled in SAMPLED_EVENTS.values():
        by = BY_EPOCH if sampled.type == EPOCHS else BY_STEP if "step" in sampled.base else BY_TIME
        for curve in series_of(samples, [f"{sampled.prefix}/*"], Window(by, points)):
            yield {**curve, "by": by}


def _data(samples: Samples, seq: int) -> msgspec.Raw | None:
    """Return the event's data; None without one, or when it was pruned."""
    found = events_after(samples.run.pk, seq - 1, 1, until=seq) if seq else []
    return msgspec.Raw(found[0].data.encode()) if found else None


def _newest(samples: Samples, types: Iterable[str], began: int) -> tuple[int, int]:
    """Return number and step of the newest sample of these types since event `began`; zeros without one."""
    newest, step = 0, 0
    for type_ in types:
        columns = samples.columns(SAMPLED_EVENTS[type_], ["seq", "step"])
        if len(columns["seq"].values) and (seq := int(columns["seq"].values[-1])) > max(began, newest):
            newest, step = seq, int(columns["step"].values[-1])
    return newest, step


def _rate(samples: Samples) -> float | None:
    [curve] = series_of(samples, ["rate/learning_rate"], Window(BY_STEP, FEWEST))
    return curve["y"][-1] if curve["y"] else None


def _finals(samples: Samples, began: int) -> dict[str, msgspec.Raw]:
    """Return the newest evaluation of each split since the attempt began."""
    numbers = samples.seqs_of(FinalStats.type)
    data = [event.data for event in samples.events(numbers[numbers > began].tolist())]
    return {_SPLIT.decode(text).split: msgspec.Raw(text.encode()) for text in data}


def _log(samples: Samples, newest: int) -> list[msgspec.Raw]:
    """Return the newest events of all types, and the newest of each durable type, which would be crowded out."""
    if not newest:
        return []
    durable = [
        number
        for type_ in DURABLE_TYPES
        for number in samples.seqs_of(type_)[-NEWEST_OF_EACH:].tolist()
        if number <= samples.last_seq - newest
    ]
    after = max(0, samples.last_seq - newest)
    last = events_after(samples.run.pk, after, newest, until=samples.last_seq)
    if after and len(last) < newest:  # some were pruned
        before = RunEvent.objects.filter(run_id=samples.run.pk, seq__lte=after).order_by("-seq")
        last = [*reversed(before[: newest - len(last)]), *last]
    known = {event.seq for event in last}
    older = samples.events(number for number in durable if number not in known)
    return [msgspec.Raw(_logged(event).encode()) for event in [*older, *last]]


def _logged(event: RunEvent) -> str:
    """Build the message of an event without matrices and numbers of classes: others have them, once."""
    if event.type == EpochEnd.type and _WITH_MATRIX in event.data:
        epoch = _EPOCH_IN_LOG.decode(event.data)
        return event_envelope(event, msgspec.json.encode(epoch).decode())
    if event.type != FinalStats.type:
        return event_envelope(event)
    data = _IN_LOG.decode(event.data)
    data.statistics = {name: value for name, value in data.statistics.items() if "/" not in name}
    return event_envelope(event, msgspec.json.encode(data).decode())
