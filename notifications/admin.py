"""Notifications in the admin: who is told what by which channel, how it fares. They are changed on their own pages."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from notifications.models import Subscription
from notifications.receivers.addresses import masked


@admin.register(Subscription)
class SubscriptionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in its stubs only
    """The list of subscriptions; deleting one ends it. No secret is shown, nor the path of an address."""

    list_display = ("name", "user", "channel", "scope", "project", "receiver", "is_failing", "paused_at", "problem")
    list_filter = ("channel", "scope", "is_failing", "paused_at")
    search_fields = ("name", "user__username", "email")
    list_select_related = ("user", "project")
    ordering = ("-pk",)
    fields = (
        *("name", "user", "is_shared", "channel", "scope", "project", "run", "receiver", "occasions"),
        *("metric", "direction", "threshold", "stalled_minutes", "queued_minutes", "digest_minutes"),
        *("is_failing", "given_up", "problem", "paused_at", "paused_reason", "created_at"),
    )
    readonly_fields = fields

    @admin.display(description="receiver")
    def receiver(self, subscription: Subscription) -> str:
        """Name the receiver: of an address the host alone."""
        if subscription.channel == Subscription.Channel.EMAIL:
            return subscription.receiver_email
        return masked(subscription.url, secret_path=True)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Let nobody subscribe somebody else here."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Subscription | None = None) -> bool:
        """Let nobody send what somebody is told elsewhere."""
        return False
