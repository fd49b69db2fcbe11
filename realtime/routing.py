"""The WebSocket side of the server as one ASGI application."""

from channels.routing import URLRouter
from django.urls import re_path

from realtime.auth import Authenticated
from realtime.consumers import NothingHere, RunConsumer, RunListConsumer

websocket_application = Authenticated(
    URLRouter(
        [
            re_path(r"^ws/runs/(?P<run_id>[0-9]{1,18})/?$", RunConsumer.as_asgi()),
            re_path(r"^ws/runs/?$", RunListConsumer.as_asgi()),
            re_path(r"", NothingHere.as_asgi()),
        ]
    )
)
