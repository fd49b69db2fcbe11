"""`manage.py report RUN --output PATH`: make a report on a run, or write one that is there, as a file."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rest_framework.exceptions import APIException

from experiments.cli.chosen_run import known_run
from experiments.report_models import ReportVersion
from experiments.reports import report_versions
from runs import atomic_files
from runs.check_tags import INSTALLATION
from runs.files.store import StoreError
from runs.models import Run

FORMATS = ("html", "pdf", "json")


class Command(BaseCommand):
    """Make a report on a run, and write it as a file."""

    help = (
        "Make a report on a run that has ended, which stays with the run as a version of its own, and write it as a "
        "file; or write one that is there."
    )
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the run, the file and its format."""
        parser.add_argument("run_id", type=int, help="number of the run")
        parser.add_argument("--output", required=True, type=Path, help="file to write")
        parser.add_argument("--format", choices=FORMATS, help="by default what the file's name ends in, else html")
        parser.add_argument("--number", type=int, help="write this report of the run; none is made")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write the file."""
        run = known_run(options["run_id"])
        output: Path = options["output"]
        if not output.parent.is_dir():
            raise CommandError(f"--output: there is no folder {output.parent}.")
        try:
            version = self._version(run, options["number"])
            content = _content(version, options["format"] or _named(output))
        except (APIException, StoreError) as error:
            raise CommandError(str(error)) from error
        try:
            atomic_files.write(output, content)
        except OSError as error:
            raise CommandError(f"--output: {output} cannot be written: {error.strerror}.") from error
        self.stdout.write(
            f"Report {version.number} on run {run.pk} is in {output}. Its report.html has SHA-256 {version.sha256}"
        )

    def _version(self, run: Run, number: int | None) -> ReportVersion:
        if number is None:
            return report_versions.make(run, getpass.getuser())
        found = report_versions.of_number(run, number)
        if found is None:
            raise CommandError(f"--number: run {run.pk} has no report {number}.")
        return found


def _named(output: Path) -> str:
    """Return the format that the file's name ends in."""
    kind = output.suffix.removeprefix(".").lower()
    return kind if kind in FORMATS else "html"


def _content(version: ReportVersion, kind: str) -> bytes:
    if kind == "pdf":
        return report_versions.pdf_of(version)
    content = report_versions.content_of(version, f"report.{kind}")
    if content is None:
        raise CommandError(f"Report {version.number} has no report.{kind} any more.")
    return content
