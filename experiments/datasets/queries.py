"""Reading data sets: the doors to "those this user may see" and to one's own uploads."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from experiments.models import Dataset, Upload


def visible_datasets(user: User | AnonymousUser) -> QuerySet[Dataset]:
    """Today every active user sees all, as with runs; `owner` and `upload` come along."""
    if not (user.is_authenticated and user.is_active):
        return Dataset.objects.none()
    return Dataset.objects.select_related("owner", "upload")


def uploads_of(user: User | AnonymousUser) -> QuerySet[Upload]:
    """Only one's own: what is on its way is nobody else's to write."""
    if not (user.is_authenticated and user.is_active):
        return Upload.objects.none()
    return Upload.objects.filter(dataset__owner=user).select_related("dataset")
