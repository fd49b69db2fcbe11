"""The secrets by which webhooks are signed, as Standard Webhooks says.

A secret is derived from a subscription's nonce and the server's key: it is stored nowhere, so neither the database nor
a backup of it shows one, and it can be shown once only because nothing shows it later. For a day after it was replaced,
the old one signs too.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.crypto import salted_hmac
from standardwebhooks import Webhook

from notifications.models import Subscription, new_nonce

BOTH_VALID = timedelta(days=1)
_SALT = "notifications.signing_secrets"


def secret_of(subscription: Subscription) -> str:
    """Return the secret, as receivers configure it."""
    return _derived(subscription.nonce)


def rotate(subscription: Subscription, now: datetime | None = None) -> str:
    """Replace the secret and return the new one; the one before it stays valid for a day, older ones do not."""
    subscription.previous_nonce, subscription.nonce = subscription.nonce, new_nonce()
    subscription.previous_until = (now or timezone.now()) + BOTH_VALID
    subscription.save(update_fields=["previous_nonce", "nonce", "previous_until"])
    return secret_of(subscription)


def signed_headers(subscription: Subscription, webhook_id: str, body: str, now: datetime) -> dict[str, str]:
    """Return the headers of a signed message, with a signature by each valid secret."""
    nonces = [subscription.nonce]
    if subscription.previous_nonce and subscription.previous_until and now < subscription.previous_until:
        nonces.append(subscription.previous_nonce)
    moment = now.astimezone(UTC)  # what signs takes the digits for UTC, whatever zone they are of
    signatures = [Webhook(_derived(nonce)).sign(webhook_id, moment, body) for nonce in nonces]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _derived(nonce: str) -> str:
    key = salted_hmac(_SALT, nonce, algorithm="sha256").digest()
    return f"whsec_{base64.b64encode(key).decode()}"
