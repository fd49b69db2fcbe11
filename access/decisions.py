"""Decide what a user may see and do. This is the one place: all else asks it.

Operators (superusers and staff) have the role admin in every project. Other users have the roles of their memberships.
An API token may narrow both: to one project, and by its scope to a role. Its authentication says so by attributes of
the user object, as `narrow` sets them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from access.roles import Role, includes, lower

ProjectNumber: TypeAlias = int | None
"""To the type checker, a foreign key with a default may be null; no project has that number."""
_KEPT = "_access"
_PROJECT = "limited_to_project"
_ROLE = "limited_to_role"
_OPERATOR = "is_operator"
# Written here, as nearly each request asks it: Django takes ten times as long to write it as a database to answer.
_MEMBERSHIPS = (
    "SELECT project_id, role, (SELECT COUNT(*) FROM access_project) FROM access_membership WHERE user_id = %s"
)


@dataclass(frozen=True, slots=True)
class Access:
    """What one user may see and do, as of one moment.

    `everything`: all projects, those to come included, with the role `most`; `roles` is empty then. Else `roles` has
    the projects that the user belongs to, and `complete` says that there were no others at that moment. `only_runs` are
    those that a share link shows to somebody without an account, who belongs to no project: they may be read, and
    nothing else.
    """

    user_id: int | None = None
    everything: bool = False
    roles: Mapping[int, Role] = field(default_factory=dict)
    most: Role = Role.ADMIN
    complete: bool = False
    only_runs: frozenset[int] = frozenset()

    @property
    def limits(self) -> list[int] | None:
        """The projects that a query has to name, ascending; None where it would find the same without."""
        return None if self.everything or self.complete else sorted(self.roles)

    @property
    def project_ids(self) -> frozenset[int] | None:
        """The projects that the user sees; None: all of them."""
        return None if self.everything else frozenset(self.roles)

    def with_role(self, needed: Role) -> list[int] | None:
        """List the projects in which the user has at least that role, ascending; None: all of them."""
        if self.everything:
            return None if includes(self.most, needed) else []
        return sorted(number for number, role in self.roles.items() if includes(role, needed))

    def role_in(self, project_id: ProjectNumber) -> Role | None:
        """Return the user's role in a project; None where there is none."""
        if project_id is None:
            return None
        return self.most if self.everything else self.roles.get(project_id)

    def sees(self, project_id: ProjectNumber) -> bool:
        """Tell whether the user sees what belongs to the project."""
        return self.role_in(project_id) is not None

    def sees_run(self, run_id: int, project_id: ProjectNumber) -> bool:
        """Tell whether the user sees a run of the project."""
        return self.sees(project_id) or run_id in self.only_runs

    def may_train(self, project_id: ProjectNumber) -> bool:
        """Tell whether the user may start runs and add data sets there."""
        return includes(self.role_in(project_id), Role.TRAINER)

    def may_manage(self, project_id: ProjectNumber) -> bool:
        """Tell whether the user may change everything of the project, and its members."""
        return includes(self.role_in(project_id), Role.ADMIN)

    def may_change(self, project_id: ProjectNumber, owner_id: int | None) -> bool:
        """Tell whether the user may change something of the project that is that owner's."""
        if self.may_manage(project_id):
            return True
        return self.user_id is not None and owner_id == self.user_id and self.may_train(project_id)


NOTHING = Access()


class Visitor(AnonymousUser):
    """Somebody without an account who has opened a share link. What they may see lies in `access_of` alone.

    `pk` tells visitors of different links apart where requests are counted: it is below zero, as no user's is.
    """

    is_active = True  # type: ignore[assignment]  # as above

    def __init__(self, link_id: int, run_ids: Collection[int]) -> None:
        """Let the visitor read these runs, and nothing else."""
        super().__init__()
        self.pk = -link_id  # type: ignore[assignment]
        self.access = Access(only_runs=frozenset(run_ids))

    @property
    def is_authenticated(self) -> bool:  # type: ignore[override]  # Django says always false of strangers
        """Whether the visitor may pass where a login, or a link, is needed."""
        return True


def access_of(user: AbstractBaseUser | AnonymousUser) -> Access:
    """Return what a user may see and do: nothing if anonymous or inactive.

    Asks the database once and keeps the answer on the user object, which lives as long as a request. What lives longer
    asks for `fresh_access_of`.
    """
    if not (user.is_authenticated and user.is_active):
        return NOTHING
    kept: Access | None = getattr(user, _KEPT, None)
    return fresh_access_of(user) if kept is None else kept


def fresh_access_of(user: AbstractBaseUser | AnonymousUser) -> Access:
    """Return the same from the database, and keep that from now on."""
    found = _read(user)
    setattr(user, _KEPT, found)
    return found


def is_operator(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Tell whether a user is a superuser or staff, also where the scope of a token takes these rights away."""
    return any(getattr(user, name, False) for name in ("is_superuser", "is_staff", _OPERATOR))


def only_project(user: AbstractBaseUser | AnonymousUser) -> int | None:
    """Return the one project that the token is for which a request came with; None of any other, and without one."""
    found: int | None = getattr(user, _PROJECT, None)
    return found


def narrow(user: AbstractBaseUser, *, project_id: int | None, most: Role, operator: bool) -> None:
    """Limit a user object to what a token allows: one project (None: all), and no role above `most`.

    `operator` says whether the account is one, where `is_staff` of the object no longer does.
    """
    for name, value in ((_PROJECT, project_id), (_ROLE, most), (_OPERATOR, operator), (_KEPT, None)):
        setattr(user, name, value)


def _read(user: AbstractBaseUser | AnonymousUser) -> Access:
    if isinstance(user, Visitor):
        return user.access
    if not (user.is_authenticated and user.is_active):
        return NOTHING
    only = only_project(user)
    most: Role = getattr(user, _ROLE, Role.ADMIN)
    if is_operator(user):
        if only is None:
            return Access(user.pk, everything=True, most=most)
        return Access(user.pk, roles={only: most}, most=most)
    rows = _memberships(user.pk)
    roles = {number: lower(Role(role), most) for number, role, _ in rows if role in Role.values}
    if only is not None:
        roles = {number: role for number, role in roles.items() if number == only}
    return Access(user.pk, roles=roles, most=most, complete=bool(rows) and len(roles) == rows[0][-1])


def _memberships(user_id: Any) -> list[tuple[int, str, int]]:
    """Read each project and role of the user, beside the number of all projects."""
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERSHIPS, [user_id])
        rows: list[tuple[int, str, int]] = cursor.fetchall()
    return rows
