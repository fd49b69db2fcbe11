"""Change who belongs to a project: the only writer of memberships that are given by hand.

The project's row is locked meanwhile, so that of two admins who take each other's role away at once one stays.
"""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from access.models import Membership, Project
from access.roles import Role
from audit.recording import record


class NotPossible(Exception):
    """Why a membership stays as it is, in a sentence with the cure."""


class Change(NamedTuple):
    """A membership as it is now, and the role before; None: there was none."""

    membership: Membership
    before: str | None


def members(project_id: int) -> QuerySet[Membership]:
    """Select the memberships of a project with their users, by user name."""
    return Membership.objects.filter(project_id=project_id).select_related("user").order_by("user__username")


def set_role(project_id: int, user: User, role: Role) -> Change:
    """Give a user a role in the project by hand, in place of the one before. Raises NotPossible.

    A role that single sign-on gave and that is the same stays as it is.
    """
    with transaction.atomic():
        _lock(project_id)
        found = Membership.objects.filter(project_id=project_id, user_id=user.pk).first()
        if found is None:
            found = Membership.objects.create(project_id=project_id, user=user, role=role)
            record("membership.granted", target=user, project_id=project_id, role=role)
            return Change(found, None)
        before = found.role
        if before != role:
            if before == Role.ADMIN:
                _require_another_admin(found)
            found.role, found.from_group = role, ""
            found.save(update_fields=["role", "from_group"])
            record("membership.changed", target=user, project_id=project_id, role=role, before=before)
        return Change(found, before)


def remove(project_id: int, user: User) -> Membership | None:
    """Remove a user from the project, whose runs stay; return what was, None for somebody who is no member.

    Raises NotPossible.
    """
    with transaction.atomic():
        _lock(project_id)
        found = Membership.objects.filter(project_id=project_id, user_id=user.pk).first()
        if found is None:
            return None
        if found.from_group:
            raise NotPossible(
                f"{user.get_username()} belongs to the project by the group {found.from_group} of single sign-on: take "
                "them out of that group. Removed here, they would be back with their next login."
            )
        if found.role == Role.ADMIN:
            _require_another_admin(found)
        found.delete()
        record("membership.revoked", target=user, project_id=project_id, before=found.role)
        return found


def require_another_admin(membership: Membership) -> None:
    """Raise NotPossible where that is the membership of the project's last admin. To be called in a transaction."""
    _lock(membership.project_id)
    _require_another_admin(membership)


def _lock(project_id: int) -> None:
    Project.objects.select_for_update().get(pk=project_id)


def _require_another_admin(membership: Membership) -> None:
    others = Membership.objects.filter(project_id=membership.project_id, role=Role.ADMIN, user__is_active=True)
    if not others.exclude(pk=membership.pk).exists():
        name = membership.user.get_username()
        raise NotPossible(f"{name} is the only admin of the project: make another member its admin first.")
