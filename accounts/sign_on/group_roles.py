"""Makes a user's memberships and rights what the groups at the provider give, at each login."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.contrib.auth.models import User

from access.models import Membership, Project
from accounts.sign_on.group_rules import STAFF, SUPERUSER, GroupRule, managed_rights, roles_of
from accounts.sign_on.configuration import SignOn

logger = logging.getLogger(__name__)

MADE_BY_SIGN_ON = "Made when the first member of a group logged in to which LIVETRAIN_OIDC_GROUPS gives a role here."


def follow_groups(user: User, groups: frozenset[str], sign_on: SignOn) -> list[str]:
    """Change memberships and rights to match; to be called in a transaction. Return the changes in words.

    Memberships that were given by hand stay as they are, also where a group gives another role in their project.
    """
    changes = _rights(user, groups, sign_on) + _memberships(user, roles_of(sign_on.rules, groups))
    for change in changes:
        logger.info("single sign-on: user %s %s", user.get_username(), change)
    return changes


def _rights(user: User, groups: frozenset[str], sign_on: SignOn) -> list[str]:
    """Set the flags that the mapping names. A superuser is staff too, as long as it is one."""
    managed = managed_rights(sign_on.rules)
    given = {rule.gives for rule in sign_on.rules if not rule.project and rule.group in groups}
    was = user.is_superuser, user.is_staff
    if SUPERUSER in managed:
        lost = user.is_superuser and SUPERUSER not in given
        user.is_superuser = SUPERUSER in given
        user.is_staff = user.is_superuser or (user.is_staff and not lost)
    if STAFF in managed:
        user.is_staff = STAFF in given or user.is_superuser
    changed = [
        f"{'is' if now else 'is no longer'} {name}"
        for name, before, now in zip((SUPERUSER, STAFF), was, (user.is_superuser, user.is_staff), strict=True)
        if before != now
    ]
    if changed:
        user.save(update_fields=["is_superuser", "is_staff"])
    return changed


def _memberships(user: User, wanted: Mapping[str, GroupRule]) -> list[str]:
    held = {one.project.name: one for one in Membership.objects.filter(user=user).select_related("project")}
    changes = []
    for name, rule in wanted.items():
        member = held.get(name)
        if member is None:
            Membership.objects.create(user=user, project=_project(name), role=rule.gives, from_group=rule.group)
            changes.append(f"is {rule.gives} in {name}, by the group {rule.group}")
        elif member.from_group and (member.role, member.from_group) != (rule.gives, rule.group):
            if member.role != rule.gives:
                changes.append(f"is {rule.gives} in {name}, by the group {rule.group}, and no longer {member.role}")
            member.role, member.from_group = rule.gives, rule.group
            member.save(update_fields=["role", "from_group"])
    for name, member in held.items():
        if member.from_group and name not in wanted:
            member.delete()
            changes.append(f"is no longer {member.role} in {name}, by the group {member.from_group}")
    return changes


def _project(name: str) -> Project:
    project, made = Project.objects.get_or_create(name=name, defaults={"description": MADE_BY_SIGN_ON})
    if made:
        logger.info("single sign-on: made the project %s", name)
    return project
