"""Queries of data sets: those that a user may see, and a user's own uploads."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import F, QuerySet

from experiments.models import Dataset, Upload


def visible_datasets(user: User | AnonymousUser) -> QuerySet[Dataset]:
    """Return the data sets that the user may see; today every active user sees all, as with runs.

    `owner` and `upload` are joined, and `verdict` and `findings` are read out of the pre-flight report, which is large.
    """
    if not (user.is_authenticated and user.is_active):
        return Dataset.objects.none()
    rows = Dataset.objects.select_related("owner", "upload", "preflight")
    return rows.defer("preflight__report", "preflight__config").annotate(
        verdict=F("preflight__report__verdict"), findings=F("preflight__report__findings")
    )


def uploads_of(user: User | AnonymousUser) -> QuerySet[Upload]:
    """Return only the user's own uploads: nobody else may write an unfinished one."""
    if not (user.is_authenticated and user.is_active):
        return Upload.objects.none()
    return Upload.objects.filter(dataset__owner=user).select_related("dataset")
