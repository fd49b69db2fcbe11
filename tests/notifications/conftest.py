"""What the tests of notifications share: receivers, and a sender that works in the test's own thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from pytest_django.fixtures import Settings

from notifications.deliveries.dispatch import Dispatcher
from tests.notifications.receiving import HTTPReceiver, Mailbox, http_receiver, mail_server

Deliver = Callable[[datetime], None]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[HTTPReceiver]:
    with http_receiver(settings) as found:
        yield found


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with mail_server(settings) as found:
        yield found


@pytest.fixture
def deliver() -> Deliver:
    """Return what sends all that is due at a moment, and stores what came of it."""

    def send(now: datetime) -> None:
        dispatcher = Dispatcher()
        dispatcher.round(now)
        while dispatcher.busy:
            dispatcher.store_done(now, wait=30)
            if not dispatcher.busy:
                dispatcher.round(now)

    return send
