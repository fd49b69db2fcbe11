"""Query parameters of curves and snapshots."""

from __future__ import annotations

import math
from typing import Any

from rest_framework import serializers

from runs.curves.sampled_events import AXES, BY_PREFIX, BY_STEP, possible_names, sampled_event_of
from runs.curves.window import Window
from runs.listing.filters import Listed, Parameters

FEWEST_POINTS, MOST_POINTS = 10, 100_000
MOST_RUNS = 50


def _points(default: int) -> serializers.IntegerField:
    words = "At most so many points of each curve."
    return serializers.IntegerField(min_value=FEWEST_POINTS, max_value=MOST_POINTS, default=default, help_text=words)


class Edge(serializers.FloatField):
    """One end of a range: a finite number in the unit of `by`."""

    default_error_messages = {
        "invalid": "Must be a finite number: a step, an epoch or seconds since 1970, as `by` says."
    }

    def to_internal_value(self, data: Any) -> float:
        """Parse a finite number; raises ValidationError for any other text."""
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class SeriesParameters(Parameters):
    """Parameters of one run's curves; `points` bounds each curve, without `name` the answer lists the names."""

    name = Listed(max_length=4_000, help_text="Curves, such as batch/loss or gradient/*.")
    by = serializers.ChoiceField(
        tuple(AXES),
        default=BY_STEP,
        error_messages={"invalid_choice": f"'{{input}}' is not possible; choose from {', '.join(AXES)}."},
        help_text="The axis of x.",
    )
    points = _points(2_000)
    # `from` is no name in Python, so the fields of the range are declared below.

    def get_fields(self) -> dict[str, Any]:
        """Add the range's ends, `from` and `to`, to the declared fields."""
        return {
            **super().get_fields(),
            "from": Edge(required=False, help_text="Where x begins."),
            "to": Edge(required=False, help_text="Where x ends."),
        }

    def validate_name(self, names: list[str]) -> list[str]:
        """Refuse names and `*` patterns that no curve can match."""
        for name in names:
            if not _may_be(name):
                cure = f"possible are {possible_names()}, and a leading part of one with a * at its end"
                raise serializers.ValidationError(f"{name!r} is not a curve; {cure}.")
        return names

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a range that ends before it starts."""
        if attrs.get("from", -math.inf) > attrs.get("to", math.inf):
            raise serializers.ValidationError({"from": "Must not be greater than `to`."})
        return attrs


class ManySeriesParameters(SeriesParameters):
    """Parameters of the same curves of several runs; `runs` are their ids."""

    runs = Listed(required=True, help_text="Numbers of 1 to 50 runs.")

    def get_fields(self) -> dict[str, Any]:
        """Make `name` required: the names of several runs are not listed."""
        return {
            **super().get_fields(),
            "name": Listed(max_length=4_000, required=True, help_text="Curves, such as batch/loss."),
        }

    def validate_runs(self, values: list[str]) -> list[int]:
        """Parse 1 to `MOST_RUNS` run ids, each kept once."""
        if not all(value.isascii() and value.isdigit() and len(value) < 19 for value in values) or not values:
            raise serializers.ValidationError("Expected ids of runs, separated by commas: 1,2,3.")
        if len(values) > MOST_RUNS:
            raise serializers.ValidationError(
                f"At most {MOST_RUNS} runs at once; ask for the others in another request."
            )
        return list(dict.fromkeys(int(value) for value in values))


class SnapshotParameters(Parameters):
    """Parameters of a snapshot.

    `points` bounds each curve; `log` is the number of newest events in the answer.
    """

    points = _points(1_000)
    log = serializers.IntegerField(min_value=0, max_value=1_000, default=200, help_text="So many of the newest events.")


def window(asked: dict[str, Any]) -> Window:
    """Build the window that validated parameters ask for."""
    return Window(asked["by"], asked["points"], asked.get("from"), asked.get("to"))


def _may_be(name: str) -> bool:
    """Return whether a name or a `*` pattern can match a curve."""
    if name.endswith("*"):
        prefix, slash, _ = name.partition("/")
        return prefix in BY_PREFIX if slash else any(known.startswith(prefix[:-1]) for known in BY_PREFIX)
    try:
        sampled_event_of(name)
    except KeyError:
        return False
    return True
