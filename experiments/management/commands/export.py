"""`manage.py export RUN_ID`: write a run's files again from the database, or its model as one file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.recording import record
from experiments.cli import model_file_export
from experiments.cli.chosen_run import known_run
from experiments.cli.model_file_export import NotExported
from experiments.training.exporting.file_request import FORMATS
from experiments.training.exporting.model_facts import NOT_STATED
from runs.check_tags import INSTALLATION
from runs.files import run_files, store
from runs.files.exports import export, publish, write_config
from runs.files.store import StoreError
from runs.leases import Fenced
from runs.models import Run


class Command(BaseCommand):
    """Write a run's files again from the database, or its model."""

    help = (
        "Write a run's files (metrics.csv, metadata.json, results.json, …) again from the database. With --format, "
        "write its model instead, as one file that needs no server."
    )
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the run's id, and what is said of its model."""
        parser.add_argument("run_id", type=int)
        parser.add_argument("--format", choices=FORMATS, help="write the model: onnx runs anywhere, pt2 is for PyTorch")
        parser.add_argument(
            "--output",
            type=Path,
            metavar="PATH",
            help="with --format: a folder, a file, or an archive (.zip) with a script (default: the present folder)",
        )
        parser.add_argument("--licence", metavar="TEXT", help="with --format: what the file says of its licence")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write the files, and store them in the object store if one is used; or write the model."""
        run = known_run(options["run_id"])
        if options["format"]:
            return self._write_model(run, options)
        if options["output"] or options["licence"]:
            raise CommandError("--output and --licence are of a model file: name its --format, too.")
        return self._write_files(run)

    def _write_model(self, run: Run, options: dict[str, Any]) -> None:
        licence = (options["licence"] or "").strip() or NOT_STATED
        try:
            path = model_file_export.export(run, options["format"], licence, options["output"])
        except (NotExported, OSError) as error:
            raise CommandError(str(error)) from error
        record("model_file.written", target=run, format=options["format"])
        self.stdout.write(f"Written to {path}")

    def _write_files(self, run: Run) -> None:
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
