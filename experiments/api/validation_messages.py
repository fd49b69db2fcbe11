"""Describes validation errors: which field is wrong, and what would be right."""

from __future__ import annotations

import difflib
from itertools import islice
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from experiments.training.contract.config import TrainingConfig
from runs.errors import MOST_ERRORS, FieldError, InvalidRequest

LONGEST_NAME = 100
"""Of a field that may be a known one misspelt."""


Wrong = dict[str, list[tuple[Any, list[str]]]]
"""What pydantic says of each wrong field, with the field's path."""


def refusal(error: ValidationError) -> InvalidRequest:
    """Return the error of a request: the first wrong fields named with their cure, the others counted.

    A request may have any number of them, and each sentence costs time and space.
    """
    wrong = _wrong(error)
    return InvalidRequest(_explained(wrong), more=max(0, len(wrong) - MOST_ERRORS))


def explain(error: ValidationError) -> list[FieldError]:
    """Return one entry per wrong field, of the first `MOST_ERRORS`: its dotted path, and a sentence with the cure."""
    return _explained(_wrong(error))


def _wrong(error: ValidationError) -> Wrong:
    found: Wrong = {}
    for problem in error.errors(include_url=False):
        path = [str(part) for part in problem["loc"] if _is_field(part)]
        found.setdefault(".".join(path) or "(body)", []).append((problem, path))
    return found


def _explained(wrong: Wrong) -> list[FieldError]:
    return [
        FieldError(
            field=field,
            message=" Or: ".join(_message(problem, path) for problem, path in problems),
            path=problems[0][1],
        )
        for field, problems in islice(wrong.items(), MOST_ERRORS)
    ]


def _is_field(part: int | str) -> bool:
    """Return whether a part of a path is a field: pydantic adds the branch of a union, which is no name of ours."""
    branches = ("literal[", "tuple[", "constrained")
    return not (isinstance(part, str) and (part in ("int", "float", "str") or part.startswith(branches)))


def _message(problem: Any, path: list[str]) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind in ("unknown_option", "metric_option"):
        return _sentence(problem["msg"])
    if kind == "missing":
        return "Required; add it to the request."
    if kind == "value_error":
        return _sentence(str(context["error"]))
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return "Must be a JSON object."
    return f"{problem['msg']}; got {_short(problem['input'])}."


def _sentence(text: str) -> str:
    return text if text.endswith("?") else f"{text}."


def _unknown(path: list[str]) -> str:
    known = _fields_of(path[:-1])
    close = difflib.get_close_matches(path[-1][:LONGEST_NAME], known, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else "Remove it, or use one of: " + ", ".join(known) + "."
    return f"Unknown field. {hint}"


def _fields_of(path: list[str]) -> list[str]:
    model: type[BaseModel] = TrainingConfig
    for part in path:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        for kind in (annotation, *get_args(annotation)):  # of a list, what its members are; their places are no fields
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                model = kind
    return list(model.model_fields)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}… ({len(text)} characters)"
