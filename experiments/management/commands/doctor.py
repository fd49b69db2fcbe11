"""`manage.py doctor`: diagnose this server, and say what to do."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from experiments.doctor.diagnosis import diagnose


class Command(BaseCommand):
    """The command `doctor`."""

    help = (
        "Diagnose settings, packages, GPU, disk, database, lists of runs, clock, broker and channel layer; exit code 1 "
        "if one fails."
    )
    requires_system_checks = []  # their messages are among the findings

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print each finding as it is made. Raises CommandError if one of them is a failure."""
        failed = 0
        for finding in diagnose():
            self.stdout.write(str(finding))
            failed += finding.level == "fail"
        if failed:
            raise CommandError(f"{failed} failed; the lines after the arrows say what to do.")
