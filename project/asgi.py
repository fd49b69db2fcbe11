"""The web process: HTTP by Django, WebSocket by realtime, and threads beside them for maintenance and notifications."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup(set_prefix=False)  # before any import that needs the apps

from runs.loading.optional_libraries import leave_out  # noqa: E402

leave_out("pandas")  # before anything can load it

from channels.routing import ProtocolTypeRouter  # noqa: E402

from experiments.server import private_home  # noqa: E402
from experiments.worker.maintenance import Maintenance  # noqa: E402
from experiments.worker.notifying import NotificationMaker, NotificationSender  # noqa: E402
from project import urls  # noqa: E402, F401  # all views: the first request would wait for them
from project.http_application import HTTPApplication  # noqa: E402
from project.request_bodies import MeasuredBodies  # noqa: E402
from project.static_files import StaticFiles  # noqa: E402
from project.warming import warm_up_soon  # noqa: E402
from realtime.routing import websocket_application  # noqa: E402
from realtime.wire import daphne_protocol  # noqa: E402
from request_ids.asgi import RequestIds  # noqa: E402

private_home.make_private()
daphne_protocol.install()
http_application = StaticFiles(MeasuredBodies(HTTPApplication()))
application = RequestIds(ProtocolTypeRouter({"http": http_application, "websocket": websocket_application}))
for resident in (Maintenance(), NotificationMaker(), NotificationSender()):
    resident.start()
warm_up_soon(http_application)
