"""The base of the commands whose processes start trainings."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from experiments.processes import fork_server


class TrainingCommand(BaseCommand):
    """A command that has a process to itself, where trainings are started by it."""

    def run_from_argv(self, argv: list[str]) -> None:
        """Settle what trainings inherit before there are threads, and run the command."""
        fork_server.settle_environment()
        super().run_from_argv(argv)
