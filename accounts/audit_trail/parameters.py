"""What may be asked of the audit trail."""

from __future__ import annotations

import re
from typing import Any

from rest_framework import serializers

from audit.actions import ACTIONS
from audit.via import Via
from runs.listing.filters import Listed, Moment, Numbers, Parameters

MOST_ON_A_PAGE = 500
FORMATS = ("json", "jsonl")
_TARGET = re.compile(r"([a-z_]{1,40}):([\w.:-]{1,40})")


class ActionNames(Listed):
    """Actions by name, or by how their names begin: `run.` are all of runs."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the names; raises ValidationError for what no action is called."""
        names: list[str] = []
        for asked in super().to_internal_value(data):
            found = [name for name in ACTIONS if name == asked or (asked.endswith(".") and name.startswith(asked))]
            if not found:
                kinds = sorted({name.partition(".")[0] for name in ACTIONS})
                raise serializers.ValidationError(
                    f"No action is called {asked!r}; write one of the reference page “Audit trail”, or the kind and a "
                    f"dot: {', '.join(f'{kind}.' for kind in kinds)}"
                )
            names += found
        return names


class TrailParameters(Parameters):
    """Which events: each parameter must hold, of several values any. `since` includes its moment, `until` does not."""

    action = ActionNames(help_text="Any of these actions, or all whose names begin so: `run.`.")
    user = Listed(help_text="By any of these users.")
    project = Numbers(help_text="In any of these projects, by number.")
    address = Listed(help_text="From any of these addresses.")
    via = Listed(Via.values, help_text="By any of these ways.")
    target = serializers.CharField(
        max_length=81, required=False, help_text="Of this thing: kind and number, such as run:5."
    )
    since = Moment(required=False, help_text="From this date or time on, ISO 8601.")
    until = Moment(required=False, help_text="Before this date or time, ISO 8601.")
    cursor = serializers.CharField(max_length=1_000, required=False, help_text="From a link `next` or `previous`.")
    page_size = serializers.IntegerField(
        min_value=1, max_value=MOST_ON_A_PAGE, default=50, help_text="Events on a page."
    )
    format = serializers.ChoiceField(FORMATS, default="json", help_text="jsonl: all chosen events, a line each.")

    def validate_target(self, value: str) -> tuple[str, str]:
        """Read the kind and number of a target."""
        found = _TARGET.fullmatch(value)
        if found is None:
            raise serializers.ValidationError("Write the kind and its number, such as run:5 or dataset:3.")
        return found[1], found[2]
