"""Projects and members as JSON, for the API and the pages alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count

from access.decisions import Access
from access.models import Membership, Project
from access.projects import QUOTAS
from runs.events import format_time
from runs.quotas.used_amounts import Used, used_by

_QUOTA_OF = dict(zip(Used._fields, QUOTAS, strict=True))


def described_all(projects: Iterable[Project], access: Access) -> list[dict[str, Any]]:
    """Describe projects as one user sees them, in the same few queries for any number."""
    found = list(projects)
    numbers = [project.pk for project in found]
    used = used_by(numbers)
    counted = Membership.objects.filter(project_id__in=numbers).order_by().values_list("project_id")
    sizes = dict(counted.annotate(members=Count("pk")))
    return [_described(project, access, used, sizes) for project in found]


def described(project: Project, access: Access) -> dict[str, Any]:
    """Describe one project."""
    return described_all([project], access)[0]


def described_member(membership: Membership) -> dict[str, Any]:
    """Describe a member; `from_group` is null of a role that was given by hand."""
    return {
        "user": membership.user.get_username(),
        "role": membership.role,
        "from_group": membership.from_group or None,
        "is_active": membership.user.is_active,
    }


def _described(project: Project, access: Access, used: Mapping[int, Used], sizes: Mapping[int, int]) -> dict[str, Any]:
    address = f"/api/projects/{project.pk}/"
    return {
        "id": project.pk,
        "name": project.name,
        "description": project.description,
        "role": access.role_in(project.pk),
        "created_at": format_time(project.created_at),
        "created_by": project.created_by.get_username() if project.created_by else None,
        "members": sizes.get(project.pk, 0),
        "quotas": {
            quota: {"used": getattr(used[project.pk], name), "allowed": getattr(project, quota)}
            for name, quota in _QUOTA_OF.items()
        },
        "links": {"self": address, "members": f"{address}members/", "page": f"/projects/{project.pk}/"},
    }
