"""Has data looked at for a request: in another process, for a bounded time, and of each user only so many at once."""

from __future__ import annotations

import functools
import logging
import time

from django.conf import settings

from experiments.processes.inspection_process import InspectionProcess
from experiments.training.contract.inspections import (
    TOO_LONG,
    OfContents,
    OfTraining,
    Patience,
    Refused,
    Undecided,
)
from experiments.training.contract.reading import Unanswered
from experiments.training.contract.source_errors import SourceError
from runs.api.heavy_requests import ROOM
from runs.pauses.turns import Turns

logger = logging.getLogger(__name__)

AT_ONCE = 4
OF_ONE_USER = 2


turns = Turns(AT_ONCE, OF_ONE_USER, ROOM)


def refuse_faulty(of: OfTraining | OfContents, user: int, patience: Patience) -> bool:
    """Raise SourceError for what is wrong with the data. False: that could not be told in time."""
    began = time.monotonic()
    with turns.turn(user, patience.seconds) as mine:
        waited = time.monotonic() - began
        if not mine or waited >= patience.seconds:
            logger.info("data were not looked at: too many inspections are under way")
            return False
        left = Patience(patience.cpu_seconds, patience.seconds - waited, patience.busy_seconds - waited)
        answer = process_for(tuple(settings.LIVETRAIN_MODELS)).ask(of, left)
    if isinstance(answer, Refused):
        if answer.questions:
            raise Unanswered(answer.questions)
        raise SourceError(answer.field, answer.message, answer.possible)
    if isinstance(answer, Undecided):
        level = logging.INFO if answer.why == TOO_LONG else logging.WARNING
        logger.log(level, "data were not looked at to the end: %s", answer.why)
    return not isinstance(answer, Undecided)


@functools.cache
def process_for(networks: tuple[str, ...]) -> InspectionProcess:
    """Return this server process's one inspection process, which knows these networks of a team."""
    return InspectionProcess(networks)


def warm_up() -> None:
    """Start the inspection process, so that the first request does not wait for it."""
    try:
        process_for(tuple(settings.LIVETRAIN_MODELS)).start()
    except OSError:
        logger.exception("the process that looks at data could not be started; it is tried again when it is needed")
