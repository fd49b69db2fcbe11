"""What runs ask for in their configurations, as the forecast of the queue needs it.

A configuration is long, and never changes: it is read once in each process. A run is known by its number and by when it
was created, as a database that is restored or emptied gives numbers again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from django.db.models import TextField
from django.db.models.functions import Cast

from runs.models import Run
from runs.statements.prepared_query import PreparedQuery
from runs.stored_config import StoredConfig

REMEMBERED = 10_000
"""Runs of which that is known, of some 300 bytes each; beyond them all are forgotten."""
_CONFIGS = PreparedQuery(
    lambda ids: Run.objects.filter(pk__in=ids).order_by().values_list("pk", Cast("config", TextField()))
)
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


class Asked(NamedTuple):
    """The values as they are stored, valid or not; None where there is none."""

    model: str | None
    accelerator: Any
    devices: Any
    max_hours: Any


_known: dict[tuple[int, Any], Asked] = {}


def asked_for(runs: Iterable[tuple[int, Any]]) -> dict[int, Asked]:
    """Return what each run asks for, given with when it was created; reads the configurations of new runs."""
    wanted = dict(runs)
    found = {pk: one for pk, created in wanted.items() if (one := _known.get((pk, created))) is not None}
    if missing := wanted.keys() - found.keys():
        if len(_known) + len(missing) > REMEMBERED:
            _known.clear()
        for pk, config in _CONFIGS.rows(sorted(missing)):
            found[pk] = _known[pk, wanted[pk]] = _of_config(_DECODER.decode(config))
    return found


def _of_config(config: Any) -> Asked:
    stored = StoredConfig(config if isinstance(config, Mapping) else {})
    trainer, model = stored.section("trainer"), stored.section("model").get("name")
    return Asked(
        model if isinstance(model, str) else None,
        *(trainer.get(name) for name in ("accelerator", "devices", "max_hours")),
    )
