"""Why a request for work on a model is refused."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from rest_framework.exceptions import PermissionDenied

from access.decisions import access_of
from runs.errors import WithFacts
from runs.models import Run

NOT_A_TRAINER = "Work on the model of run {run} is for those who train in its project; ask one of its admins."


class TooManyJobs(WithFacts):
    """429: as many jobs of the user wait or are being done as this server allows; there is room when one has ended."""

    status_code = 429
    default_code = "too_many_jobs"

    def __init__(self, unfinished: int) -> None:
        allowed = settings.MODEL_JOBS_PER_USER
        self.facts = {"unfinished": unfinished, "allowed": allowed}
        super().__init__(
            f"{unfinished} of your jobs on models wait or are being done, and this server allows {allowed} "
            "(LIVETRAIN_MODEL_JOBS_PER_USER). Wait until one has ended, or cancel some."
        )


def require_trainer(run: Run, user: User | AnonymousUser) -> None:
    """Raise PermissionDenied for a user who does not train in the run's project."""
    if not access_of(user).may_train(run.project_id):
        raise PermissionDenied(NOT_A_TRAINER.format(run=run.pk))
