"""`manage.py join RUN_ID --node N`: take part in a training on several machines."""

from __future__ import annotations

import threading
from typing import Any

from django.core.management.base import CommandError, CommandParser

from experiments.cli.stop_signals import StopSignals
from experiments.cli.training_command import TrainingCommand
from experiments.processes import training_process
from experiments.server import private_home
from experiments.supervision import secondary_node
from experiments.training.contract.source_errors import SourceError
from runs.check_tags import INSTALLATION


class Command(TrainingCommand):
    """The command `join`."""

    help = "Give this machine's devices to a run that asked for several machines; ends with the run."
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the number of the run and that of this machine."""
        parser.add_argument("run_id", type=int)
        parser.add_argument("--node", type=int, required=True, help="number of this machine, from 1")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Train this machine's part until the run ends. Raises CommandError unless the run was completed."""
        leaving = threading.Event()
        signals = StopSignals(leaving)
        signals.install()
        private_home.make_private()
        self.stderr.write("Loading PyTorch …")
        training_process.warm_up()
        try:
            part = secondary_node.join(options["run_id"], options["node"], leaving=leaving, say=self.stderr.write)
        except (secondary_node.NotJoined, SourceError) as error:
            raise CommandError(str(error), returncode=signals.exit_code or 1) from error
        if not part.completed:
            raise CommandError(part.text, returncode=signals.exit_code or 1)
        self.stdout.write(part.text)
