"""Write Prometheus' text format, as its documentation defines it: version 0.0.4 of "Exposition formats"."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_IN_LABELS = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_IN_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Sample:
    """One value, distinguished from the others of its family by labels."""

    value: float
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Family:
    """All values of one name. Names of counters end in `_total`."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    samples: tuple[Sample, ...]


def single(name: str, kind: Literal["gauge", "counter"], text: str, value: float | None) -> Family:
    """Make a family of one value, or of none if it is not known."""
    return Family(name, kind, text, () if value is None else (Sample(value, {}),))


def labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> Family:
    """Make a family of gauges distinguished by one label."""
    return Family(name, "gauge", text, tuple(Sample(value, {label: key}) for key, value in values.items()))


def render(families: Iterable[Family]) -> str:
    """Render the whole answer, with a line feed at its end."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help.translate(_IN_HELP)}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        labels = ",".join(f'{key}="{value.translate(_IN_LABELS)}"' for key, value in sample.labels.items())
        yield f"{family.name}{f'{{{labels}}}' if labels else ''} {_number(sample.value)}"


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
