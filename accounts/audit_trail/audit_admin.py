"""The audit trail in the admin: to superusers, and to staff with the right to view it. Nothing can be changed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from access.models import Project
from audit.actions import ACTIONS
from audit.models import AuditEvent
from runs.admin_pages.reading_admin import ReadOnlyAdmin

RECENT = 2_000
"""Events among which a filter looks for values to offer: the table may have millions."""
MOST_OFFERED = 30


class _Filter(admin.SimpleListFilter):
    """A filter by one column."""

    column = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Keep the events with the chosen value; the admin says of one that cannot be that it is wrong."""
        value = self.value()
        try:
            return queryset.filter(**{self.column: value}) if value else queryset
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error


class ProjectFilter(_Filter):
    """A filter by project."""

    title, parameter_name, column = "project", "project", "project_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the projects there are."""
        return [(str(pk), name) for pk, name in Project.objects.order_by("name").values_list("pk", "name")]


class _RecentValues(_Filter):
    """A filter that offers the values of recent events; any other can be chosen in a row of the list, or searched."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Return the values, and the one that is chosen."""
        recent = AuditEvent.objects.order_by("-pk").values_list(self.column, flat=True)[:RECENT]
        found = sorted(list(dict.fromkeys(value for value in recent if value))[:MOST_OFFERED])
        value = self.value()
        return [(one, one) for one in ([value] if value and value not in found else []) + found]

    def value(self) -> str | None:
        """Return the chosen value."""
        return self.used_parameters.get(str(self.parameter_name))


class ActionFilter(_RecentValues):
    """A filter by action."""

    title = parameter_name = column = "action"


class UserFilter(_RecentValues):
    """A filter by user name."""

    title, parameter_name, column = "user", "user", "user_name"


class AddressFilter(_RecentValues):
    """A filter by address."""

    title = parameter_name = column = "address"


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """The list of events, the newest first, and the page of one: of all projects, and of none."""

    list_display = ("moment", "action", "by", "via", "credential", "from_address", "of", "project", "count")
    list_filter = (ActionFilter, UserFilter, ProjectFilter, ("at", admin.DateFieldListFilter), AddressFilter, "via")
    search_fields = ("user_name", "target_name", "address", "credential", "request_id")
    search_help_text = "In users, targets, addresses, tokens' names and request ids"
    fields = (
        "moment", "action", "meaning", "user_name", "via", "credential", "address", "request_id", "project",
        "target_type", "target_id", "target_name", "details", "count", "last",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Read the names of projects once for the page."""
        self._projects = dict(Project.objects.values_list("pk", "name"))
        return super().get_queryset(request).select_related("repeats")

    @admin.display(description="when (UTC)", ordering="id")
    def moment(self, event: AuditEvent) -> str:
        """Write when it happened."""
        return f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="user")
    def by(self, event: AuditEvent) -> SafeString | str:
        """Link to what else the user did."""
        return _link("user", event.user_name)

    @admin.display(description="address")
    def from_address(self, event: AuditEvent) -> SafeString | str:
        """Link to what else came from the address."""
        return _link("address", event.address)

    @admin.display(description="target")
    def of(self, event: AuditEvent) -> str:
        """Write what it was done to."""
        return f"{event.target_type} {event.target_name}".strip()

    @admin.display(description="project")
    def project(self, event: AuditEvent) -> str | None:
        """Write the project's name; its number where it is gone."""
        return None if event.project_id is None else self._projects.get(event.project_id, f"project {event.project_id}")

    @admin.display(description="times")
    def count(self, event: AuditEvent) -> int:
        """Write how often it happened within its time."""
        repeats = getattr(event, "repeats", None)
        return repeats.count if repeats else 1

    @admin.display(description="last time (UTC)")
    def last(self, event: AuditEvent) -> str:
        """Write when it happened last within its time."""
        repeats = getattr(event, "repeats", None)
        return f"{timezone.localtime(repeats.last_at if repeats else event.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="that is")
    def meaning(self, event: AuditEvent) -> str:
        """Say what the action means."""
        known = ACTIONS.get(event.action)
        return known.meaning if known else ""


def _link(name: str, value: str) -> SafeString | str:
    return format_html('<a href="?{}">{}</a>', urlencode({name: value}), value) if value else ""
