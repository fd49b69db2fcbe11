"""`manage.py worker`: run queued trainings on this machine."""

from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandParser

from experiments.cli.training_command import TrainingCommand
from experiments.processes import gpus
from experiments.server import private_home
from experiments.server.launcher_watch import OPTION
from experiments.worker.worker_process import work
from runs.check_tags import INSTALLATION


class Command(TrainingCommand):
    """The command `worker`."""

    help = "Run queued trainings until SIGTERM; then they stop after a batch and return to the queue."
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the number of slots, the GPUs, and the descriptor of the launcher's pipe."""
        parser.add_argument("--slots", type=int, default=1, help="trainings at once (default: %(default)s)")
        parser.add_argument(OPTION, help=SUPPRESS)  # manage.py has read it
        parser.add_argument(
            "--gpus", help="GPUs that trainings get to themselves, e.g. 0,1; none: they share all (default: all)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run trainings until the process is stopped."""
        private_home.make_private()
        work(max(1, options["slots"]), _chosen(options["gpus"]))


def _chosen(asked: str | None) -> list[str]:
    if asked is None:
        return gpus.found()
    names = [name.strip() for name in asked.split(",") if name.strip()]
    return [] if names == ["none"] else names
