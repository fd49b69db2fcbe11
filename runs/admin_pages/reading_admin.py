"""The base of the project's read-only pages in the Django admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from access.admin_rights import OfProjects


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in its stubs only
    """An admin that adds, changes and deletes nothing."""

    empty_value_display = "–"
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-id",)
    actions: Sequence[str] | None = None

    class Media:
        css = {"all": ["runs/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Refuse to add anything."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Refuse to change anything."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Refuse to delete anything."""
        return False


class ReadingAdmin(OfProjects, ReadOnlyAdmin):
    """Such an admin of what belongs to a project and an owner."""

    list_select_related = ("owner", "project")
    fields = ()
