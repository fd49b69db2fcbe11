"""What a request wants predicted, checked as far as that is possible without opening a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile as DjangoFile
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from experiments.training.prediction.serving.messages import (
    PredictImages,
    PredictRows,
    PredictTable,
    UploadedFile,
)
from runs.api.bodies import body_of
from runs.errors import InvalidRequest
from runs.listing.filters import Parameters

FILES, ROWS, SOURCE = "files", "rows", "source_path"
LONGEST_NAME = 255
QUEUE_IT = "For more, make them a data set and give its name as source_path: that is queued."
JSON_BYTES = 4 * 2**20  # which take many times as much when they are read
LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**64 - 1  # that the message to the process can carry
Direct: TypeAlias = PredictImages | PredictRows | PredictTable


class TooLong(APIException):
    """413: more rows as JSON than are read at once."""

    status_code = 413


class UploadParser(MultiPartParser):
    """A parser of forms with files; too many of them, and names that are no text, are errors that name the cure."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """Parse the body; raises InvalidRequest."""
        try:
            found: Any = super().parse(*args, **kwargs)
            names = [*found.data, *found.files, *(one.name or "" for _, many in found.files.lists() for one in many)]
            "".join(names).encode()
        except (LookupError, UnicodeEncodeError) as error:  # `filename*` names an encoding, which may be any
            raise invalid(FILES, "The name of a file or field is no text; write names in UTF-8.") from error
        except TooManyFilesSent as error:
            raise too_many_files() from error
        except (TooManyFieldsSent, RequestDataTooBig) as error:
            raise invalid(FILES, f"Send files alone, each in a field {FILES!r}.") from error
        return found


class PredictionBody(Parameters):
    """Rows to predict at once, or data to predict in the queue."""

    rows = serializers.ListField(
        child=serializers.DictField(help_text="Values by the names of their columns."),
        required=False,
        help_text="Rows to predict at once, each with values by the names of its columns.",
    )
    source_path = serializers.CharField(
        max_length=4096,
        required=False,
        trim_whitespace=False,
        help_text="dataset:NAME, or a path in a data root: predicted by a worker.",
    )


def is_form(request: Request) -> bool:
    """Tell whether the body is a form with files."""
    return (request.content_type or "").lower().startswith("multipart/")


def require_short(request: Request, cure: str) -> None:
    """Raise TooLong for a body that is too long to be read as JSON; the cure ends the sentence."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > JSON_BYTES:
        raise TooLong(f"Rows may have {JSON_BYTES:,} bytes as JSON; {cure}")


def uploaded(request: Request, kind: str) -> Direct:
    """Return what the files of the form ask for; raises InvalidRequest."""
    unknown = sorted({*dict(request.data)} - {FILES})
    if unknown:
        raise invalid(unknown[0], f"There is no such field; send each file in a field {FILES!r}.")
    found: list[DjangoFile[Any]] = request.FILES.getlist(FILES)
    if not found:
        raise invalid(FILES, f"Send at least one file in a field {FILES!r}.")
    if len(found) > settings.PREDICT_FILES:
        raise too_many_files()
    if kind == "table" and len(found) > 1:
        raise invalid(FILES, "This run was trained on a table: send one table at a time.")
    files = [carried_file(file) for file in found]
    if kind == "table":
        return PredictTable(file=files[0], most=settings.PREDICT_ROWS)
    return PredictImages(files=files)


def asked_for(request: Request) -> Mapping[str, Any]:
    """Return the fields of a JSON body, of which there is exactly one; raises InvalidRequest."""
    asked = body_of(request, PredictionBody)
    if len(asked) != 1:
        raise invalid(ROWS if asked else "", f"Give either {ROWS} or {SOURCE}, or send files as multipart/form-data.")
    return asked


def rows_of(rows: list[dict[str, Any]], kind: str) -> PredictRows:
    """Return the question about these rows; raises InvalidRequest."""
    if kind != "table":
        raise invalid(ROWS, f"This run was trained on images: send files in a field {FILES!r}, as multipart/form-data.")
    if not rows:
        raise invalid(ROWS, "Give one row at least.")
    if len(rows) > settings.PREDICT_ROWS:
        raise invalid(
            ROWS,
            f"{len(rows):,} rows; at once {settings.PREDICT_ROWS:,} are predicted (LIVETRAIN_PREDICT_ROWS). {QUEUE_IT}",
        )
    for number, row in enumerate(rows):
        if wrong := wrong_cell(row):
            column, cure = wrong
            path, message = (ROWS, number, column), f"Row {number + 1}: write {cure}."
            raise InvalidRequest([{"field": f"{ROWS}.{number}.{column}", "message": message, "path": path}])
    return PredictRows(rows=[carried(row) for row in rows])


def carried_file(file: DjangoFile[Any]) -> UploadedFile:
    """Return the file with its content, and the end of a name that is too long."""
    return UploadedFile(name=(file.name or "")[-LONGEST_NAME:], content=file.read())


def wrong_cell(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the first column whose value no cell can hold, and what to write instead; None where there is none."""
    for column, value in row.items():
        if not isinstance(value, str | int | float | bool | None):
            return column, f"a number, a text or null, not a {type(value).__name__}"
    return None


def carried(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with whole numbers that no message can carry written out, as they are read from a text."""
    return {
        column: str(value) if isinstance(value, int) and not LEAST_INTEGER <= value <= MOST_INTEGER else value
        for column, value in row.items()
    }


def too_many_files() -> InvalidRequest:
    """Return the refusal of more files than are predicted at once."""
    return invalid(
        FILES,
        f"At once at most {settings.PREDICT_FILES} files are predicted (LIVETRAIN_PREDICT_FILES). {QUEUE_IT}",
    )


def invalid(field: str, message: str) -> InvalidRequest:
    """Return a refusal that names one field."""
    return InvalidRequest([{"field": field, "message": message}])
