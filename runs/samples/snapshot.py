"""What a page that comes late needs instead of the whole journal: the state after event `last_seq`.

Whoever takes the events after `last_seq` into it has what a replay of the whole journal gives (of thinned curves: the
same but for the points left out), also across resumes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from runs.events import BatchMetrics, FinalStats, Progress
from runs.models import RunEvent
from runs.samples.compiling import LASTING_TYPES
from runs.samples.kinds import BY_EPOCH, BY_STEP, BY_TIME, SAMPLED
from runs.samples.reading import Samples
from runs.samples.series import EPOCHS, Window, series_of
from runs.samples.thinning import FEWEST
from runs.serializers import event_envelope, run_detail

NEWEST_OF_EACH = 100
"""Events of each lasting type that the log gets, beside the newest of all."""


def snapshot(samples: Samples, points: int, log: int) -> dict[str, Any]:
    """`run` is as `GET /api/runs/<id>/` has it, from the same row as `last_seq`; the other parts are of the journal.

    Each curve has at most `points`; its `by` says what it runs along.
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
    for kind in SAMPLED.values():
        by = BY_EPOCH if kind.type == EPOCHS else BY_STEP if "step" in kind.base else BY_TIME
        for curve in series_of(samples, [f"{kind.prefix}/*"], Window(by, points)):
            yield {**curve, "by": by}


def _data(samples: Samples, seq: int) -> msgspec.Raw | None:
    """What the event says; null without one, or when it was pruned."""
    found = samples.events([seq])
    return msgspec.Raw(found[0].data.encode()) if found else None


def _newest(samples: Samples, types: Iterable[str], began: int) -> tuple[int, int]:
    """Number and step of the newest sample of these types since event `began`; zeros without one."""
    newest, step = 0, 0
    for type_ in types:
        columns = samples.columns(SAMPLED[type_], ["seq", "step"])
        if len(columns["seq"].values) and (seq := int(columns["seq"].values[-1])) > max(began, newest):
            newest, step = seq, int(columns["step"].values[-1])
    return newest, step


def _rate(samples: Samples) -> float | None:
    [curve] = series_of(samples, ["rate/learning_rate"], Window(BY_STEP, FEWEST))
    return curve["y"][-1] if curve["y"] else None


def _finals(samples: Samples, began: int) -> dict[str, msgspec.Raw]:
    """The newest evaluation of each split since the attempt began."""
    numbers = samples.numbers_of(FinalStats.type)
    data = [event.data for event in samples.events(numbers[numbers > began].tolist())]
    return {msgspec.json.decode(text)["split"]: msgspec.Raw(text.encode()) for text in data}


def _log(samples: Samples, newest: int) -> list[msgspec.Raw]:
    """The newest events of all types, and the newest of each lasting type: the others would crowd them out."""
    if not newest:
        return []
    lasting = [
        number
        for type_ in LASTING_TYPES
        for number in samples.numbers_of(type_)[-NEWEST_OF_EACH:].tolist()
        if number <= samples.last_seq - newest
    ]
    events = RunEvent.objects.filter(run_id=samples.run.pk, seq__lte=samples.last_seq)
    last = list(events.order_by("-seq")[:newest])
    known = {event.seq for event in last}
    older = samples.events(number for number in lasting if number not in known)
    return [msgspec.Raw(event_envelope(event).encode()) for event in [*older, *reversed(last)]]
