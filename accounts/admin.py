"""API tokens and identities in the admin.

Tokens: whose there are, used when, ending when. They can be revoked, not read, made or changed. Identities: who logs in
at the identity provider as which user.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_changes import delete_and_record
from accounts.audit_trail import audit_admin  # noqa: F401  # registers the trail
from accounts.issuing import revoke
from accounts.models import APIToken, ExternalIdentity
from accounts.sign_on.identities import link, unlink

admin.site.add_action(delete_and_record, "delete_selected")


@admin.register(APIToken)
class APITokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in its stubs only
    """The list of tokens; deleting one revokes it."""

    list_display = ("name", "user", "scope", "project", "token_key", "created", "last_used", "expiry")
    list_filter = ("scope", "project", "expiry", "last_used")
    search_fields = ("name", "user__username", "token_key")
    list_select_related = ("user", "project")
    ordering = ("-pk",)
    fields = ("name", "user", "scope", "project", "token_key", "created", "last_used", "expiry")
    readonly_fields = fields

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Let nobody make a token for somebody else here, as it would have to be shown."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: APIToken | None = None) -> bool:
        """Let nobody widen or lengthen a token."""
        return False

    def delete_model(self, _request: HttpRequest, obj: APIToken) -> None:
        """Revoke a token."""
        revoke(obj.user, obj.pk)

    def delete_queryset(self, _request: HttpRequest, queryset: QuerySet[APIToken]) -> None:
        """Revoke tokens."""
        for token in queryset.select_related("user"):
            revoke(token.user, token.pk)


@admin.register(ExternalIdentity)
class ExternalIdentityAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in its stubs only
    """Who is who at the identity provider; adding one links an account, deleting one ends that."""

    list_display = ("user", "subject", "issuer", "linked_at", "last_login")
    list_filter = ("issuer", "last_login")
    search_fields = ("user__username", "subject")
    list_select_related = ("user",)
    ordering = ("-pk",)
    fields = ("user", "issuer", "subject")
    raw_id_fields = ("user",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, str | list[str]]:
        """Begin with the issuer of the settings."""
        issuer = settings.SIGN_ON.issuer if settings.SIGN_ON else ""
        return {"issuer": issuer} | super().get_changeform_initial_data(request)

    def has_change_permission(self, _request: HttpRequest, _obj: ExternalIdentity | None = None) -> bool:
        """Let nobody change one: who is linked to whom is made and ended, so that both are recorded."""
        return False

    def save_model(self, _request: HttpRequest, obj: ExternalIdentity, *_rest: Any) -> None:
        """Link the account, which is recorded."""
        obj.pk = link(obj.user, obj.issuer, obj.subject).pk

    def delete_model(self, _request: HttpRequest, obj: ExternalIdentity) -> None:
        """End the link, which is recorded."""
        unlink(obj)

    def delete_queryset(self, _request: HttpRequest, queryset: QuerySet[ExternalIdentity]) -> None:
        """End the links, each of which is recorded."""
        for identity in queryset:
            unlink(identity)
