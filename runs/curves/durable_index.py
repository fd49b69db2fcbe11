"""Which events last among the ephemeral ones, and how the rows that keep their numbers are called. Pure."""

from __future__ import annotations

from runs.events import EPHEMERAL_TYPES, EVENT_TYPES

DURABLE_INDEX = "landmarks"
"""Stored type of the row that every range has: the numbers of the durable events, a base column for each type."""
DURABLE_TYPES = tuple(sorted(set(EVENT_TYPES) - EPHEMERAL_TYPES))
