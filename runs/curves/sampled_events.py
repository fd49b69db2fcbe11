"""Declare which events are samples of curves, and under which names. Pure.

A name is `<prefix>/<name>`. A field whose name ends in `/` (or is empty) holds a dict, a list or both nested: each of
its numbers is a curve of its own, `layer/conv1`. Events that carry an epoch are voided by a resume, as the browser
drops what `training_start.resumed_from_epoch` makes void; events without one stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs.events import BatchMetrics, EpochEnd, Event, GradientStats, LrUpdate, Progress, ResourceUsage

BY_STEP, BY_EPOCH, BY_TIME = AXES = ("step", "epoch", "time")
"""The possible x axes of a curve."""


@dataclass(frozen=True, slots=True)
class SampledEvent:
    """An event type whose events are samples of curves.

    `fields` maps a curve's name below `prefix` to the event's field.
    """

    event: type[Event]
    prefix: str
    fields: Mapping[str, str]

    @property
    def type(self) -> str:
        """The event type's name."""
        return self.event.type

    @property
    def base(self) -> tuple[str, ...]:
        """The names of the whole numbers that each sample of the type carries."""
        own = self.event.__struct_fields__
        return ("seq", "time", *(name for name in ("step", "epoch") if name in own))

    def may_have(self, name: str) -> bool:
        """Return whether an event of this type could carry a curve of that name (without prefix)."""
        return any(
            name.startswith(field) and name != field if _is_open(field) else name == field for field in self.fields
        )

    def names(self) -> Iterator[str]:
        """Yield the full names of its curves as error messages show them, `<name>` for any name."""
        return (
            f"{self.prefix}/{field}<name>" if _is_open(field) else f"{self.prefix}/{field}" for field in self.fields
        )

    def columns(self, decoded: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[int], list[float | None]]]:
        """Yield name, indices and numbers of each curve that some of these events' data have a sample of.

        Null is a gap. By columns, since all events of a type have nearly always the same ones.
        """
        for name, field in self.fields.items():
            rows = [row for row, data in enumerate(decoded) if field in data]
            values = [decoded[row][field] for row in rows]
            if not _is_open(name):
                if rows:
                    yield name, rows, values
            else:
                yield from _open_columns(name, rows, values)


SAMPLED_EVENTS: Mapping[str, SampledEvent] = {
    sampled.type: sampled
    for sampled in (
        SampledEvent(BatchMetrics, "batch", {name: name for name in ("loss", "accuracy", "recall", "f1")}),
        SampledEvent(
            GradientStats,
            "gradient",
            {
                "total": "total_norm",
                "max": "max_norm",
                "min": "min_norm",
                "nonfinite": "nonfinite",
                "layer/": "layer_norms",
            },
        ),
        SampledEvent(LrUpdate, "rate", {"learning_rate": "learning_rate"}),
        SampledEvent(Progress, "throughput", {name: name for name in ("samples_per_second", "data_wait_share")}),
        SampledEvent(
            ResourceUsage,
            "usage",
            {
                "cpu_cores": "cpu_cores",
                "machine_cpu_cores": "machine_cpu_cores",
                "memory_pss": "memory_pss",
                "memory_rss": "memory_rss",
                "machine_memory_used": "machine_memory_used",
                "disk_free": "disk_free",
                "gpu/": "gpus",
            },
        ),
        SampledEvent(EpochEnd, "epoch", {"": "metrics"}),
    )
}
"""By event type. One line here makes a new event type a curve: stored, thinned, served and kept after pruning."""
BY_PREFIX: Mapping[str, SampledEvent] = {sampled.prefix: sampled for sampled in SAMPLED_EVENTS.values()}


def sampled_event_of(name: str) -> tuple[SampledEvent, str]:
    """Look up the event type of a full curve name; return it with the name below its prefix.

    Raises KeyError for a name that no run can have.
    """
    prefix, _, rest = name.partition("/")
    sampled = BY_PREFIX[prefix]
    if not sampled.may_have(rest):
        raise KeyError(name)
    return sampled, rest


def possible_names() -> str:
    """List all possible curve names in one line, for error messages."""
    return ", ".join(name for sampled in SAMPLED_EVENTS.values() for name in sampled.names())


def _is_open(field: str) -> bool:
    return not field or field.endswith("/")


_NUMBERS = frozenset({int, float, bool, type(None)})
"""What JSON has of these, and null; asked of many thousand values, a set answers faster than `isinstance`."""


def _open_columns(
    prefix: str, rows: Sequence[int], values: Sequence[Any]
) -> Iterator[tuple[str, list[int], list[float | None]]]:
    flat = [_numbers(prefix, value) for value in values]
    names: dict[str, None] = {}
    for numbers in flat:
        if numbers.keys() - names.keys():
            names |= dict.fromkeys(numbers)
    for name in names:
        having = [(row, numbers[name]) for row, numbers in zip(rows, flat, strict=True) if name in numbers]
        yield name, [row for row, _ in having], [number for _, number in having]


def _numbers(prefix: str, value: Any) -> dict[str, float | None]:
    """Collect the numbers in nested dicts and lists, each under its path below `prefix`."""
    if isinstance(value, dict):
        items: Iterable[tuple[Any, Any]] = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return {}
    found: dict[str, float | None] = {}
    for key, inner in items:
        if type(inner) in _NUMBERS:
            found[f"{prefix}{key}"] = inner
        else:
            found |= _numbers(f"{prefix}{key}/", inner)
    return found
