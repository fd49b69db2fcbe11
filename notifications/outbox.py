"""The outbox: stores each message once, gives it to one sender at a time, and notes what became of each try.

A sender claims a message for a while. One that dies leaves its claim to expire, and the message is tried again: a
receiver may get it twice, with the same id, but never not at all. A try counts when it begins, so that what kills its
sender is not tried for ever.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone

from notifications.models import Delivery, Message, Subscription
from notifications.occasions import TEST, Occasion
from runs.failures.backoff import Backoff
from runs.models import Run

MOST_TRIES = 13
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 60.0, 4 * 3600.0
"""Pauses double from a minute to four hours: the last try comes 20 hours after the first."""
GIVEN_UP_IN_A_ROW = 3
"""After so many messages that could not be delivered, one after the other, the subscription is paused."""
CLAIM_SECONDS = 120.0
"""For longer than a try takes."""
KEPT_DELIVERIES = 100
KEPT_DAYS = 30
"""For which messages are kept that are done with."""
State = Message.State


class Outcome(NamedTuple):
    """What came of a try; `error` is blank where the receiver took the message.

    `gone`: the receiver says that it wants nothing any more. `dropped`: it must not have the message.
    """

    error: str = ""
    status_code: int | None = None
    milliseconds: int = 0
    answer: str = ""
    retry_after: float | None = None
    gone: bool = False
    dropped: bool = False


def new(
    subscription: Subscription, run_id: int, occasion: Occasion, occurrence: int, content: Mapping[str, Any]
) -> Message:
    """Make a message, not stored yet, for `store`."""
    return Message(
        subscription=subscription, run_id=run_id, occasion=occasion.value, occurrence=occurrence, content=dict(content)
    )


def store(messages: Iterable[Message]) -> None:
    """Store messages; those of which there is one already, by whatever process, are left out."""
    made = list(messages)
    numbers, occasions = {message.run_id for message in made}, {message.occasion for message in made}
    there = Message.objects.filter(run__in=numbers, occasion__in=occasions)
    known = set(there.values_list("subscription_id", "run_id", "occasion", "occurrence")) if made else set()
    # Mostly all are known: a look repeats what it found before. The constraint decides among processes.
    if unknown := [message for message in made if _key(message) not in known]:
        Message.objects.bulk_create(unknown, ignore_conflicts=True)


def _key(message: Message) -> tuple[int, int | None, str, int]:
    return message.subscription_id, message.run_id, message.occasion, message.occurrence


def add_test(subscription: Subscription) -> Message:
    """Store a message by which a person sees whether messages arrive."""
    return Message.objects.create(subscription=subscription, occasion=TEST, content={})


def send_again(message: Message, now: datetime | None = None) -> bool:
    """Have a message sent once more, with the same id. False: it is waiting anyway."""
    waiting = Message.objects.filter(pk=message.pk).exclude(state=State.WAITING)
    return bool(
        waiting.update(state=State.WAITING, tries=0, next_at=now or timezone.now(), claim="", claimed_until=None)
    )


def due(now: datetime) -> QuerySet[Message]:
    """Select the messages that may be tried now: neither claimed nor of a subscription with one that is."""
    claimed = Message.objects.filter(state=State.WAITING, claimed_until__gte=now).values("subscription")
    return _ready(now).filter(subscription__paused_at=None).exclude(subscription__in=claimed)


def _ready(now: datetime) -> QuerySet[Message]:
    """Select the waiting messages whose time has come and that nobody has claimed."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    return Message.objects.filter(free, state=State.WAITING, next_at__lte=now)


class Place(NamedTuple):
    """A subscription with messages that are due, and the one whose turn it is."""

    message_id: int
    is_failing: bool


def next_of_each(now: datetime, limit: int) -> list[Place]:
    """Return one due message of each subscription that sends them one by one, those whose receivers work first."""
    found = (
        due(now)
        .exclude(DIGESTED)
        .order_by()
        .values("subscription", "subscription__is_failing")
        .annotate(first=Min("pk"), at=Min("next_at"))
        .order_by("subscription__is_failing", "at")[:limit]
    )
    return [Place(row["first"], row["subscription__is_failing"]) for row in found]


DIGESTED = Q(subscription__channel=Subscription.Channel.EMAIL, subscription__digest_minutes__gt=0) & ~Q(occasion=TEST)
"""Messages that are collected; a test goes at once."""


def claim(message_ids: Iterable[int], now: datetime) -> list[Message]:
    """Claim messages that are free, and return those that this call has claimed. Each is one more try of it."""
    token = secrets.token_hex(16)
    chosen = _ready(now).filter(pk__in=list(message_ids))
    if not chosen.update(claim=token, claimed_until=now + timedelta(seconds=CLAIM_SECONDS), tries=F("tries") + 1):
        return []
    return list(Message.objects.filter(claim=token).select_related("subscription__user", "run").order_by("pk"))


def record(message: Message, outcome: Outcome, now: datetime) -> bool:
    """Note what came of a claimed message's try. False: the claim had expired, and another sender has the message."""
    failed, tried_enough = bool(outcome.error), message.tries >= MOST_TRIES
    state = State.DELIVERED
    if outcome.dropped:
        state = State.DROPPED
    elif failed:
        state = State.FAILED if tried_enough or outcome.gone else State.WAITING
    columns: dict[str, Any] = {"state": state, "claim": "", "claimed_until": None}
    if state == State.WAITING:
        columns["next_at"] = now + timedelta(seconds=pause_after(message.tries, outcome.retry_after))
    with transaction.atomic():
        claimed = Message.objects.filter(pk=message.pk, claim=message.claim, state=State.WAITING)
        if not claimed.update(**columns):
            return False
        _log(message, outcome, now)
        if not outcome.dropped:
            _note_of_subscription(message, outcome, now, given_up=state == State.FAILED)
    return True


def pause_after(tries: int, retry_after: float | None = None) -> float:
    """Return the seconds until the next try, after so many; a receiver may ask for more, up to the longest pause."""
    pauses = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
    pause = 0.0
    for _ in range(max(1, tries)):
        pause = pauses.failed()
    return max(pause, min(retry_after or 0.0, LONGEST_PAUSE_SECONDS))


def pause(subscription: Subscription, reason: str, now: datetime | None = None) -> bool:
    """Tell a subscription nothing from now on; what was waiting is dropped. False: it is paused."""
    moment = now or timezone.now()
    with transaction.atomic():
        paused = Subscription.objects.filter(pk=subscription.pk, paused_at=None)
        if not paused.update(paused_at=moment, paused_reason=reason[:500]):
            return False
        waiting = Message.objects.filter(subscription=subscription, state=State.WAITING)
        waiting.update(state=State.DROPPED, claim="", claimed_until=None)
    return True


def resume(subscription: Subscription) -> None:
    """Tell a subscription again what happens from now on."""
    Subscription.objects.filter(pk=subscription.pk).update(
        paused_at=None, paused_reason="", given_up=0, is_failing=False, problem=""
    )


def remove_old(now: datetime) -> int:
    """Remove messages that were done with long ago, their tries with them; return how many."""
    old = Message.objects.exclude(state=State.WAITING).filter(created_at__lt=now - timedelta(days=KEPT_DAYS))
    old = old.exclude(run__status__in=Run.UNFINISHED)  # of which the same would be told again
    numbers = list(old.order_by("pk").values_list("pk", flat=True)[:1_000])
    Message.objects.filter(pk__in=numbers).delete()
    return len(numbers)


def _log(message: Message, outcome: Outcome, now: datetime) -> None:
    """Store the try, and keep the last ones of the subscription."""
    Delivery.objects.create(
        subscription_id=message.subscription_id,
        message=message,
        number=max(1, message.tries),
        at=now,
        succeeded=not outcome.error,
        status_code=outcome.status_code,
        milliseconds=outcome.milliseconds,
        error=outcome.error[:500],
        answer=outcome.answer,
    )
    own = Delivery.objects.filter(subscription_id=message.subscription_id).order_by("-pk")
    oldest = own.values_list("pk", flat=True)[KEPT_DELIVERIES - 1 : KEPT_DELIVERIES]
    for pk in list(oldest):
        own.filter(pk__lt=pk).delete()


def _note_of_subscription(message: Message, outcome: Outcome, now: datetime, *, given_up: bool) -> None:
    """Keep on the subscription how its receiver fares, and pause it where it takes nothing."""
    own = Subscription.objects.filter(pk=message.subscription_id)
    if not outcome.error:
        own.filter(Q(is_failing=True) | Q(given_up__gt=0) | ~Q(problem="")).update(
            is_failing=False, given_up=0, problem=""
        )
        return
    own.update(is_failing=True, problem=outcome.error[:500], given_up=F("given_up") + int(given_up))
    if outcome.gone:
        pause(message.subscription, f"Its receiver takes no more messages. {outcome.error}", now)
    elif given_up and own.filter(given_up__gte=GIVEN_UP_IN_A_ROW).exists():
        reason = f"{GIVEN_UP_IN_A_ROW} messages in a row could not be delivered, each tried {MOST_TRIES} times. "
        pause(message.subscription, reason + outcome.error, now)
