"""GET and POST /api/runs/<id>/operating-point/: the operating point that is saved with a run, and all that were."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments.api import operations
from experiments.api.run_actions import RunAction
from realtime.hubs import broadcast
from runs import queries
from runs.api.views import StoreUnavailable
from runs.derived_models import SavedPoint
from runs.errors import Conflict
from runs.failures.storage_errors import without_folders
from runs.files import decided_files
from runs.files.store import StoreError
from runs.listing.filters import Parameters
from runs.models import Run
from runs.operating_points.point_views import (
    HIGHEST_RATIO,
    LEAST_RATIO,
    LEAST_SHARE,
    RATIO_CURE,
    SHARE_CURE,
    number_of,
)
from runs.saved_points import point_history
from runs.saved_points.obstacles import obstacle
from runs.saved_points.saved_point_json import current_point, decisions, described
from runs.statistics.operating_points.rules import COST, HAND, SAVED, SENSITIVITY, SPECIFICITY

logger = logging.getLogger(__name__)

LONGEST_REASON = 1000
REASON_CURE = "Write why: those who use the threshold read it."
THRESHOLD_CURE = "Write a score from 0 to 1, such as 0.35."
NUMBERS = {SENSITIVITY: "at_least", SPECIFICITY: "at_least", COST: "cost_ratio", HAND: "threshold"}
"""The field that a rule needs; the others need none."""
CURES = {"at_least": SHARE_CURE, "cost_ratio": RATIO_CURE, "threshold": THRESHOLD_CURE}
RESUMED = "Run {} was resumed meanwhile: save the point when it has ended."


class Number(serializers.FloatField):
    """A number; true is none, though Python counts with it."""

    def to_internal_value(self, data: Any) -> Any:
        """Parse the number; raises ValidationError for anything else."""
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


def _bounds(least: float, most: float, cure: str) -> dict[str, Any]:
    messages = dict.fromkeys(("min_value", "max_value", "invalid"), cure)
    return {"min_value": least, "max_value": most, "required": False, "error_messages": messages}


def require_number(asked: Mapping[str, Any], numbers: Iterable[str]) -> None:
    """Require of these fields that of the rule that is asked for, and no other; raises ValidationError."""
    rule = asked["rule"]
    for name in numbers:
        if name == NUMBERS.get(rule):
            if name not in asked:
                raise serializers.ValidationError({name: f"The rule {rule} needs it. {CURES[name]}"})
            number_of(asked[name], CURES[name])
        elif name in asked:
            raise serializers.ValidationError({name: f"The rule {rule} has none; leave it out."})


class ReasonOptions(Parameters):
    """Why it is decided so."""

    reason = serializers.CharField(
        max_length=LONGEST_REASON,
        error_messages={"required": REASON_CURE, "blank": REASON_CURE, "null": REASON_CURE},
        help_text="Why; those who use the threshold read it.",
    )


class PointOptions(ReasonOptions):
    """The rule by which the point is chosen, with the number that it needs, and why."""

    rule = serializers.ChoiceField(SAVED, help_text="How the point is chosen on validation, or by hand.")
    at_least = Number(
        **_bounds(LEAST_SHARE, 1, SHARE_CURE),
        help_text="The least sensitivity or specificity, for the rules of that name.",
    )
    cost_ratio = Number(
        **_bounds(LEAST_RATIO, HIGHEST_RATIO, RATIO_CURE),
        help_text="What a missed positive costs in false alarms, for the rule cost.",
    )
    threshold = Number(**_bounds(0, 1, THRESHOLD_CURE), help_text="The score, for the rule hand.")

    def validate(self, attrs: Any) -> Any:
        """Require the number of the rule, and no other."""
        require_number(attrs, CURES)
        return attrs


class SavedOperatingPoint(RunAction):
    """The endpoint that tells which operating point a run has, and saves another."""

    body = PointOptions

    def get(self, request: Request, run_id: int) -> Response:
        """Return the point that holds, all that were decided, and why none can be saved, if that is so."""
        run = self.found(request, run_id)
        told = {"run_id": run.pk, "status": run.status, "obstacle": obstacle(run, queries.final_results(run.pk))}
        return Response(told | {"operating_point": current_point(run), "history": decisions(run)})

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        """Choose the point, save it, and return it (201)."""
        operations.require_right(run, user)
        rule, number = self.asked["rule"], self.asked.get(NUMBERS.get(self.asked["rule"], ""))
        decision = _decided(run, rule, number)
        try:
            saved = point_history.save(run, user.get_username(), self.asked["reason"], decision)
        except point_history.Changed as error:
            raise Conflict(RESUMED.format(run.pk)) from error
        return Response(_told(run, saved), status=201)


class WithdrawOperatingPoint(RunAction):
    """The endpoint that takes the saved operating point back, so that the run's own threshold holds again."""

    body = ReasonOptions

    def act(self, run: Run, user: User, request: Request) -> Response:  # noqa: ARG002
        """Withdraw the point, and return what holds now."""
        operations.require_right(run, user)
        try:
            withdrawn = point_history.withdraw(run, user.get_username(), self.asked["reason"])
        except point_history.NothingSaved as error:
            raise Conflict(f"Run {run.pk} has no saved operating point; its own threshold holds.") from error
        except point_history.Changed as error:
            raise Conflict(RESUMED.format(run.pk)) from error
        return Response(_told(run, withdrawn))


def _decided(run: Run, rule: str, number: float | None) -> point_history.Decision:
    """Choose the point. Raises Conflict with what is in the way, and 503 when the object store fails."""
    from runs.operating_points.point_decision import Impossible, decide  # noqa: PLC0415

    results = queries.final_results(run.pk)
    if problem := obstacle(run, results):
        raise Conflict(problem)
    own = next(result.threshold for result in results if result.split == "val")
    try:
        return decide(run, rule, number, own)
    except Impossible as error:
        raise Conflict(str(error)) from error
    except StoreError as error:
        raise StoreUnavailable(str(error)) from error


def _told(run: Run, point: SavedPoint) -> dict[str, Any]:
    """Log the decision, write the files, announce it, and build the answer; `problem` is of the files."""
    logger.info(
        "run %s: operating point %s by %s: %s",
        run.pk,
        f"saved ({point.rule}, threshold {point.threshold:.6g})" if point.rule else "withdrawn",
        point.by,
        " ".join(point.reason.split()),
        extra={"run_id": run.pk},
    )
    problem = _publish(run, "saved" if point.rule else "withdrawn")
    broadcast.hint(run.pk)
    return {"run_id": run.pk, "operating_point": described(point, run) if point.rule else None, "problem": problem}


def _publish(run: Run, done: str) -> str | None:
    """Write the files that say where the run decides; return what went wrong with them, and the cure."""
    problems = decided_files.publish(run)
    for name, error in problems.items():
        logger.error("run %s: %s not written", run.pk, name, exc_info=error, extra={"run_id": run.pk})
    if not problems:
        return None
    which = f"file {next(iter(problems))}" if len(problems) == 1 else f"files {', '.join(problems)}"
    first = next(iter(problems.values()))
    why = without_folders(first) if isinstance(first, OSError) else str(first)
    return (
        f"It is {done}, but the {which} could not be written ({why}). When that is mended, "
        f"`manage.py export {run.pk}` writes {'it' if len(problems) == 1 else 'them'}."
    )
