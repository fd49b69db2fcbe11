"""GET and PATCH /api/runs/<id>/: everything known of a run, its name, and what people note about it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from experiments.api import operations
from runs.api.bodies import body_of
from runs.api.views import RunDetail, one_of
from runs.describing.description_rules import normalised_description, normalised_name
from runs.listing.filters import Parameters

NEITHER = "Give experiment_name, description, or both."


class Changes(Parameters):
    """What to change, and the revision that it was read with."""

    experiment_name = serializers.CharField(
        required=False, allow_blank=True, help_text="The new name, at most 200 characters."
    )
    description = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="What the run is about, plain text, at most 4,000 characters; blank takes it away.",
    )
    revision = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="The revision that the run was read with."
    )

    def to_internal_value(self, data: Any) -> Any:
        """Parse the fields; a blank text is a text here, with which a description is taken away."""
        return super().to_internal_value({name: " " if value == "" else value for name, value in data.items()})

    def validate_experiment_name(self, value: str) -> str:
        """Normalise the name; a wrong one is a validation error."""
        return _checked(normalised_name, value)

    def validate_description(self, value: str) -> str:
        """Normalise the description; a wrong one is a validation error."""
        return _checked(normalised_description, value)

    def validate(self, attrs: Any) -> Any:
        """Require at least one change."""
        if not attrs.keys() & {"experiment_name", "description"}:
            raise serializers.ValidationError({"experiment_name": NEITHER})
        return attrs


def _checked(normalise: Any, value: str) -> str:
    try:
        found: str = normalise(value)
    except ValueError as error:
        raise serializers.ValidationError(str(error)) from error
    return found


class DescribedRun(RunDetail):
    """The endpoint of one run: its owner and staff rename it, and change its description."""

    http_method_names = ["get", "head", "options", "patch"]

    def patch(self, request: Request, run_id: int) -> Response:
        """Change the run, and return it; 409 where it has another revision than the one that was sent."""
        run = one_of(self.visible().select_related("owner"), run_id)
        changes = body_of(request, Changes)
        if "experiment_name" in changes:
            changes["name"] = changes.pop("experiment_name")
        operations.describe(run, request.user, **changes)  # type: ignore[arg-type]  # logged in
        return self.detail(run_id)
