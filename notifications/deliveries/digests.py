"""Digests: what an address is to be told within some minutes comes in one e-mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from notifications import outbox
from notifications.models import MailDigest, Message
from notifications.outbox import DIGESTED, State

TOGETHER = 2_000
"""Messages that are looked through at once."""


class Digest(NamedTuple):
    """Claimed messages for one address."""

    address: str
    messages: list[Message]


def claim_next(now: datetime) -> Digest | None:
    """Claim all that the next address is to be told, if it had no digest lately; what must wait is put off."""
    for address, messages in _by_address(now).items():
        if claimed := _claim(address, messages, now):
            return Digest(address, claimed)
    return None


def give_back(address: str) -> None:
    """Let the address have its digest at the next try: this one was not taken."""
    MailDigest.objects.filter(address=address).update(sent_at=None)


def _by_address(now: datetime) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = defaultdict(list)
    waiting = outbox.due(now).filter(DIGESTED).select_related("subscription__user").order_by("pk")
    for message in waiting[:TOGETHER]:
        found[message.subscription.receiver_email].append(message)
    return found


def _claim(address: str, messages: list[Message], now: datetime) -> list[Message]:
    """Claim an address's messages together with its turn, so that no second process sends it a digest beside."""
    with transaction.atomic():
        MailDigest.objects.get_or_create(address=address)
        turn = MailDigest.objects.select_for_update().get(address=address)
        if any(_is_ripe(message, turn, now) for message in messages):
            MailDigest.objects.filter(pk=turn.pk).update(sent_at=now)
            return outbox.claim([message.pk for message in messages], now)
        _put_off(messages, turn.sent_at or now, now)
    return []


def _is_ripe(message: Message, turn: MailDigest, now: datetime) -> bool:
    """Return whether a message need not wait longer: by the distance that its own subscription asks for, or its age.

    By age, as the address may have digests of other subscriptions more often.
    """
    minutes = message.subscription.digest_minutes
    return turn.may_be_sent(minutes, now) or now - message.created_at >= timedelta(minutes=minutes)


def _put_off(messages: Sequence[Message], sent_at: datetime, now: datetime) -> None:
    """Let messages wait until each is ripe."""
    until: dict[datetime, list[int]] = defaultdict(list)
    for message in messages:
        minutes = timedelta(minutes=message.subscription.digest_minutes)
        until[min(sent_at, message.created_at) + minutes].append(message.pk)
    for later, numbers in until.items():
        Message.objects.filter(pk__in=numbers, state=State.WAITING, next_at__lte=now).update(next_at=later)
