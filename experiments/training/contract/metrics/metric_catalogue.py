"""The metrics of torchmetrics that a run may add to its epochs, as this installation has them. Imports no torch.

What there is depends on the installed version, and only a process that has loaded the library can see it: a worker
lists the metrics once per version (`experiments.training.metrics.inspection`), and others read that list.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal, TypeAlias

import msgspec

from experiments.training.contract.metrics.metric_option import MetricOption, written

PACKAGE = "torchmetrics"
REVISION = 1
"""Of what is listed and how: a list of another revision is made again."""
NOT_YET = (
    "Which metrics there are is not known yet: a worker lists them when it first starts. "
    "Start a worker, or send the request again in a minute"
)

Task: TypeAlias = Literal["binary", "multiclass"]
Direction: TypeAlias = Literal["min", "max"]


class ListedMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric by the library's name of its function, without the task.

    `options` are those of each task for which its function gives one number; `problems` say of the other tasks what it
    gives there. `direction` is null where the library does not say whether a higher or a lower value is better.
    """

    name: str
    direction: Direction | None
    options: dict[Task, list[MetricOption]]
    problems: dict[Task, str]

    def option_names(self) -> list[str]:
        """List the options of all tasks, each once."""
        return list(dict.fromkeys(option.name for option in self._all()))

    def option_problems(self, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield each wrong, unknown or missing option with what is wrong and the cure.

        The number of classes is not known here: an option is right if it is right for some number of them.
        """
        known = self.option_names()
        for name, value in given.items():
            if name not in known:
                yield name, f"{self.name} has no such option; {_cure(name, known)}"
            elif problems := self._problems(name, value):
                yield name, problems[0]
        for name in known:
            if name not in given and all(option.required for option in self._all() if option.name == name):
                allowed = next(option.allowed for option in self._all() if option.name == name)
                yield name, f"{self.name} needs it: {allowed}"

    def _all(self) -> Iterator[MetricOption]:
        return (option for options in self.options.values() for option in options)

    def _problems(self, name: str, value: Any) -> list[str]:
        """Return what each task says against the value; nothing if one of them takes it."""
        found = [option.problem(value) for option in self._all() if option.name == name]
        return [] if None in found else [problem for problem in found if problem]


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """All metrics of one version of the library, by name."""

    version: str
    metrics: dict[str, ListedMetric]

    def usable(self) -> list[str]:
        """List the names of the metrics that give one number."""
        return [name for name, metric in self.metrics.items() if metric.options]

    def find(self, name: str) -> ListedMetric:
        """Return a metric that can be a curve; raises ValueError with what is wrong and the cure."""
        metric = self.metrics.get(name)
        if metric is None:
            raise ValueError(
                f"{written(name)} is no classification metric of torchmetrics {self.version}; "
                f"{_cure(_as_function(name), self.usable())}"
            )
        if not metric.options:
            given = next(iter(metric.problems.values()))
            raise ValueError(
                f"{name} gives {given}, and a curve needs one number per epoch; {_cure(name, self.usable())}"
            )
        return metric


Source: TypeAlias = Callable[[], Catalogue | None]

_source: list[Source] = []  # where this process looks: filled by `read_from`, once, when it starts


def read_from(source: Source) -> None:
    """Look for the list there from now on."""
    _source[:] = [source]


def current() -> Catalogue | None:
    """Return the list of the installed version, or the newest of another; None where there is none yet."""
    return _source[0]() if _source else None


def known() -> Catalogue:
    """Return the same list; raises ValueError where there is none yet."""
    found = current()
    if found is None:
        raise ValueError(NOT_YET)
    return found


def installed_version() -> str | None:
    """Return the version of the library that is installed here, without loading it; None if it is not."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return None


def describe(metric: ListedMetric) -> dict[str, Any]:
    """Describe a metric for the API: its direction, and its options for two classes and for more."""
    return {
        "name": metric.name,
        "direction": metric.direction,
        "options": {
            task: [
                {
                    "name": option.name,
                    "allowed": option.allowed,
                    "required": option.required,
                    "default": option.default,
                    "choices": option.choices or None,
                }
                for option in options
            ]
            for task, options in metric.options.items()
        },
    }


def _cure(wanted: str, known: Sequence[str]) -> str:
    """Name what is spelled like it, or all there is."""
    close = difflib.get_close_matches(wanted[:100], known, n=3, cutoff=0.5)
    parts = {name for name in known if wanted in name.split("_") or name in wanted}
    near = list(dict.fromkeys([*close, *sorted(parts)]))[:4]
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    return f"there are {', '.join(known)}" if known else "it has none"


def _as_function(name: str) -> str:
    """Spell a class of the library, such as BinaryCohenKappa, or a function of one task, as its function."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:100]).lower()
    return re.sub(r"^(binary|multiclass|multilabel)_", "", snake)
