"""API tokens in the admin: whose there are, used when, ending when. They can be revoked, not read, made or changed."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_changes import delete_and_record
from accounts.audit_trail import audit_admin  # noqa: F401  # registers the trail
from accounts.issuing import revoke
from accounts.models import APIToken

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
