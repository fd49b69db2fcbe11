"""Turns the body of a request into queued runs, and whatever is wrong with it into an answer in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from django.contrib.auth.models import User
from django.urls import reverse
from pydantic import ValidationError
from rest_framework.request import Request

from accounts.request_user import logged_in
from experiments.api.validation_messages import refusal
from experiments.launch import KeyReused, launch
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reading import Unanswered
from experiments.training.contract.source_errors import SourceError
from runs.errors import MOST_ERRORS, Conflict, FieldError, InvalidRequest
from runs.models import Run
from runs.projects import project_choice

MAX_KEY_LENGTH = 200
STAFF_ALONE = "Only staff may ask for more than 0; use 0 or less, or leave it out."


def submit(request: Request, body: Any, *, origin: Run | None = None) -> list[Run]:
    """Queue the training that `body` asks for, in the name of the requesting user; `origin` is the run it copies.

    Raises InvalidRequest that names every wrong field with its cure, and Conflict; nothing is queued then.
    """
    return queue(body, logged_in(request), key=key_of(request), origin=origin)


def queue(
    body: Any, owner: User, *, key: str | None = None, origin: Run | None = None, in_its_place: bool = False
) -> list[Run]:
    """Queue a training without a request; `in_its_place`: a failed or cancelled fold's place in the group is taken.

    A copy belongs to the project of its origin, unless another one is asked for.
    """
    with in_words():
        config = TrainingConfig.model_validate(body)
        if config.priority > 0 and not owner.is_staff:
            raise InvalidRequest([{"field": "priority", "message": STAFF_ALONE}])
        asked = config.project if config.project is not None or origin is None else origin.project_id
        project = project_choice.to_train_in(owner, asked)
        return launch(
            config, owner, project_id=project.pk, idempotency_key=key, origin=origin, in_its_place=in_its_place
        )


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what may be wrong with a request into the errors of its answer."""
    try:
        yield
    except ValidationError as error:
        raise refusal(error) from error
    except Unanswered as error:
        raise unanswered(error) from error
    except SourceError as error:
        cures = {"possible": {error.field: error.possible}} if error.possible else None
        raise InvalidRequest([{"field": error.field, "message": error.message}], cures=cures) from error
    except KeyReused as error:
        raise Conflict(str(error)) from error


def unanswered(error: Unanswered) -> InvalidRequest:
    """Return the error of a request that leaves questions open: each with its field, and the first with their choices.

    Their texts are of the data, and so may be their number.
    """
    errors: list[FieldError] = [{"field": found.field, "message": found.text} for found in error.questions]
    return InvalidRequest(errors, cures={"questions": msgspec.to_builtins(error.questions[:MOST_ERRORS])})


def key_of(request: Request) -> str | None:
    """Return the request's idempotency key; raises InvalidRequest for one that is too long."""
    key = request.headers.get("Idempotency-Key") or None
    if key and len(key) > MAX_KEY_LENGTH:
        message = f"Use at most {MAX_KEY_LENGTH} characters."
        raise InvalidRequest([{"field": "Idempotency-Key", "message": message}], place="header")
    return key


def accepted(runs: list[Run], request: Request) -> dict[str, Any]:
    """Return the answer to a training request; `run_id` and `status` are those of the first run."""
    first = runs[0]
    return {
        "run_id": first.pk,
        "status": first.status,
        "run_ids": [run.pk for run in runs],
        "group_id": first.group_id,
        "links": _run_links(first.pk, request) | (_group_links(first.group_id, request) if first.group_id else {}),
    }


def _run_links(run_id: int, request: Request) -> dict[str, str]:
    scheme = "wss" if request.is_secure() else "ws"
    return {
        "run": request.build_absolute_uri(reverse("run-detail", args=[run_id])),
        "events": f"{scheme}://{request.get_host()}/ws/runs/{run_id}/",
        "page": request.build_absolute_uri(reverse("run-page", args=[run_id])),
    }


def _group_links(group_id: int, request: Request) -> dict[str, str]:
    return {
        "group": request.build_absolute_uri(reverse("group-detail", args=[group_id])),
        "group_page": request.build_absolute_uri(reverse("group-page", args=[group_id])),
    }
