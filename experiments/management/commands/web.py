"""`manage.py web`: the web process that `serve` keeps alive; Daphne on a socket that the launcher holds."""

import gc
from argparse import SUPPRESS
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from experiments.server import body_limit
from experiments.server.clean_stop import OrderlyDaphne
from experiments.server.launcher_watch import OPTION


class Command(BaseCommand):
    """The command `web`."""

    requires_system_checks = []  # `serve` has made those that matter here
    help = "Serve HTTP and WebSocket on an inherited listening socket (started by `serve`)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the descriptor of the socket, and that of the launcher's pipe."""
        parser.add_argument("--fd", type=int, required=True, help="descriptor of the listening socket")
        parser.add_argument(OPTION, help=SUPPRESS)  # manage.py has read it

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve until the process is stopped."""
        _load_application()
        body_limit.install()
        # Verbosity 0: an access log would hold one-time links and tickets.
        arguments = ["--fd", str(options["fd"]), "-v", "0", "--websocket_timeout", "-1", "--no-server-name"]
        arguments += ["--websocket_connect_timeout", "20"]  # 5 s by default: too short when many come back at once
        if settings.PUBLIC_URL:
            arguments.append("--proxy-headers")
        OrderlyDaphne().run([*arguments, settings.ASGI_APPLICATION.replace(".application", ":application")])


def _load_application() -> None:
    """Load what Daphne would: nothing of it is garbage, and looking for some takes an eighth of the time."""
    gc.disable()
    import_module(settings.ASGI_APPLICATION.rpartition(".")[0])
    gc.freeze()
    gc.enable()
