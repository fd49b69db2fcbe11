"""`manage.py serve`: run everything on one machine."""

import sys
from argparse import SUPPRESS
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from experiments.processes import gpus
from experiments.server import demo, first_children, launcher, private_home
from experiments.server.launcher import Plan, PortTaken, divided, listen
from experiments.server.launcher_watch import LauncherPipe
from runs import schema
from runs.check_tags import INSTALLATION


class Command(BaseCommand):
    """The command `serve`."""

    help = "Migrate, then keep a web process and worker processes running until Ctrl-C or SIGTERM."
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address, the numbers of workers and slots, and whether to show a demo."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, help="port to listen on (default: 8000 or the next free one)")
        parser.add_argument("--workers", type=int, default=1, help="worker processes (default: %(default)s)")
        parser.add_argument("--slots", type=int, default=1, help="trainings at once per worker (default: %(default)s)")
        parser.add_argument("--no-worker", action="store_true", help="web process only")
        parser.add_argument("--demo", action="store_true", help="submit a training on built-in data, print its link")
        parser.add_argument("--welcome", metavar="ADDRESS", help=SUPPRESS)  # the launcher asks for the demo

    def handle(self, *_args: Any, **options: Any) -> None:
        """Prepare the server, fork its first processes, then become their launcher.

        Raises CommandError where the port is taken.
        """
        if options["welcome"]:
            demo.welcome(options["welcome"])
            return
        launcher.hold_signals()
        private_home.make_private()
        try:
            listener = listen(options["host"], options["port"])
        except PortTaken as error:
            raise CommandError(str(error)) from error
        schema.bring_up_to_date()
        plan = _plan(listener.detach(), LauncherPipe().ends, options)
        started, child = first_children.fork(plan)
        if child:
            first_children.be(child, plan)
        else:
            launcher.become(plan._replace(started=started), str(settings.BASE_DIR))


def _plan(listener: int, pipe: tuple[int, ...], options: dict[str, Any]) -> Plan:
    logs: Any = settings.LOGGING
    workers = 0 if options["no_worker"] else options["workers"]
    return Plan(
        listener=listener,
        manage=[sys.executable, str(Path(settings.BASE_DIR) / "manage.py")],
        shares=divided(gpus.found(), workers),
        slots=options["slots"],
        worker_stop_seconds=settings.GRACE_SECONDS + 20,
        demo=options["demo"],
        log_text=logs["formatters"][logs["handlers"]["console"]["formatter"]].get("format", ""),
        log_level=logs["root"]["level"],
        pipe=pipe,
    )
