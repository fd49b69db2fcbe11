"""Sends one message to its receiver, and says in words what came of it."""

from __future__ import annotations

import time
from datetime import datetime

from django.utils import timezone

from notifications.deliveries import mails
from notifications.deliveries.payloads import slack_body, webhook_body
from notifications.matching import may_see
from notifications.models import Message, Subscription
from notifications.outbox import Outcome
from notifications.receivers import http_post
from notifications.receivers.addresses import AddressRefused
from notifications.receivers.http_post import Answer, PostFailed
from notifications.signing_secrets import signed_headers

GONE = 410
NO_RIGHT = "Not sent: {user} may no longer see the project."


def refusal(message: Message) -> Outcome | None:
    """Return why the receiver must not have a message, as of now; None where it may."""
    user, run = message.subscription.user, message.run
    if not user.is_active:
        return Outcome(f"Not sent: {user} has no active account.", dropped=True)
    if run is not None and not may_see(user, run.project_id):
        return Outcome(NO_RIGHT.format(user=user), dropped=True)
    return None


def send(message: Message, now: datetime | None = None) -> Outcome:
    """Send a claimed message. Never raises because of a receiver, however it behaves."""
    began = time.monotonic()
    try:
        outcome = _sent(message, now or timezone.now())
    except (PostFailed, AddressRefused, mails.MailFailed) as error:
        outcome = Outcome(str(error))
    return outcome._replace(milliseconds=int((time.monotonic() - began) * 1000))


def _sent(message: Message, now: datetime) -> Outcome:
    subscription = message.subscription
    if subscription.channel == Subscription.Channel.EMAIL:
        return mailed(subscription.receiver_email, [message])
    headers = {"Content-Type": "application/json"}
    if subscription.channel == Subscription.Channel.SLACK:
        body = slack_body(message)
    else:
        body = webhook_body(message)
        headers |= signed_headers(subscription, message.webhook_id, body, now)
    return _judged(http_post.post(subscription.url, body.encode(), headers))


def mailed(address: str, messages: list[Message]) -> Outcome:
    """Send messages in one mail. Raises MailFailed."""
    if not address:
        return Outcome("The account has no e-mail address.")  # of several users, maybe: none is named
    mails.send(address, messages)
    return Outcome()


def _judged(answer: Answer) -> Outcome:
    """Say what an answer means: only 2xx is a delivery, and redirects are not followed."""
    error = ""
    if 300 <= answer.status < 400:
        error = (
            f"It answered with a redirect ({answer.status}), which is not followed; give the address that it leads to."
        )
    elif answer.status == GONE:
        error = "It answered 410: it wants no more messages."
    elif not 200 <= answer.status < 300:
        error = f"It answered {answer.status}."
    return Outcome(
        error,
        status_code=answer.status,
        answer=answer.body,
        retry_after=answer.retry_after,
        gone=answer.status == GONE,
    )
