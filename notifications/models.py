"""Who wants to be told what of runs, the messages that are due (an outbox), and the tries to deliver them."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q
from django.utils import timezone

from access.roles import Role


def new_webhook_id() -> str:
    """Make the id of a message, by which receivers know one that comes again."""
    return f"msg_{secrets.token_hex(16)}"


def new_nonce() -> str:
    """Make what a signing secret is derived from."""
    return secrets.token_hex(16)


def hand_over(collector: Any, field: Any, subscriptions: Any, using: str) -> None:
    """Delete the subscriptions of users with them, but not those that belong to a project.

    Of these another admin of the project answers, who has been a member for longest; where there is none, an operator.
    Django calls it where it collects what a deletion changes, also for a page that only shows it.
    """
    leaving = {user.pk for user in collector.data.get(get_user_model(), ())}
    kept = []
    for subscription in subscriptions.filter(is_shared=True):
        if successor := _successor(subscription, leaving):
            collector.add_field_update(field, successor, [subscription])
            kept.append(subscription.pk)
    models.CASCADE(collector, field, subscriptions.exclude(pk__in=kept), using)


def _successor(subscription: Subscription, leaving: Collection[int]) -> Any:
    """Find who answers for a subscription of a project when these users are gone."""
    staying = get_user_model().objects.filter(is_active=True).exclude(pk__in=leaving)
    admins = staying.filter(memberships__project=subscription.project_id, memberships__role=Role.ADMIN)
    operators = staying.filter(Q(is_superuser=True) | Q(is_staff=True))
    return admins.order_by("memberships__pk").first() or operators.order_by("-is_superuser", "pk").first()


class Subscription(models.Model):
    """What one receiver is told.

    `user` answers for it: what that user may not see is not sent. One that `is_shared` belongs to its project,
    whose admins change it; who changed it last answers for it from then on, and another admin when that user is
    deleted. Signing secrets are derived from the nonces and the server's key (`signing_secrets`), and stored
    nowhere.
    """

    class Channel(models.TextChoices):
        """How it is sent."""

        WEBHOOK = "webhook", "Webhook (signed JSON)"
        SLACK = "slack", "Slack, or a chat that takes its messages"
        EMAIL = "email", "E-mail"

    class Scope(models.TextChoices):
        """Of which runs."""

        OWN = "own", "My runs"
        PROJECT = "project", "All runs of a project"
        RUN = "run", "One run"

    class Direction(models.TextChoices):
        """On which side of the threshold a metric is told."""

        ABOVE = "above", "at or above"
        BELOW = "below", "at or below"

    name = models.CharField(max_length=100)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=hand_over, related_name="subscriptions")
    is_shared = models.BooleanField(default=False, help_text="Belongs to its project, whose admins change it")
    channel = models.CharField(max_length=10, choices=Channel)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.OWN)
    project = models.ForeignKey("access.Project", null=True, blank=True, on_delete=models.CASCADE)
    run = models.ForeignKey("runs.Run", null=True, blank=True, on_delete=models.CASCADE)
    occasions = models.JSONField(help_text="Values of Occasion")
    metric = models.CharField(max_length=100, blank=True, default="")
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.ABOVE)
    threshold = models.FloatField(null=True, blank=True)
    stalled_minutes = models.PositiveIntegerField(default=30)
    queued_minutes = models.PositiveIntegerField(default=60)
    url = models.TextField(blank=True, default="")
    email = models.EmailField(blank=True, default="", help_text="Blank: the address of the user's account")
    digest_minutes = models.PositiveIntegerField(
        default=10, help_text="At most one e-mail to the address in so many minutes; 0: one for each message"
    )
    nonce = models.CharField(max_length=32, default=new_nonce, editable=False)
    previous_nonce = models.CharField(max_length=32, blank=True, default="", editable=False)
    previous_until = models.DateTimeField(null=True, blank=True)
    is_failing = models.BooleanField(default=False, help_text="Its last try failed")
    given_up = models.PositiveIntegerField(default=0, help_text="Messages in a row that could not be delivered")
    problem = models.CharField(max_length=500, blank=True, default="", help_text="What went wrong last, in words")
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} (subscription {self.pk})"

    @property
    def receiver_email(self) -> str:
        """Where its e-mails go; blank if its user has no address."""
        return self.email or str(self.user.email)


class Message(models.Model):
    """What a subscription is to be told of one occasion: stored once, whatever process dies when.

    | from | to | by |
    |---|---|---|
    | (new) | waiting | following, conditions, a person's test |
    | waiting | delivered | a try that the receiver accepted |
    | waiting | failed | the last of its tries |
    | waiting | dropped | its receiver must not have it any more, or takes none |
    | delivered, failed, dropped | waiting | a person who has it sent again |

    A process claims it until `claimed_until`; its outcome counts only under that claim.
    """

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"
        DROPPED = "dropped"

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="messages", db_index=False)
    run = models.ForeignKey("runs.Run", null=True, on_delete=models.CASCADE, related_name="messages")
    occasion = models.CharField(max_length=20)
    occurrence = models.BigIntegerField(
        default=0, help_text="Which of several: of a change of status its number in the journal; 0: once per run"
    )
    webhook_id = models.CharField(max_length=40, unique=True, default=new_webhook_id)
    content = models.JSONField(help_text="The facts, as they were then: contents.Content")
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now, help_text="When it is tried next")
    claim = models.CharField(max_length=32, blank=True, default="")
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "run", "occasion", "occurrence"], name="one_message_per_occasion"
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="message_waiting", condition=Q(state="waiting")),
            models.Index(fields=["subscription", "id"], name="message_of_subscription"),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} of run {self.run_id} ({self.webhook_id})"


class Delivery(models.Model):
    """One try to deliver a message; of a subscription, the last ones are kept."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    number = models.PositiveIntegerField(help_text="Of the message, from 1")
    at = models.DateTimeField(default=timezone.now)
    succeeded = models.BooleanField()
    status_code = models.PositiveIntegerField(null=True, help_text="Of HTTP; null: there was no answer")
    milliseconds = models.PositiveIntegerField()
    error = models.CharField(max_length=500, blank=True, default="", help_text="What went wrong, in words")
    answer = models.TextField(blank=True, default="", help_text="The beginning of the receiver's answer")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["subscription", "id"], name="delivery_of_subscription")]

    def __str__(self) -> str:
        return f"try {self.number} of message {self.message_id}"


class MailDigest(models.Model):
    """When an address was last sent a digest, so that the next one keeps its distance, whichever process sends it."""

    address = models.EmailField(unique=True)
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.address

    def may_be_sent(self, minutes: int, now: datetime) -> bool:
        """Return whether so many minutes have passed; a clock that was set back makes nobody wait for long."""
        return self.sent_at is None or abs((now - self.sent_at).total_seconds()) >= minutes * 60
