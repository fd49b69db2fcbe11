"""`manage.py backup FOLDER`: back up everything that cannot be made again, while the server runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import pluralize

from audit.recording import record
from experiments.cli.backup import BackupRefused, Copied, back_up
from runs.check_tags import INSTALLATION
from runs.files.store import StoreError
from runs.wording.number_text import byte_size


class Command(BaseCommand):
    """The command `backup`."""

    help = (
        "Back up runs, uploads, starting weights, secrets and the SQLite database into a folder, which can then be "
        "used as LIVETRAIN_HOME; called again with the same folder, it copies what is new. The server may keep running."
    )
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the folder of the back-up."""
        parser.add_argument("folder", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write or renew the back-up and report its size. Raises CommandError where it is not complete."""
        record("backup.created", folder=str(options["folder"]))
        try:
            copied = back_up(options["folder"])
        except (BackupRefused, OSError, StoreError) as error:
            raise CommandError(f"No complete back-up: {error}") from error
        self.stdout.write(f"{_told(copied)} in {options['folder']}. It holds secrets.")
        if copied.database is None:
            self.stdout.write("The database is not in it: dump PostgreSQL with pg_dump, before each back-up of files.")


def _told(copied: Copied) -> str:
    """Describe what was copied, with its sizes: `The database of 347.1 MiB and 1 new file of 86 bytes are`."""
    files = f"{copied.files} new file{pluralize(copied.files)} of {byte_size(copied.size)}"
    if copied.database is None:
        return f"{files} {pluralize(copied.files, 'is,are')}"
    return f"The database of {byte_size(copied.database)} and {files} are"
