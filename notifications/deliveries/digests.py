"""Digests: what an address is to be told within some minutes comes in one e-mail."""

from __future__ import annotations

from collections import defaultdict
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
    minutes = max(message.subscription.digest_minutes for message in messages)
    numbers = [message.pk for message in messages]
    with transaction.atomic():
        MailDigest.objects.get_or_create(address=address)
        turn = MailDigest.objects.select_for_update().get(address=address)
        if turn.may_be_sent(minutes, now):
            MailDigest.objects.filter(pk=turn.pk).update(sent_at=now)
            return outbox.claim(numbers, now)
        later = (turn.sent_at or now) + timedelta(minutes=minutes)
        Message.objects.filter(pk__in=numbers, state=State.WAITING, next_at__lte=now).update(next_at=later)
    return []
