"""What a model file says of itself beyond its network: facts of the run, collected where the database is. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

NOT_STATED = "not stated"


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts that travel with a model file.

    `data_hash` is the content hash of the data set's version, None where the run names a folder without one.
    `metrics` are the final statistics by split, with their intervals. `model_card` is the run's card
    as JSON, None where there is none. `licence` is what the user wrote.
    """

    product: str
    product_version: str
    run_name: str
    data_name: str
    data_hash: str | None = None
    metrics: dict[str, dict[str, float | None]] = {}
    model_card: dict[str, Any] | None = None
    licence: str = NOT_STATED
