"""What a request wants explained, checked as far as that is possible without opening a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rest_framework import serializers
from rest_framework.request import Request

from experiments.explanations.stored_questions import StoredSample
from experiments.predictions.request_inputs import carried, carried_file, invalid, is_form, require_short, wrong_cell
from experiments.training.prediction.serving.messages import UploadedFile
from runs.api.bodies import body_of
from runs.listing.filters import Parameters

FILE, ROW, CLASS = "file", "row", "class"
ONE_OF = (
    "Give one of these: an image in a form's field 'file'; 'row'; or 'split' with 'sample_id' or 'place', for a "
    "sample that the run predicted."
)


class ExplanationBody(Parameters):
    """A row, or a sample that the run predicted, and for which class."""

    row = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        required=False,
        help_text="A row's values by the names of its columns.",
    )
    split = serializers.ChoiceField(["test", "val"], required=False, help_text="The split of a sample of the run.")
    sample_id = serializers.CharField(
        max_length=4096, required=False, trim_whitespace=False, help_text="The sample's id in the run's predictions."
    )
    place = serializers.IntegerField(
        min_value=0, required=False, help_text="In place of the id: the sample's row among the split's predictions."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add the class, whose name Python keeps for itself."""
        named = serializers.CharField(
            max_length=1024,
            required=False,
            trim_whitespace=False,
            help_text="For which class's score; by default the one that is predicted.",
        )
        return {**super().get_fields(), CLASS: named}


class Wanted(NamedTuple):
    """What to explain: one of the three is not None. `named` is the class, None for the predicted one."""

    file: UploadedFile | None
    row: dict[str, Any] | None
    sample: StoredSample | None
    named: str | None


def wanted(request: Request) -> Wanted:
    """Return what the body asks for; raises InvalidRequest, ValidationError and TooLong."""
    return _of_form(request) if is_form(request) else _of_json(request)


def label_of(named: str | None, classes: Sequence[str]) -> int | None:
    """Return the class's number; raises InvalidRequest for a name that the run does not have."""
    if named is None:
        return None
    if named not in classes:
        raise invalid(CLASS, f"The run has no class {named!r}; it has {', '.join(map(repr, classes[:20]))}.")
    return list(classes).index(named)


def _of_form(request: Request) -> Wanted:
    data: Mapping[str, Any] = request.data  # type: ignore[assignment]  # of a form
    if unknown := sorted({*data} - {FILE, CLASS}):
        raise invalid(unknown[0], f"There is no such field; send the image in a field {FILE!r}.")
    found = request.FILES.getlist(FILE)
    if len(found) != 1:
        raise invalid(FILE, "Send one image: each is explained by itself.")
    [file] = found
    named = data.get(CLASS)
    return Wanted(carried_file(file), None, None, named)


def _of_json(request: Request) -> Wanted:
    require_short(request, "one row is explained at a time.")
    asked = body_of(request, ExplanationBody)
    named = asked.get(CLASS)
    of_sample = [name for name in ("split", "sample_id", "place") if name in asked]
    if ROW in asked:
        if of_sample:
            raise invalid(of_sample[0], f"Leave it out, or the row. {ONE_OF}")
        return Wanted(None, _plain(asked[ROW]), None, named)
    if not of_sample:
        raise invalid(ROW, ONE_OF)
    if "split" not in asked:
        raise invalid("split", "Give the split of the sample: test or val.")
    if ("sample_id" in asked) == ("place" in asked):
        raise invalid("sample_id", "Give either the sample's id or its place.")
    return Wanted(None, None, StoredSample(asked["split"], asked.get("place"), asked.get("sample_id")), named)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    if wrong := wrong_cell(row):
        column, cure = wrong
        raise invalid(f"{ROW}.{column}", f"Write {cure}.")
    return carried(row)
