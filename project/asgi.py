"""The web process: HTTP by Django, WebSocket by realtime, and a maintenance thread beside them."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup(set_prefix=False)  # before any import that needs the apps

from channels.routing import ProtocolTypeRouter  # noqa: E402

from experiments.datasets import inspections  # noqa: E402
from experiments.server import private_home  # noqa: E402
from experiments.worker.maintenance import Maintenance  # noqa: E402
from project.http_application import HTTPApplication  # noqa: E402
from project.request_bodies import MeasuredBodies  # noqa: E402
from project.static_files import StaticFiles  # noqa: E402
from project.warming import warm_up  # noqa: E402
from realtime.routing import websocket_application  # noqa: E402
from realtime.wire import daphne_protocol  # noqa: E402

private_home.make_private()
daphne_protocol.install()
warm_up()
inspections.warm_up()
Maintenance().start()
application = ProtocolTypeRouter(
    {"http": StaticFiles(MeasuredBodies(HTTPApplication())), "websocket": websocket_application}
)
