"""`manage.py audit export|prune`: write the audit trail out, and remove old events of it."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.actions import ACTIONS
from audit.event_lines import sentence, written
from audit.pruning import limit, prune
from audit.reading import chosen, in_batches, with_repeats
from audit.recording import record
from runs import schema
from runs.check_tags import INSTALLATION

OFTEN = "of this one alone; may be given several times"


class Command(BaseCommand):
    """The command `audit`."""

    help = "Write the events of the audit trail out, the oldest first, or remove old ones."
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be done, and its options."""
        ways = parser.add_subparsers(dest="way", required=True)
        export = ways.add_parser("export", help="write events to the standard output")
        export.add_argument("--since", type=_moment, metavar="DATE", help="from then on, e.g. 2026-01-31")
        export.add_argument("--until", type=_moment, metavar="DATE", help="before then")
        export.add_argument("--action", action="append", default=[], type=_action, metavar="ACTION", help=OFTEN)
        export.add_argument("--user", action="append", default=[], metavar="NAME", help=OFTEN)
        export.add_argument("--project", action="append", default=[], type=int, metavar="NUMBER", help=OFTEN)
        export.add_argument("--json", action="store_true", help="one JSON object a line")
        pruning = ways.add_parser("prune", help="remove events before a day; the trail says that it was done")
        pruning.add_argument(
            "--before", type=_moment, metavar="DATE", help="by default what LIVETRAIN_AUDIT_DAYS says is too old"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Export or prune. Raises CommandError."""
        schema.bring_up_to_date()
        if options["way"] == "export":
            self._export(options)
        else:
            self._prune(options["before"] or limit())

    def _export(self, options: dict[str, Any]) -> None:
        events = chosen(
            projects=options["project"] or None,
            actions=options["action"],
            users=options["user"],
            since=options["since"],
            until=options["until"],
        )
        asked = {name: options[name] for name in ("since", "until", "action", "user", "project") if options[name]}
        record("audit.exported", asked=asked)
        for batch in in_batches(events):
            for event in batch:
                found = with_repeats(event)
                line = msgspec.json.encode(found).decode() if options["json"] else _line(found, sentence(event))
                self.stdout.write(line)

    def _prune(self, before: datetime | None) -> None:
        if before is None:
            raise CommandError("Say --before which day; LIVETRAIN_AUDIT_DAYS keeps all events.")
        try:
            number = prune(before)
        except ValueError as error:
            raise CommandError(f"--before: {error}") from error
        self.stdout.write(f"Removed {number} event{'s' * (number != 1)} before {written(before)}.")


def _line(found: dict[str, Any], said: str) -> str:
    times = f" ({found['count']} times until {found['last_at']})" if found["count"] > 1 else ""
    return f"{found['at']} {said}{times}"


def _action(name: str) -> str:
    if name not in ACTIONS:
        raise argparse.ArgumentTypeError(f"no action is called {name!r}; the reference page “Audit trail” has all")
    return name


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        cure = "must be a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z"
        raise argparse.ArgumentTypeError(cure) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
