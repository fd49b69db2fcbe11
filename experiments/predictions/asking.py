"""Ask the process that keeps a run's model for this user; whatever is in the way becomes an answer of the API."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from django.contrib.auth.models import AnonymousUser, User
from rest_framework.exceptions import APIException

from experiments.model_files.requests import newest_onnx_file
from experiments.predictions.pool import process_pool
from experiments.predictions.process_pool import Busy, Kept, NotLoaded
from experiments.processes.prediction_process import Died, Patience
from experiments.training.model_source import ModelSource
from experiments.training.prediction.serving.messages import Explained, Predicted, Question, Ranked, Refused
from runs.api.heavy_requests import WAIT_SECONDS
from runs.errors import Conflict, InvalidRequest
from runs.models import Run

Found = TypeVar("Found", Predicted, Explained, Ranked)
PATIENCE = Patience(cpu_seconds=60.0, seconds=90.0)
"""Of one request: the files that it may have take a small part of that."""
ANOTHER_ANSWER = "The process that predicts gave the answer to another question."


class Unavailable(APIException):
    """503: no process predicts at the moment, or it has ended over this request; the sentence says how."""

    status_code = 503
    default_code = "unavailable"

    def __init__(self, detail: str, wait: float | None = None) -> None:
        self.wait = wait  # what becomes `Retry-After`
        super().__init__(detail)


def answer_of(
    run: Run, user: User | AnonymousUser, source: ModelSource, question: Question, kind: type[Found]
) -> Found:
    """Have the run's process answer, by this kind of answer. Raises InvalidRequest, Conflict and Unavailable."""
    kept = Kept(run.pk, int(user.pk or 0))
    try:
        answer = process_pool().ask(kept, _with_onnx_file(run, source), question, PATIENCE, WAIT_SECONDS)
    except Busy as error:
        text = "All processes that predict are at work (LIVETRAIN_PREDICT_PROCESSES); try again in a moment."
        raise Unavailable(text, wait=5) from error
    except NotLoaded as error:
        raise Conflict(str(error)) from error
    except Died as error:
        text = f"The process that predicts gave no answer: {error}. A file may be damaged, or too large; send fewer."
        raise Unavailable(f"{text} The next request starts another process.") from error
    except OSError as error:
        raise Unavailable(f"No process that predicts could be started: {error.strerror}.") from error
    if isinstance(answer, Refused):
        raise InvalidRequest([{"field": answer.field, "message": answer.message}])
    if not isinstance(answer, kind):
        raise Unavailable(ANOTHER_ANSWER)
    return answer


def _with_onnx_file(run: Run, source: ModelSource) -> ModelSource:
    """Name the model file by which the process answers several times sooner, where the run has one."""
    found = newest_onnx_file(run) if source.kind == "image" else None
    return source if found is None else msgspec.structs.replace(source, onnx_file=str(found))
