"""`/api/notifications/`: a user's subscriptions, what became of their messages, a test, and sending one again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.request_user import logged_in
from notifications import signing_secrets, subscriptions
from notifications.models import Delivery, Message, Subscription
from notifications.occasions import Occasion
from notifications.outbox import KEPT_DELIVERIES
from notifications.receivers.addresses import masked
from notifications.subscriptions import Refused
from runs.api.bodies import body_of
from runs.api.views import ReadingView
from runs.errors import InvalidRequest
from runs.events import format_time, time_or_null
from runs.listing.filters import Parameters

T = TypeVar("T")
Channel = Subscription.Channel


class SubscriptionFields(Parameters):
    """What may be said of a subscription; the rules of `subscriptions` say what must be."""

    name = serializers.CharField(required=False)
    channel = serializers.ChoiceField(Channel.values, required=False)
    scope = serializers.ChoiceField(Subscription.Scope.values, required=False)
    project = serializers.IntegerField(required=False, allow_null=True)
    run = serializers.IntegerField(required=False, allow_null=True)
    is_shared = serializers.BooleanField(required=False)
    occasions = serializers.ListField(child=serializers.ChoiceField(Occasion.values), required=False, max_length=20)
    metric = serializers.CharField(required=False)
    direction = serializers.ChoiceField(Subscription.Direction.values, required=False)
    threshold = serializers.FloatField(required=False, allow_null=True)
    stalled_minutes = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    queued_minutes = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    digest_minutes = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    url = serializers.CharField(required=False, max_length=4_000)
    email = serializers.EmailField(required=False, allow_null=True, max_length=254)


class ChangedFields(SubscriptionFields):
    """The same, and whether it is paused."""

    paused = serializers.BooleanField(required=False)


class SubscriptionList(ReadingView):
    """The endpoint of the subscriptions that a user may change."""

    http_method_names = ["get", "head", "options", "post"]

    def get(self, request: Request) -> Response:
        """Return the user's subscriptions and those of projects that they manage, the newest first."""
        user = logged_in(request)
        return Response({"subscriptions": [described(one) for one in subscriptions.manageable(user)]})

    def post(self, request: Request) -> Response:
        """Make a subscription (201); of a webhook, `secret` stands in the answer this once."""
        asked = _columns(body_of(request, SubscriptionFields))
        for name in ("name", "channel", "occasions"):
            if name not in asked:
                raise InvalidRequest([{"field": name, "message": "This field is required."}])
        made = in_fields(lambda: subscriptions.create(logged_in(request), asked))
        secret = {"secret": signing_secrets.secret_of(made)} if made.channel == Channel.WEBHOOK else {}
        return Response(described(made) | secret, status=201)


class SubscriptionDetail(ReadingView):
    """The endpoint of one subscription."""

    http_method_names = ["get", "head", "options", "patch", "delete"]

    def get(self, request: Request, subscription_id: int) -> Response:
        """Return the subscription; 404 for one that the user may not change."""
        return Response(described(own_subscription(request, subscription_id)))

    def patch(self, request: Request, subscription_id: int) -> Response:
        """Change what is given, and return the whole."""
        subscription = own_subscription(request, subscription_id)
        asked = _columns(body_of(request, ChangedFields))
        return Response(described(in_fields(lambda: subscriptions.change(subscription, logged_in(request), asked))))

    def delete(self, request: Request, subscription_id: int) -> Response:
        """Remove the subscription (204)."""
        subscriptions.remove(own_subscription(request, subscription_id), logged_in(request))
        return Response(status=204)


class Deliveries(ReadingView):
    """The endpoint of the tries to deliver what a subscription was to be told."""

    def get(self, request: Request, subscription_id: int) -> Response:
        """Return the last tries, the newest first."""
        subscription = own_subscription(request, subscription_id)
        shows = subscription.user_id == request.user.pk
        return Response({"deliveries": [tried(one, shows_answer=shows) for one in deliveries_of(subscription)]})


class NewSecret(APIView):
    """The endpoint that replaces a signing secret."""

    def post(self, request: Request, subscription_id: int) -> Response:
        """Return the new secret, this once; the one before it signs too until `previous_until`."""
        body_of(request)
        subscription = own_subscription(request, subscription_id)
        secret = in_fields(lambda: subscriptions.rotate_secret(subscription, logged_in(request)))
        return Response({"secret": secret, "previous_until": time_or_null(subscription.previous_until)})


class Test(APIView):
    """The endpoint that sends a test."""

    def post(self, request: Request, subscription_id: int) -> Response:
        """Have a test message sent (202); the deliveries tell what became of it."""
        body_of(request)
        subscription = own_subscription(request, subscription_id)
        return Response(sent(in_fields(lambda: subscriptions.send_test(subscription, logged_in(request)))), status=202)


class Redelivery(APIView):
    """The endpoint that sends a message again."""

    def post(self, request: Request, message_id: int) -> Response:
        """Have a message sent once more, with the id that it had (202)."""
        body_of(request)
        user = logged_in(request)
        message = own_message(user, message_id)
        in_fields(lambda: subscriptions.redeliver(message, user))
        message.refresh_from_db()
        return Response(sent(message), status=202)


def described(one: Subscription) -> dict[str, Any]:
    """Describe a subscription, without what is secret."""
    return {
        "id": one.pk,
        "name": one.name,
        "user": one.user.get_username(),
        "is_shared": one.is_shared,
        "channel": one.channel,
        "scope": one.scope,
        "project": one.project_id,
        "run": one.run_id,
        "occasions": one.occasions,
        "metric": one.metric or None,
        "direction": one.direction,
        "threshold": one.threshold,
        "stalled_minutes": one.stalled_minutes,
        "queued_minutes": one.queued_minutes,
        "digest_minutes": one.digest_minutes,
        "receiver": receiver_text(one),
        "problem": one.problem or None,
        "paused": one.paused_at is not None,
        "paused_reason": one.paused_reason or None,
        "created": format_time(one.created_at),
        "previous_secret_until": time_or_null(one.previous_until),
    }


def receiver_text(one: Subscription) -> str:
    """Name the receiver as it may be shown: the path of a chat's address is a secret."""
    if one.channel == Channel.EMAIL:
        return one.receiver_email
    return masked(one.url, secret_path=one.channel == Channel.SLACK)


def tried(one: Delivery, *, shows_answer: bool) -> dict[str, Any]:
    """Describe a try; what the receiver answered is for who answers for the subscription alone."""
    return {
        "message": one.message_id,
        "webhook_id": one.message.webhook_id,
        "type": one.message.occasion,
        "run": one.message.run_id,
        "state": one.message.state,
        "number": one.number,
        "at": format_time(one.at),
        "succeeded": one.succeeded,
        "status": one.status_code,
        "ms": one.milliseconds,
        "error": one.error or None,
        "answer": one.answer if shows_answer else None,
        "next_at": format_time(one.message.next_at) if one.message.state == Message.State.WAITING else None,
    }


def sent(message: Message) -> dict[str, Any]:
    """Describe a message that is to be sent."""
    return {"message": message.pk, "webhook_id": message.webhook_id, "type": message.occasion, "state": message.state}


def deliveries_of(subscription: Subscription) -> list[Delivery]:
    """Return the last tries of a subscription, the newest first."""
    found = Delivery.objects.filter(subscription=subscription).select_related("message")
    return list(found.defer("message__content").order_by("-pk")[:KEPT_DELIVERIES])


def own_subscription(request: Request | HttpRequest, subscription_id: int) -> Subscription:
    """Return a subscription that the user may change; raises Http404."""
    found = subscriptions.manageable(logged_in(request)).filter(pk=subscription_id).first()
    if found is None:
        raise Http404(f"You have no subscription {subscription_id}.")
    return found


def own_message(user: User, message_id: int) -> Message:
    """Return a message of a subscription that the user may change; raises Http404."""
    allowed = subscriptions.manageable(user).values("pk")
    found = Message.objects.filter(pk=message_id, subscription__in=allowed).select_related("subscription").first()
    if found is None:
        raise Http404(f"You have no message {message_id}.")
    return found


def in_fields(work: Callable[[], T]) -> T:
    """Do something, and name each field that is refused; raises InvalidRequest."""
    try:
        return work()
    except Refused as refused:
        raise InvalidRequest(
            {"field": field, "message": problem} for field, problem in refused.problems.items()
        ) from refused


def _columns(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Name what was asked for as the model does; a number of a project or run that cannot be one is none."""
    columns = {f"{name}_id" if name in ("project", "run") else name: value for name, value in asked.items()}
    for name in ("project_id", "run_id"):
        if name in columns and not 0 < (columns[name] or 0) < 2**63:
            columns[name] = None
    if columns.get("email", "") is None:
        columns["email"] = ""
    return columns
