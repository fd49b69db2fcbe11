"""Make, list, revoke and open share links: the only writer of their rows.

A link holds until its end, unless it is revoked, and only as long as who made it may share all of its runs: the owner
of a run who trains in its project, and the project's admins. Of the secret the digest is stored alone.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.db import DatabaseError, transaction
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from access.decisions import Access, ProjectNumber, access_of, only_project
from accounts.models import ShareLink
from audit.recording import record
from runs.models import Run

logger = logging.getLogger(__name__)

DAYS: Final = 14.0
LONGEST_DAYS: Final = 90.0
MOST_RUNS: Final = 20
MOST_AT_ONCE: Final = 100
"""Links of one user that hold."""
_LONGEST_TOKEN: Final = 200
_USE_IS_NOTED_EVERY: Final = timedelta(minutes=1)
_RUN_COLUMNS: Final = ("pk", "experiment_name", "project_id", "owner_id", "deleted_at")


class Refused(Exception):
    """Why no link is made, in a sentence with the cure; `field` names what is wrong, blank where no field is."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class UnknownLink(Exception):
    """There is no link with this secret."""


class EndedLink(Exception):
    """The link shows nothing any more; the sentence says why."""

    def __init__(self, link: ShareLink, sentence: str) -> None:
        super().__init__(sentence)
        self.link = link


class Opened(NamedTuple):
    """A link that holds, and the runs that it shows, by number."""

    link: ShareLink
    run_ids: Sequence[int]
    project_id: ProjectNumber


def may_share(user: User | AnonymousUser, runs: Collection[Run]) -> bool:
    """Tell whether somebody may share all of these runs, of which there is one at least."""
    return bool(runs) and _may_share(access_of(user), runs)


def make(user: User, runs: Sequence[Run], *, days: float, with_samples: bool) -> tuple[ShareLink, str]:
    """Make a link to runs that the user may share; return it with its secret, which is not stored. Raises Refused."""
    if not 0 < days <= LONGEST_DAYS:
        raise Refused("days", f"A link holds for more than 0 and at most {LONGEST_DAYS:g} days.")
    if len(runs) > MOST_RUNS:
        raise Refused("runs", f"A link shows at most {MOST_RUNS} runs; {len(runs)} are asked for.")
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        if holding().filter(created_by=user).count() >= MOST_AT_ONCE:
            raise Refused("", f"You have {MOST_AT_ONCE} links that hold; revoke some that are no longer needed first.")
        link = ShareLink.objects.create(
            digest=digest_of(token),
            with_samples=with_samples,
            created_at=now,
            created_by=user,
            expires_at=now + timedelta(days=days),
        )
        link.runs.set(runs)
        record(
            "share.created",
            target=link,
            project_id=runs[0].project_id,
            runs=[run.pk for run in runs],
            until=link.expires_at,
            with_samples=with_samples,
        )
    return link, token


def revoke(link: ShareLink, by: User) -> None:
    """End a link now; one that is revoked already stays as it is."""
    with transaction.atomic():
        ended = ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by)
        if ended:
            runs = list(link.runs.values_list("pk", "project_id"))
            project_id = runs[0][1] if runs else None
            record("share.revoked", target=link, project_id=project_id, runs=[number for number, _ in runs])


def holding() -> QuerySet[ShareLink]:
    """Select the links that are neither revoked nor expired, the newest first, with maker and runs."""
    runs = Prefetch("runs", Run.objects.order_by("pk").only(*_RUN_COLUMNS))
    found = ShareLink.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
    return found.select_related("created_by").prefetch_related(runs)


def of_run(run_id: int) -> QuerySet[ShareLink]:
    """Select the links that hold and show a run, alone or with others."""
    return holding().filter(pk__in=ShareLink.runs.through.objects.filter(run_id=run_id).values("sharelink_id"))


def of_project(project_id: int) -> QuerySet[ShareLink]:
    """Select the links that hold and show a run of a project."""
    shown = ShareLink.runs.through.objects.filter(run__project_id=project_id)
    return holding().filter(pk__in=shown.values("sharelink_id"))


def of_maker(user: User) -> QuerySet[ShareLink]:
    """Select the links that hold and that a user has made; by a token for one project, those that show no other."""
    found, only = holding().filter(created_by=user), only_project(user)
    if only is None:
        return found
    elsewhere = ShareLink.runs.through.objects.exclude(run__project_id=only)
    return found.exclude(pk__in=elsewhere.values("sharelink_id"))


def runs_shown_to(user: User | AnonymousUser, link: ShareLink) -> list[Run]:
    """List the runs of a link that are of projects which somebody sees, ascending."""
    access = access_of(user)
    return [run for run in link.runs.all() if access.sees(run.project_id)]


def may_revoke(user: User, link: ShareLink) -> bool:
    """Tell whether somebody may revoke a link: who made it, and the admins of a project of its runs."""
    access, only, runs = access_of(user), only_project(user), link.runs.all()
    if any(access.may_manage(run.project_id) for run in runs):
        return True
    return link.created_by_id == user.pk and (only is None or all(run.project_id == only for run in runs))


def open_link(token: str) -> Opened:
    """Return the link with this secret and the runs that it shows; raises UnknownLink and EndedLink.

    Runs that are deleted are left out.
    """
    found = ShareLink.objects.filter(digest=digest_of(token)) if len(token) <= _LONGEST_TOKEN else None
    link = None if found is None else found.select_related("created_by").first()
    if link is None:
        raise UnknownLink
    if link.revoked_at is not None:
        raise EndedLink(link, "This link was revoked.")
    if link.expires_at <= timezone.now():
        raise EndedLink(link, "This link has expired.")
    runs = [run for run in link.runs.order_by("pk").only(*_RUN_COLUMNS) if run.deleted_at is None]
    if not _may_share(access_of(link.created_by), runs):
        raise EndedLink(link, "Who made this link may no longer share what it showed.")
    if not runs:
        raise EndedLink(link, "What this link showed was deleted.")
    return Opened(link, [run.pk for run in runs], runs[0].project_id)


def note_use(link: ShareLink) -> bool:
    """Write when the link was last used, where that is a minute ago; tell whether it was. No request fails for it."""
    now = timezone.now()
    if link.last_used is not None and now - link.last_used < _USE_IS_NOTED_EVERY:
        return False
    earlier = Q(last_used=None) | Q(last_used__lt=now - _USE_IS_NOTED_EVERY)
    try:
        return bool(ShareLink.objects.filter(earlier, pk=link.pk).update(last_used=now))
    except DatabaseError as error:
        logger.warning("The last use of share link %d could not be written: %s", link.pk, error)
        return False


def digest_of(token: str) -> str:
    """Return what is stored of a secret: it has 256 random bits, so its digest needs neither salt nor many rounds."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _may_share(access: Access, runs: Collection[Run]) -> bool:
    return all(access.may_change(run.project_id, run.owner_id) for run in runs)
