"""Projects, members and runs in them, for tests of who is sent what."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone

from access.models import Membership, Project
from access.roles import Role
from runs.models import Run
from tests.realtime.writing import queued_run, running_run


def project(name: str) -> Project:
    return Project.objects.get_or_create(name=name)[0]


def stranger(name: str) -> User:
    """Make a user who belongs to no project."""
    user = User.objects.create_user(name)
    Membership.objects.filter(user=user).delete()
    return user


def member(name: str, *projects: Project, role: Role = Role.VIEWER) -> User:
    """Make a user who belongs to these projects alone."""
    user = stranger(name)
    for each in projects:
        Membership.objects.create(user=user, project=each, role=role)
    return user


def run_in(where: Project, owner: User, *, waits: bool = False) -> Run:
    """Make a run of that project, which trains, or waits."""
    run = queued_run(owner) if waits else running_run(owner)
    Run.objects.filter(pk=run.pk).update(project=where)
    run.refresh_from_db()
    return run


def move(run: Run, to: Project) -> None:
    """Put a run into another project."""
    Run.objects.filter(pk=run.pk).update(project=to, touched_at=timezone.now())
