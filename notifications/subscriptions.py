"""Making, changing and removing subscriptions: the rules that the API and the pages share.

A user has subscriptions of their own. Those that are shared belong to a project, and its admins see and change them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from access.decisions import access_of, only_project
from access.models import Project
from access.projects import visible_projects
from access.roles import Role
from audit.recording import record
from notifications import outbox, signing_secrets
from notifications.models import Message, Subscription
from notifications.occasions import Occasion
from notifications.receivers import addresses
from notifications.receivers.addresses import AddressRefused
from runs.describing.description_rules import is_broken, is_invisible
from runs.queries import visible_runs

MOST_OF_A_USER = 50
LONGEST_MINUTES = 7 * 24 * 60
LONGEST_DIGEST_MINUTES = 24 * 60
PAUSED_BY_HAND = "Paused by {user}."
Channel, Scope = Subscription.Channel, Subscription.Scope
_ADDRESSED = (Channel.WEBHOOK, Channel.SLACK)


class Refused(ValueError):
    """A subscription that is not made or changed; `problems` says of each field what is wrong and the cure."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


def manageable(user: User) -> QuerySet[Subscription]:
    """Select the subscriptions that a user may see and change: their own, and those of projects that they manage."""
    own, shared = Q(is_shared=False, user=user), Q(is_shared=True)
    if limited := only_project(user):
        own &= Q(project=limited) | Q(run__project=limited)
    managed = access_of(user).with_role(Role.ADMIN)
    if managed is not None:
        shared &= Q(project__in=managed)
    return Subscription.objects.filter(own | shared).select_related("user", "project", "run")


def create(user: User, values: Mapping[str, Any]) -> Subscription:
    """Make a subscription of the given columns; those that are missing have their defaults. Raises Refused."""
    subscription = Subscription(user=user, occasions=[])
    _apply(subscription, values)
    problems = dict(
        _problems(subscription, user, changed=set(values) | {"name", "channel", "occasions", "url", "email"})
    )
    if not problems and Subscription.objects.filter(user=user).count() >= MOST_OF_A_USER:
        problems[""] = f"There are {MOST_OF_A_USER} subscriptions, the most a user may have; remove one."
    if problems:
        raise Refused(problems)
    with transaction.atomic():
        subscription.save()
        record("channel.created", target=subscription, user=user, **_recorded(subscription))
    return subscription


def change(subscription: Subscription, user: User, values: Mapping[str, Any]) -> Subscription:
    """Change the given columns; `paused` ends or begins a pause. Who changes it answers for it. Raises Refused."""
    if "channel" in values and values["channel"] != subscription.channel:
        raise Refused({"channel": "The channel of a subscription stays; make another one, and remove this."})
    paused = values.get("paused")
    before = subscription.url, subscription.receiver_email
    _apply(subscription, {name: value for name, value in values.items() if name != "paused"})
    if problems := dict(_problems(subscription, user, changed=set(values))):
        raise Refused(problems)
    subscription.user = user
    changed = {*values, "user", "project", "run"} - {"paused"}
    if (subscription.url, subscription.receiver_email) != before:
        subscription.is_failing, subscription.given_up, subscription.problem = False, 0, ""
        changed |= {"is_failing", "given_up", "problem"}
    with transaction.atomic():
        # No others: a sender, or the link in an e-mail, may have paused it since it was read.
        subscription.save(update_fields=changed)
        if paused is True:
            outbox.pause(subscription, PAUSED_BY_HAND.format(user=user))
        elif paused is False:
            outbox.resume(subscription)
        record("channel.changed", target=subscription, user=user, fields=sorted(values))
    subscription.refresh_from_db()
    return subscription


def remove(subscription: Subscription, user: User) -> None:
    """Remove a subscription with all that it was to be told."""
    with transaction.atomic():
        record("channel.deleted", target=subscription, user=user, **_recorded(subscription))
        subscription.delete()


def rotate_secret(subscription: Subscription, user: User) -> str:
    """Replace the signing secret and return the new one, this once; the old one is valid for another day."""
    if subscription.channel != Channel.WEBHOOK:
        raise Refused({"": "Only webhooks are signed: this subscription has no secret."})
    with transaction.atomic():
        secret = signing_secrets.rotate(subscription)
        record("channel.changed", target=subscription, user=user, fields=["secret"])
    return secret


def send_test(subscription: Subscription, user: User) -> Message:
    """Have a test message sent. Raises Refused for a subscription that is paused, and beside a test under way."""
    if subscription.paused_at is not None:
        raise Refused({"": "This subscription is paused; resume it, then send a test."})
    waiting = Message.objects.filter(subscription=subscription, run=None, state=Message.State.WAITING)
    if waiting.exists():
        raise Refused({"": "A test is being sent; look at its result first."})
    with transaction.atomic():
        record("channel.tested", target=subscription, user=user)
        return outbox.add_test(subscription)


def redeliver(message: Message, user: User) -> None:
    """Have a message sent once more. Raises Refused where it waits anyway, or its subscription is paused."""
    if message.subscription.paused_at is not None:
        raise Refused({"": "Its subscription is paused; resume it, then send the message again."})
    with transaction.atomic():
        if not outbox.send_again(message):
            raise Refused(
                {"": f"It is being sent: the next try is at {message.next_at:%Y-%m-%d %H:%M} UTC at the latest."}
            )
        record("delivery.repeated", target=message.subscription, user=user, message=message.webhook_id)


def _apply(subscription: Subscription, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(subscription, name, value)
    if subscription.scope != Scope.PROJECT:
        subscription.project = None
    if subscription.scope != Scope.RUN:
        subscription.run = None
    subscription.occasions = sorted(set(subscription.occasions), key=str)


def _problems(subscription: Subscription, user: User, changed: set[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong, each with its field. What a receiver's name resolves to is asked only where it is new."""
    name = subscription.name
    if is_invisible(name) or is_broken(name) or len(name) > 100:
        yield "name", "Give it a name of 1 to 100 characters in one line."
    if subscription.channel not in Channel.values:
        yield "channel", f"Must be one of {', '.join(Channel.values)}."
    yield from _problems_of_occasions(subscription)
    yield from _problems_of_scope(subscription, user)
    if subscription.channel in _ADDRESSED and (changed & {"url", "channel"}):
        yield from _problems_of_url(subscription)
    if subscription.channel == Channel.EMAIL and (changed & {"email", "channel"}):
        yield from _problems_of_email(subscription, user)
    for field, longest in (
        ("stalled_minutes", LONGEST_MINUTES),
        ("queued_minutes", LONGEST_MINUTES),
        ("digest_minutes", LONGEST_DIGEST_MINUTES),
    ):
        least = 0 if field == "digest_minutes" else 1
        if not least <= getattr(subscription, field) <= longest:
            yield field, f"Must be from {least} to {longest:,} minutes."


def _problems_of_occasions(subscription: Subscription) -> Iterator[tuple[str, str]]:
    known = set(Occasion.values)
    if not subscription.occasions:
        yield "occasions", f"Choose at least one of {', '.join(Occasion.values)}."
    elif unknown := [one for one in subscription.occasions if one not in known]:
        yield "occasions", f"{unknown[0]!r} is not one of {', '.join(Occasion.values)}."
    is_wanted = Occasion.METRIC.value in subscription.occasions  # what is not used is stored too, and shown
    if is_wanted and not subscription.metric:
        yield "metric", "Name the metric as the run's page does, such as val_auroc."
    elif is_broken(subscription.metric) or len(subscription.metric) > 100:
        yield "metric", "The name of a metric has at most 100 characters in one line."
    if (is_wanted and subscription.threshold is None) or not math.isfinite(subscription.threshold or 0.0):
        yield "threshold", "Give the number at which to be told."
    if subscription.direction not in Subscription.Direction.values:
        yield "direction", f"Must be one of {', '.join(Subscription.Direction.values)}."


def _problems_of_scope(subscription: Subscription, user: User) -> Iterator[tuple[str, str]]:
    access, project = access_of(user), subscription.project_id
    if subscription.scope not in Scope.values:
        yield "scope", f"Must be one of {', '.join(Scope.values)}."
    if subscription.scope == Scope.OWN and only_project(user):
        yield "scope", "This token is for one project: choose the scope project or run."
    if subscription.scope == Scope.PROJECT:
        if project is None or not access.sees(project):
            yield "project", "Name a project that you belong to."
        elif subscription.is_shared and not access.may_manage(project):
            yield "is_shared", "Only admins of the project may make or change what belongs to it."
    if subscription.scope == Scope.RUN and not _sees_run(user, subscription.run_id):
        yield "run", "Name a run that you may see."
    if subscription.is_shared and subscription.scope != Scope.PROJECT:
        yield "is_shared", "Only a subscription to all runs of a project can belong to it."


def _problems_of_url(subscription: Subscription) -> Iterator[tuple[str, str]]:
    if not subscription.url:
        yield "url", "Give the address of the receiver."
        return
    try:
        addresses.check(subscription.url)
    except AddressRefused as refused:
        yield "url", str(refused)


def _problems_of_email(subscription: Subscription, user: User) -> Iterator[tuple[str, str]]:
    if not settings.EMAIL_READY:
        yield "channel", "This server sends no e-mails: an administrator sets LIVETRAIN_EMAIL_URL."
    elif not settings.PUBLIC_URL:
        yield "channel", "E-mails need LIVETRAIN_PUBLIC_URL, for the link that ends them: ask an administrator."
    elif not subscription.receiver_email:
        yield "email", "Your account has no e-mail address; ask an administrator to add it."
    elif subscription.email and not _may_be_sent_to(subscription.email, subscription.user, user):
        yield "email", _which_addresses()


def _may_be_sent_to(address: str, *users: User) -> bool:
    """Tell whether that is the address of one of the users, or in a domain that is allowed."""
    domain = address.rpartition("@")[2].lower()
    own = {user.email.lower() for user in users}
    return address.lower() in own or domain in {one.lower() for one in settings.EMAIL_DOMAINS}


def _which_addresses() -> str:
    if not settings.EMAIL_DOMAINS:
        return "E-mails go to the address of your account: leave this blank. (LIVETRAIN_EMAIL_DOMAINS allows others.)"
    return f"Use the address of your account, or one at {', '.join(settings.EMAIL_DOMAINS)}."


def _sees_run(user: User, run_id: int | None) -> bool:
    return run_id is not None and visible_runs(user).filter(pk=run_id).exists()


def _recorded(subscription: Subscription) -> dict[str, Any]:
    host = addresses.masked(subscription.url, secret_path=True) if subscription.url else subscription.receiver_email
    return {
        "channel": subscription.channel,
        "scope": subscription.scope,
        "occasions": list(subscription.occasions),
        "receiver": host,
    }


def projects_of(user: User) -> QuerySet[Project]:
    """Select the projects that a user may be told of, by name."""
    return visible_projects(access_of(user))
