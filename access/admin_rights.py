"""The rights of the Django admin's pages about what belongs to a project, as `decisions` decides them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest

from access.decisions import access_of
from access.roles import Role

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object


class OfProjects(Base):
    """A mixin, to stand before `ModelAdmin`: shows what a user sees, and lets change what that user may change.

    On top of Django's permissions, which say who may open the pages at all. All four are here: Django asks none of
    them for another one, and some without an object.
    """

    project_lookup = "project_id"
    """By which the rows of a project are selected."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Select the rows of the user's projects."""
        rows: QuerySet[Any] = super().get_queryset(request)
        limits = access_of(request.user).limits
        return rows if limits is None else rows.filter(**{f"{self.project_lookup}__in": limits})

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user may look at it."""
        seen = obj is None or access_of(request.user).sees(obj.project_id)
        return seen and super().has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user may change it."""
        return _may_change(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user may delete it."""
        return _may_change(request, obj) and super().has_delete_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may add one: those may who train somewhere."""
        return access_of(request.user).with_role(Role.TRAINER) != [] and super().has_add_permission(request)


def _may_change(request: HttpRequest, obj: Any) -> bool:
    return obj is None or access_of(request.user).may_change(obj.project_id, obj.owner_id)
