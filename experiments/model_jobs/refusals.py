"""Why a request for work on a model is refused."""

from __future__ import annotations

from django.conf import settings

from runs.errors import WithFacts

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
