"""`manage.py backup FOLDER`: everything that cannot be made again, while the server runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.template.defaultfilters import filesizeformat

from experiments.backup import BackupRefused, back_up
from runs.store import StoreError


class Command(BaseCommand):
    help = (
        "Back up runs, uploads, starting weights, secrets and the SQLite database into a folder, which can then be "
        "used as LIVETRAIN_HOME; called again with the same folder, it copies what is new. Needs no stop."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            copied = back_up(options["folder"])
        except (BackupRefused, OSError, StoreError) as error:
            raise CommandError(f"No complete back-up: {error}") from error
        size = filesizeformat(copied.size).replace("\xa0", " ")
        self.stdout.write(f"{copied.files} new files of {size} are in {options['folder']}. It holds secrets.")
        if connection.vendor != "sqlite":
            self.stdout.write("The database is not in it: dump PostgreSQL with pg_dump, before each back-up of files.")
