"""Choose the project of something new: a run, a dry run, a data set."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied

from access.decisions import access_of
from access.default_project import DEFAULT_PROJECT
from access.models import Project
from access.roles import Role
from runs.errors import InvalidRequest
from runs.projects.project_names import LARGEST, is_number

FIELD = "project"
MOST_NAMED = 20
NOWHERE = "You may train in no project: ask an admin of one to make you its trainer."


def to_train_in(user: User | AnonymousUser, asked: str | int | None) -> Project:
    """Return the project that is asked for by name or number; None: the one that goes without saying.

    That is the only one in which the user may train (a token may be limited to one), else "Default" if it is among
    them. Raises InvalidRequest that names the field and what can be chosen, and PermissionDenied for a user who may
    train nowhere, or sees the project without training there.
    """
    access = access_of(user)
    possible = access.with_role(Role.TRAINER)
    if possible == []:
        raise PermissionDenied(NOWHERE)
    if asked is not None:
        found = named(asked)
        if found is None or not access.sees(found.pk):
            raise _refused(f"There is no project {str(asked)[:100]!r} for you; {_choices(possible)}.")
        if not access.may_train(found.pk):
            raise PermissionDenied(f"You are no trainer of the project {found.name!r}: ask one of its admins.")
        return found
    if possible is not None and len(possible) == 1:
        return Project.objects.get(pk=possible[0])
    if possible is None or DEFAULT_PROJECT in possible:
        return Project.objects.get(pk=DEFAULT_PROJECT)
    raise _refused(f"Say in which project; {_choices(possible)}.")


def names_to_train_in(user: User | AnonymousUser) -> list[str]:
    """List the names of the projects in which the user may train, alphabetically."""
    return list(_names(access_of(user).with_role(Role.TRAINER)))


def name_of_default() -> str:
    """Return the name of the project that is meant where none is named; an admin may have changed it."""
    return str(Project.objects.values_list("name", flat=True).get(pk=DEFAULT_PROJECT))


def named(asked: str | int) -> Project | None:
    """Find a project by its number, or by its name, which is none."""
    if isinstance(asked, int):
        return Project.objects.filter(pk=asked).first() if 0 < asked <= LARGEST else None
    return Project.objects.filter(**({"pk": int(asked)} if is_number(asked) else {"name": asked})).first()


def _choices(possible: list[int] | None) -> str:
    names = list(_names(possible)[: MOST_NAMED + 1])
    more = " and others" if len(names) > MOST_NAMED else ""
    return f"choose from {', '.join(names[:MOST_NAMED])}{more}"


def _names(possible: list[int] | None) -> QuerySet[Project, str]:
    projects = Project.objects.all() if possible is None else Project.objects.filter(pk__in=possible)
    return projects.order_by("name").values_list("name", flat=True)


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest([{"field": FIELD, "message": message}])
