"""Links by which who gets an e-mail ends that, without a login: signed, and good for nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from django.core import signing

from notifications import outbox
from notifications.links import absolute
from notifications.models import Subscription

_SALT = "notifications.unsubscribing"
REASON = "Ended by the link in one of its e-mails."


def unsubscribe_link(subscription_ids: Sequence[int]) -> str:
    """Return the address that ends these subscriptions; blank without a public address."""
    token = signing.dumps(sorted(set(subscription_ids)), salt=_SALT)
    return absolute(f"/notifications/unsubscribe/{token}/")


def subscriptions_of(token: str) -> list[Subscription]:
    """Return the subscriptions of a link that there still are. Raises signing.BadSignature for a link of others."""
    numbers = signing.loads(token, salt=_SALT)
    by_mail = Subscription.objects.filter(pk__in=numbers, channel=Subscription.Channel.EMAIL)
    return list(by_mail.select_related("user"))


def unsubscribe(token: str) -> list[Subscription]:
    """Pause the subscriptions of a link, and return those that were not yet. Raises signing.BadSignature."""
    return [subscription for subscription in subscriptions_of(token) if outbox.pause(subscription, REASON)]
