"""Queries of data sets: those that a user may see, and a user's own uploads."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import F, QuerySet

from access.decisions import access_of
from access.models import Project
from access.roles import Role
from experiments.models import Dataset, Upload
from runs.queries import in_projects

MOST_NAMED = 500


def visible_datasets(user: User | AnonymousUser) -> QuerySet[Dataset]:
    """Return the data sets that the user may see: those of the user's projects.

    `owner`, `project` and `upload` are joined, and `verdict` and `findings` are read out of the pre-flight report,
    which is large.
    """
    rows = Dataset.objects.filter(in_projects(user)).select_related("owner", "project", "upload", "preflight")
    return rows.defer("preflight__report", "preflight__config").annotate(
        verdict=F("preflight__report__verdict"), findings=F("preflight__report__findings")
    )


def ready_names(user: User | AnonymousUser, project: Project) -> list[str]:
    """Return the names of the project's first data sets that could be used, for a choice, as far as the user sees."""
    ready = visible_datasets(user).filter(project=project, state=Dataset.State.READY)
    return list(ready.order_by("name").values_list("name", flat=True)[:MOST_NAMED])


def uploads_of(user: User | AnonymousUser) -> QuerySet[Upload]:
    """Return only the user's own uploads, where they may train: nobody else may write an unfinished one."""
    access = access_of(user)
    trained = access.with_role(Role.TRAINER)
    theirs = Upload.objects.filter(dataset__owner_id=access.user_id).select_related("dataset__project")
    return theirs if trained is None else theirs.filter(dataset__project_id__in=trained)
