"""Makes a user's memberships and rights what the groups at the provider give, at each login."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import User

from access.models import Membership, Project
from accounts.sign_on.configuration import SignOn
from accounts.sign_on.group_rules import STAFF, SUPERUSER, GroupRule, managed_rights, roles_of
from audit.recording import record

MADE_BY_SIGN_ON = "Made when the first member of a group logged in to which LIVETRAIN_OIDC_GROUPS gives a role here."
BY = "single sign-on"


def follow_groups(user: User, groups: frozenset[str], sign_on: SignOn) -> None:
    """Change memberships and rights to match; to be called in a transaction.

    Memberships that were given by hand stay as they are, also where a group gives another role in their project.
    """
    _follow_rights(user, groups, sign_on)
    _follow_memberships(user, roles_of(sign_on.rules, groups))


def _follow_rights(user: User, groups: frozenset[str], sign_on: SignOn) -> None:
    """Set the flags that the mapping names. A superuser is staff too, as long as it is one."""
    managed = managed_rights(sign_on.rules)
    given = {rule.gives for rule in sign_on.rules if not rule.project and rule.group in groups}
    before = user.is_superuser, user.is_staff
    if SUPERUSER in managed:
        lost = user.is_superuser and SUPERUSER not in given
        user.is_superuser = SUPERUSER in given
        user.is_staff = user.is_superuser or (user.is_staff and not lost)
    if STAFF in managed:
        user.is_staff = STAFF in given or user.is_superuser
    if before != (user.is_superuser, user.is_staff):
        user.save(update_fields=["is_superuser", "is_staff"])


def _follow_memberships(user: User, wanted: Mapping[str, GroupRule]) -> None:
    held = {one.project.name: one for one in Membership.objects.filter(user=user).select_related("project")}
    for name, rule in wanted.items():
        member = held.get(name)
        if member is None:
            member = Membership.objects.create(
                user=user, project=_project(name, user), role=rule.gives, from_group=rule.group
            )
            _record("granted", member)
        elif member.from_group:
            _change(member, rule)
    for name, member in held.items():
        if member.from_group and name not in wanted:
            _record("revoked", member)
            member.delete()


def _change(member: Membership, rule: GroupRule) -> None:
    """Let the role of a member be what the rule says, and be this group's."""
    role_before = member.role
    if (member.role, member.from_group) == (rule.gives, rule.group):
        return
    member.role, member.from_group = rule.gives, rule.group
    member.save(update_fields=["role", "from_group"])
    if member.role != role_before:
        _record("changed", member, before=role_before)


def _record(what: str, member: Membership, **details: str) -> None:
    record(
        f"membership.{what}",
        target=member.user,
        project_id=member.project_id,
        user=member.user,
        role=member.role,
        group=member.from_group,
        by=BY,
        **details,
    )


def _project(name: str, user: User) -> Project:
    project, made = Project.objects.get_or_create(name=name, defaults={"description": MADE_BY_SIGN_ON})
    if made:
        record("project.created", target=project, user=user, by=BY)
    return project
