"""Let the database itself refuse to change or remove events: by triggers, so that no code and no shell can forget it.

An event may be removed once a stored event of `audit.pruned` says so of all events before a later moment, and that one
stays: the trail cannot be shortened without saying it. How often something was repeated may only grow.

Who may write the database's files or own its tables can drop triggers; against that helps a log kept elsewhere.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

EVENTS, REPEATS = "audit_auditevent", "audit_repeats"
REFUSAL = "the audit trail is append-only"
_PRUNED = f"EXISTS (SELECT 1 FROM {EVENTS} AS pruned WHERE pruned.pruned_before > {{}})"  # noqa: S608
_OF_EVENT = f"(SELECT event.at FROM {EVENTS} AS event WHERE event.id = OLD.event_id)"  # noqa: S608
_KEPT_EVENT = f"NOT {_PRUNED.format('OLD.at')}"
_KEPT_REPEATS = f"EXISTS {_OF_EVENT} AND NOT {_PRUNED.format(_OF_EVENT)}"
_SHRINKS = "NEW.event_id <> OLD.event_id OR NEW.key <> OLD.key OR NEW.count <= OLD.count OR NEW.last_at < OLD.last_at"
_GUARDS = {
    "audit_event_kept": (EVENTS, "DELETE", _KEPT_EVENT),
    "audit_event_unchanged": (EVENTS, "UPDATE", "1 = 1"),
    "audit_repeats_kept": (REPEATS, "DELETE", _KEPT_REPEATS),
    "audit_repeats_grow": (REPEATS, "UPDATE", _SHRINKS),
}
"""For each trigger its table, the statement, and when that is refused."""
_REPLACED = {
    "audit_event_not_replaced": (EVENTS, ("id",)),
    "audit_repeats_not_replaced": (REPEATS, ("event_id", "key")),
}
"""SQLite's REPLACE removes the row before it without asking triggers of DELETE."""


def after_migrating(**_unused: Any) -> None:
    """Make the triggers where one is missing: after the first migration, and where SQLite has made a table again."""
    if EVENTS in connection.introspection.table_names() and not are_guarded():
        with transaction.atomic():
            create_triggers()


def create_triggers() -> None:
    """Create or replace the triggers."""
    drop_triggers()
    with connection.cursor() as cursor:
        for statement in _postgresql() if connection.vendor == "postgresql" else _sqlite():
            cursor.execute(statement)


def drop_triggers() -> None:
    """Drop the triggers, as the reverse migration and tests that empty tables must."""
    with connection.cursor() as cursor:
        for name, table in names().items():
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def are_guarded() -> bool:
    """Return whether all triggers are there."""
    postgresql = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    with connection.cursor() as cursor:
        cursor.execute(
            postgresql if connection.vendor == "postgresql" else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        )
        return {name for (name,) in cursor.fetchall()} >= set(names())


def names() -> dict[str, str]:
    """Return the triggers that this database needs, each with its table."""
    found = {name: table for name, (table, _, _) in _GUARDS.items()}
    if connection.vendor == "postgresql":
        return found | {"audit_events_not_truncated": EVENTS, "audit_repeats_not_truncated": REPEATS}
    return found | {name: table for name, (table, _) in _REPLACED.items()}


def _sqlite() -> list[str]:
    raising = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    guards = [
        f"CREATE TRIGGER {name} BEFORE {statement} ON {table} WHEN {refused} {raising}"
        for name, (table, statement, refused) in _GUARDS.items()
    ]
    return guards + [
        f"CREATE TRIGGER {name} BEFORE INSERT ON {table} "  # noqa: S608
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {' OR '.join(f'{key} = NEW.{key}' for key in keys)}) {raising}"
        for name, (table, keys) in _REPLACED.items()
    ]


def _postgresql() -> list[str]:
    made = []
    for name, (table, statement, refused) in _GUARDS.items():
        passed = "OLD" if statement == "DELETE" else "NEW"
        body = f"BEGIN IF {refused} THEN RAISE EXCEPTION '{REFUSAL}'; END IF; RETURN {passed}; END"
        made.append(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        made.append(f"CREATE TRIGGER {name} BEFORE {statement} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    body = f"BEGIN RAISE EXCEPTION '{REFUSAL}'; END"
    made.append(f"CREATE OR REPLACE FUNCTION audit_not_truncated() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    for name, table in (("audit_events_not_truncated", EVENTS), ("audit_repeats_not_truncated", REPEATS)):
        made.append(f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} EXECUTE FUNCTION audit_not_truncated()")
    return made
