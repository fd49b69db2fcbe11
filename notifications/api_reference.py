"""The operations about notifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from notifications.views import ChangedFields, SubscriptionFields
from runs.api_reference.operation import NO_BODY, Operation
from runs.listing.filters import Parameters

TAG = "Notifications"

State = Literal["waiting", "delivered", "failed", "dropped"]


class Described(TypedDict):
    """A subscription, without what is secret; `receiver` names an address as it may be shown."""

    id: int
    name: str
    user: str
    is_shared: bool
    channel: Literal["webhook", "slack", "email"]
    scope: Literal["own", "project", "run"]
    project: int | None
    run: int | None
    occasions: list[str]
    metric: str | None
    direction: Literal["above", "below"]
    threshold: float | None
    stalled_minutes: int
    queued_minutes: int
    digest_minutes: int
    receiver: str
    problem: str | None
    paused: bool
    paused_reason: str | None
    created: str
    previous_secret_until: str | None


class Made(Described, total=False):
    """A subscription that was just made; `secret` of a webhook is what its messages are signed by, this once."""

    secret: str


class DescribedSubscriptions(TypedDict):
    """One's own subscriptions and those of projects that one manages, the newest first."""

    subscriptions: list[Described]


class Tried(TypedDict):
    """A try to deliver a message, by its `number`; `state` is the message's, `answer` for who answers for it."""

    message: int
    webhook_id: str
    type: str
    run: int | None
    state: State
    number: int
    at: str
    succeeded: bool
    status: int | None
    ms: int
    error: str | None
    answer: str | None
    next_at: str | None


class Tries(TypedDict):
    """The last tries, at most 100, the newest first."""

    deliveries: list[Tried]


class Secret(TypedDict):
    """A new signing secret, this once; the one before it signs too until then."""

    secret: str
    previous_until: str | None


class Sent(TypedDict):
    """A message that is to be sent."""

    message: int
    webhook_id: str
    type: str
    state: State


OPERATIONS: Mapping[str, Operation] = {
    "GET notification-list": Operation(summary="List subscriptions", answers={200: DescribedSubscriptions}),
    "POST notification-list": Operation(
        summary="Be told of runs",
        description="`name`, `channel` and `occasions` must be given, of webhooks and chats `url`.",
        body=SubscriptionFields,
        answers={201: Made},
    ),
    "GET notification-detail": Operation(summary="Get a subscription", answers={200: Described}),
    "PATCH notification-detail": Operation(
        summary="Change a subscription",
        description="What is not given stays. Who changes one answers for it from then on.",
        body=ChangedFields,
        answers={200: Described},
    ),
    "DELETE notification-detail": Operation(summary="Remove a subscription", answers={204: NO_BODY}),
    "GET notification-deliveries": Operation(summary="List tries to deliver", answers={200: Tries}),
    "POST notification-secret": Operation(
        summary="Replace the signing secret", body=Parameters, is_body_required=False, answers={200: Secret}
    ),
    "POST notification-test": Operation(
        summary="Send a test", body=Parameters, is_body_required=False, answers={202: Sent}
    ),
    "POST notification-redeliver": Operation(
        summary="Send a message again", body=Parameters, is_body_required=False, answers={202: Sent}
    ),
}
