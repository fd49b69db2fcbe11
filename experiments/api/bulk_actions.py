"""POST /api/runs/bulk/ and /api/runs/tags/: the same action on many runs, with an answer for each of them.

Each run is treated alone: one that refuses stops no other, and its reason stands beside its number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.models import User
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from experiments.api import operations
from realtime.hubs import broadcast
from runs import queries
from runs.api.bodies import body_of
from runs.listing.filters import Parameters
from runs.models import Run
from runs.tagging import tags
from runs.tagging.tag_names import MAX_TAGS, normalised

MOST_RUNS = 500
NEITHER = "Give at least one tag."
Act = Callable[[Run, User, Mapping[str, Any]], str]


class ShortList(serializers.ListField):
    """A list whose length is checked before its items: thousands of wrong ones cost no thousand messages."""

    most = MOST_RUNS

    def run_child_validation(self, data: Any) -> Any:
        """Refuse a list that is too long before any item is validated."""
        if len(data) > self.most:
            self.fail("max_length", max_length=self.max_length)
        return super().run_child_validation(data)


class TagList(ShortList):
    """Tags in their one spelling."""

    most = 5 * MAX_TAGS  # the same ones may be there several times
    child = serializers.CharField(max_length=200, trim_whitespace=False)

    def to_internal_value(self, data: Any) -> Any:
        """Normalise the tags; a wrong one is a validation error."""
        try:
            return normalised(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class Runs(Parameters):
    """The numbers of the runs to act on, each of which counts once."""

    runs = ShortList(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=MOST_RUNS,
        help_text="Numbers of the runs; each counts once.",
    )


class TagOptions(Runs):
    """The tags to add to and to remove from the runs."""

    add = TagList(default=list, max_length=MAX_TAGS, help_text="Tags to add.")
    remove = TagList(default=list, max_length=MAX_TAGS, help_text="Tags to remove.")

    def validate(self, attrs: Any) -> Any:
        """Require at least one tag, and none that is to be both added and removed."""
        if not (attrs["add"] or attrs["remove"]):
            raise serializers.ValidationError({"add": NEITHER})
        if both := sorted(set(attrs["add"]) & set(attrs["remove"])):
            raise serializers.ValidationError({"remove": f"{both[0]!r} is in add too; leave it out of one of them."})
        return attrs


class Tags(APIView):
    """The endpoint that adds and removes tags of up to 500 runs."""

    def post(self, request: Request) -> Response:
        """Change the tags of each run, and answer what became of each."""
        options = body_of(request, TagOptions)
        return Response(_each(request, _retag, options))


class Bulk(APIView):
    """The endpoint that applies one action to up to 500 runs."""

    def post(self, request: Request) -> Response:
        """Apply the action to each run, and answer what became of each."""
        asked = body_of(request, BulkOptions)
        return Response({"action": asked["action"], **_each(request, ACTIONS[asked["action"]], asked)})


def _each(request: Request, act: Act, asked: Mapping[str, Any]) -> dict[str, Any]:
    user: Any = request.user  # logged in
    numbers = list(dict.fromkeys(asked["runs"]))
    known = queries.readable_runs(user).select_related("owner").in_bulk(numbers)
    results = [_one(number, known.get(number), user, act, asked) for number in numbers]
    return {"done": sum(result["ok"] for result in results), "results": results}


def _one(number: int, run: Run | None, user: User, act: Act, asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if run is None or (run.deleted_at and not queries.may_change(user, run)):
            raise Run.DoesNotExist
        operations.require_right(run, user)
        if act is not _restore:
            operations.require_not_deleted(run)
        detail = act(run, user, asked)
    except APIException as refused:
        return {"id": number, "ok": False, "detail": str(refused.detail)}
    except tags.TooManyTags as refused:
        return {"id": number, "ok": False, "detail": str(refused)}
    except Run.DoesNotExist:
        return {"id": number, "ok": False, "detail": f"Run {number} does not exist."}
    return {"id": number, "ok": True, "detail": detail}


def _cancel(run: Run, user: User, _asked: Mapping[str, Any]) -> str:
    operations.cancel(run, user)
    return _status_of(run)


def _kill(run: Run, user: User, _asked: Mapping[str, Any]) -> str:
    operations.kill(run, user)
    return _status_of(run)


def _status_of(run: Run) -> str:
    return f"Run {run.pk} is {run.get_status_display().lower()}."


def _delete(run: Run, user: User, _asked: Mapping[str, Any]) -> str:
    if operations.delete(run, user):
        return f"Run {run.pk} is deleted, and cancelled: it was queued, and will be cancelled when it is restored."
    return f"Run {run.pk} is deleted; it can be restored until it is permanently removed."


def _restore(run: Run, user: User, _asked: Mapping[str, Any]) -> str:
    return operations.restore(run, user).detail


def _retag(run: Run, _user: User, asked: Mapping[str, Any]) -> str:
    names = tags.change(run.pk, asked["add"], asked["remove"])
    broadcast.hint(run.pk)
    return f"Tags: {', '.join(names) or 'none'}."


def _tag(run: Run, user: User, asked: Mapping[str, Any]) -> str:
    return _retag(run, user, {"add": asked["tags"], "remove": ()})


def _untag(run: Run, user: User, asked: Mapping[str, Any]) -> str:
    return _retag(run, user, {"add": (), "remove": asked["tags"]})


ACTIONS: dict[str, Act] = {
    "cancel": _cancel,
    "kill": _kill,
    "delete": _delete,
    "restore": _restore,
    "tag": _tag,
    "untag": _untag,
}


class BulkOptions(Runs):
    """The action to apply to the runs, with the tags where it needs them."""

    action = serializers.ChoiceField(tuple(ACTIONS), help_text="What to do with each run.")
    tags = TagList(default=list, max_length=MAX_TAGS, help_text="Those to add or remove, for tag and untag.")

    def validate(self, attrs: Any) -> Any:
        """Require tags for the actions that change them."""
        if attrs["action"] in ("tag", "untag") and not attrs["tags"]:
            raise serializers.ValidationError({"tags": NEITHER})
        return attrs
