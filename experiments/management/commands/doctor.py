"""`manage.py doctor`: is this server well, and if not, what to do?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from experiments.doctor.examination import diagnose


class Command(BaseCommand):
    help = "Look at settings, packages, GPU, disk, database, clock, broker and channel layer; exit code 1 if one fails."
    requires_system_checks = []  # their complaints are among the findings

    def handle(self, *_args: Any, **_options: Any) -> None:
        failed = 0
        for finding in diagnose():
            self.stdout.write(str(finding))
            failed += finding.level == "fail"
        if failed:
            raise CommandError(f"{failed} failed; what to do stands behind the arrows.")
