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

    action = ActionNames()
    user = Listed()
    project = Numbers()
    address = Listed()
    via = Listed(Via.values)
    target = serializers.CharField(max_length=81, required=False)
    since = Moment(required=False)
    until = Moment(required=False)
    cursor = serializers.CharField(max_length=1_000, required=False)
    page_size = serializers.IntegerField(min_value=1, max_value=MOST_ON_A_PAGE, default=50)
    format = serializers.ChoiceField(FORMATS, default="json")

    def validate_target(self, value: str) -> tuple[str, str]:
        """Read the kind and number of a target."""
        found = _TARGET.fullmatch(value)
        if found is None:
            raise serializers.ValidationError("Write the kind and its number, such as run:5 or dataset:3.")
        return found[1], found[2]
