"""`manage.py export RUN_ID`: write a run's files again from the database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.recording import record
from runs.check_tags import INSTALLATION
from runs.files import run_files, store
from runs.files.exports import export, publish, write_config
from runs.files.store import StoreError
from runs.leases import Fenced
from runs.models import Run


class Command(BaseCommand):
    """Write a run's files again from the database."""

    help = "Write a run's files (metrics.csv, metadata.json, results.json, …) again from the database."
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the run's id."""
        parser.add_argument("run_id", type=int)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write the files, and store them in the object store if one is used."""
        run = Run.objects.filter(pk=options["run_id"]).first()
        if run is None:
            raise CommandError(f"Run {options['run_id']} does not exist.")
        if store.in_use() and run.status in Run.RUNNING:
            raise CommandError(f"Run {run.pk} is running: its worker stores its files when it ends.")
        try:
            write_config(run)
            export(run)
            if store.in_use():
                publish(run)
        except (OSError, StoreError, Fenced) as error:
            raise CommandError(f"Not all files could be written: {error}") from error
        record("run.exported", target=run)
        self.stdout.write(f"Written to {run_files.place(run)}")
