"""Receivers that are real: an HTTP server and a mail server, each in a thread, which keep what they get."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from notifications import subscriptions
from notifications.models import Subscription
from notifications.occasions import Occasion

ALL = [occasion.value for occasion in Occasion if occasion is not Occasion.METRIC]


class Received(NamedTuple):
    """A request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


class HTTPReceiver:
    """A server whose answers a test chooses: the statuses in turn, the last one for all that follow."""

    def __init__(self) -> None:
        self.got: list[Received] = []
        self.statuses = [200]
        self.headers: dict[str, str] = {}
        self.answer = b"thanks"
        self.hold: threading.Event | None = None
        """Answers wait for this."""
        self.arrived = threading.Semaphore(0)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                receiver.arrived.release()
                if receiver.hold is not None:
                    receiver.hold.wait(30)
                status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(receiver.answer)))
                self.end_headers()
                self.wfile.write(receiver.answer)

            def log_message(self, *_: Any) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/hook?key=1"


@contextmanager
def http_receiver(settings: Settings) -> Iterator[HTTPReceiver]:
    """Serve on loopback, which the settings allow for this port alone."""
    receiver = HTTPReceiver()
    settings.WEBHOOK_HTTP = True
    settings.WEBHOOK_HOSTS = [*settings.WEBHOOK_HOSTS, ("localhost", receiver.port)]
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        if receiver.hold is not None:
            receiver.hold.set()
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()


class Mailbox:
    """A mail server's handler; `refuse` is what it answers to an address, if that is not taken."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse = ""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


class AnyPort(Controller):
    """A controller that takes whatever port is free, and looks there whether its server answers."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # of a library that has types elsewhere


@contextmanager
def mail_server(settings: Settings) -> Iterator[Mailbox]:
    """Run a mail server, to which Django's own back end sends."""
    mailbox = Mailbox()
    controller = AnyPort(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    settings.EMAIL_READY, settings.PUBLIC_URL = True, "https://livetrain.example.org"
    try:
        yield mailbox
    finally:
        controller.stop()


def webhook(user: User, receiver: HTTPReceiver, **values: Any) -> Subscription:
    """Subscribe a receiver to all occasions but metrics, by default of the user's own runs."""
    columns = {"name": "hook", "channel": "webhook", "occasions": ALL, "url": receiver.url} | values
    return subscriptions.create(user, columns)


def by_mail(user: User, **values: Any) -> Subscription:
    """Subscribe the user's own address to all occasions but metrics."""
    if not user.email:
        user.email = f"{user.username}@example.org"
        user.save()
    columns = {"name": "mail", "channel": "email", "occasions": ALL, "digest_minutes": 0} | values
    return subscriptions.create(user, columns)
