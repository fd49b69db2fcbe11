"""Which subscriptions an occasion concerns: those of its run, owner or project whose users may see it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from access.decisions import fresh_access_of
from notifications.models import Subscription
from notifications.occasions import Occasion
from runs.models import Run

Scope = Subscription.Scope


class Subscriptions:
    """The active subscriptions to some occasions that may concern some runs, read at once.

    What each user may see is asked once, and as of now.
    """

    def __init__(self, runs: Collection[Run], occasions: Collection[Occasion]) -> None:
        concerned = (
            Q(scope=Scope.OWN, user__in={run.owner_id for run in runs})
            | Q(scope=Scope.PROJECT, project__in={run.project_id for run in runs})
            | Q(scope=Scope.RUN, run__in={run.pk for run in runs})
        )
        wanted = {occasion.value for occasion in occasions}
        found = active().filter(concerned).select_related("user") if runs else ()
        self._found = [one for one in found if wanted.intersection(one.occasions)]
        self._seen: dict[tuple[int, int | None], bool] = {}

    def of(self, run: Run, occasion: Occasion) -> Iterator[Subscription]:
        """Yield those that are to be told of an occasion of a run."""
        for one in self._found:
            if occasion.value in one.occasions and concerns(one, run) and self._sees(one.user, run.project_id):
                yield one

    def __bool__(self) -> bool:
        return bool(self._found)

    def _sees(self, user: User, project_id: int | None) -> bool:
        key = (user.pk, project_id)
        if key not in self._seen:
            self._seen[key] = may_see(user, project_id)
        return self._seen[key]


def active() -> QuerySet[Subscription]:
    """Select the subscriptions that are not paused."""
    return Subscription.objects.filter(paused_at=None)


def concerns(subscription: Subscription, run: Run) -> bool:
    """Tell whether a run is among those of a subscription."""
    if subscription.scope == Scope.OWN:
        return subscription.user_id == run.owner_id
    if subscription.scope == Scope.PROJECT:
        return subscription.project_id == run.project_id
    return subscription.run_id == run.pk


def may_see(user: User, project_id: int | None) -> bool:
    """Tell whether a user may see a project now; what was asked before does not count."""
    return project_id is not None and fresh_access_of(user).sees(project_id)
