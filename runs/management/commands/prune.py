"""`manage.py prune`: make room by removing what old runs no longer need."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from runs.check_tags import INSTALLATION
from runs.files import store, stored_files
from runs.files.store import StoreError
from runs.models import Run
from runs.removal import retention
from runs.removal.retention import NOTHING, Amount
from runs.wording.number_text import byte_size

SHRINKING = "An SQLite file keeps its size; the room inside it is used for new runs."


class Command(BaseCommand):
    """Remove ephemeral events, and on request spare checkpoints, of runs that ended long ago."""

    help = (
        "Remove batch metrics, gradient and progress events of runs that ended long ago. Reports what it would remove; "
        "with --yes removes it, in small steps, while the server runs."
    )
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the age, the choice of checkpoints, and whether to remove anything."""
        parser.add_argument(
            "--days", type=_days, default=settings.RETENTION_DAYS, help="since a run's end (default: %(default)g)"
        )
        parser.add_argument("--checkpoints", action="store_true", help="also those that are neither best nor last")
        parser.add_argument("--yes", action="store_true", help="remove it")
        parser.add_argument("--dry-run", action="store_true", help="only report what would be removed (the default)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Report or remove what the options select; what was removed before an error stays removed."""
        if options["yes"] and options["dry_run"]:
            raise CommandError("--yes removes and --dry-run does not: choose one of them.")
        try:
            self._go(options["days"], checkpoints=options["checkpoints"], remove=options["yes"])
        except StoreError as error:
            raise CommandError(f"{error} What was removed is gone; run the command again to continue.") from error
        except KeyboardInterrupt as error:
            raise CommandError("Interrupted. What was removed is gone; run the command again to continue.") from error

    def _go(self, days: float, *, checkpoints: bool, remove: bool) -> None:
        runs, events, files = (
            _removed(days, checkpoints=checkpoints) if remove else _found(days, checkpoints=checkpoints)
        )
        orphans = _orphans(remove=remove) if checkpoints and store.in_use() else 0
        verb = "Removed" if remove else "Would remove"
        self.stdout.write(f"{runs} runs ended more than {days:g} days ago.")
        self.stdout.write(f"{verb} {events.number} events with {_size(events)} of data.")
        if checkpoints:
            self.stdout.write(f"{verb} {files.number} checkpoints of {_size(files)}.")
        if orphans:
            self.stdout.write(f"{verb} {orphans} objects in {store.address()} that belong to no file of a run.")
        self.stdout.write(SHRINKING if remove else "Nothing was removed: add --yes for that.")


def _found(days: float, *, checkpoints: bool) -> tuple[int, Amount, Amount]:
    """Count the runs, events and checkpoints that would be removed; of each run only what names its checkpoints."""
    runs = retention.expired_runs(days)
    events, files = retention.ephemeral_events_of(runs), NOTHING
    if checkpoints:
        for run in runs.only(*retention.KEPT_CHECKPOINTS).iterator(chunk_size=1_000):
            files += retention.spare_checkpoints(run)
    return runs.count(), events, files


def _removed(days: float, *, checkpoints: bool) -> tuple[int, Amount, Amount]:
    runs, events, files = 0, NOTHING, NOTHING
    for run in retention.expired_runs(days).iterator(chunk_size=100):
        runs += 1
        events += _events(run)
        if checkpoints:
            files += retention.remove_checkpoints(run)
    return runs, events, files


def _events(run: Run) -> Amount:
    """Remove the run's ephemeral events."""
    found = retention.ephemeral_events(run)
    if not found.number:
        return found
    removed = sum(retention.remove_events(run))
    return Amount(removed, found.size * removed // found.number)


def _orphans(*, remove: bool) -> int:
    """Count the store's objects that belong to no file of a run, and remove them if asked to."""
    keys = list(stored_files.orphans())
    if remove:
        stored_files.remove_objects(keys)
    return len(keys)


def _size(amount: Amount) -> str:
    return byte_size(amount.size)


def _days(raw: str) -> float:
    try:
        days = float(raw)
    except ValueError as error:
        raise ArgumentTypeError(f"{raw!r}: expected a number of days.") from error
    if not 0 <= days < 36_500:
        raise ArgumentTypeError(f"{raw!r}: expected 0 to 36500 days.")
    return days
