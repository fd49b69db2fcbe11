"""`manage.py serve`: run everything on one machine."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from experiments.server import demo, private_home
from experiments.server.launcher import PortTaken, Server, listen
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

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the server until it is stopped. Raises CommandError where the port is taken."""
        private_home.make_private()
        try:
            listener = listen(options["host"], options["port"])
        except PortTaken as error:
            raise CommandError(str(error)) from error
        server = Server(listener, workers=0 if options["no_worker"] else options["workers"], slots=options["slots"])
        server.run(demo.welcome if options["demo"] else self._say_ready)

    def _say_ready(self, address: str) -> None:
        self.stdout.write(f"Livetrain runs at {address}/")
        self.stdout.flush()
