"""The parameters of requests about data sets. Unknown fields are errors, as everywhere."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request

from runs.errors import InvalidRequest
from runs.listing.filters import Listed, Parameters
from runs.projects.project_field import ProjectField

LARGEST = 2**63 - 1


class RegistrationBody(Parameters):
    """`path` is absolute, or relative to a data root; `name` is made from it unless given."""

    path = serializers.CharField(max_length=4096, help_text="Absolute, or relative to a data root.")
    name = serializers.CharField(max_length=200, required=False, help_text="By default made from the path.")
    project = ProjectField(required=False, allow_null=True, help_text="By name or number.")


class UploadBody(Parameters):
    """`filename` shows the kind of file by its extension; `size` is in bytes; `name` is made from it unless given."""

    filename = serializers.CharField(max_length=255, help_text="Its extension shows the kind of file.")
    size = serializers.IntegerField(min_value=1, max_value=LARGEST, help_text="In bytes.")
    name = serializers.CharField(max_length=200, required=False, help_text="By default made from the file's name.")
    project = ProjectField(required=False, allow_null=True, help_text="By name or number.")
    sha256 = serializers.RegexField(
        r"^[0-9a-f]{64}$",
        default="",
        error_messages={"invalid": "Must be 64 digits 0-9a-f."},
        help_text="The file's digest, which is then compared.",
    )


class ListParameters(Parameters):
    """`after` is the name that the page follows; `project` keeps the data sets of those, by name or number."""

    after = serializers.CharField(max_length=200, default="", help_text="The name that the page follows.")
    page_size = serializers.IntegerField(min_value=1, max_value=200, default=50, help_text="Data sets on a page.")
    project = Listed(help_text="Any of these projects, by name or number.")


class DeleteParameters(Parameters):
    """`force` deletes a data set although unfinished runs use it; they will fail."""

    force = serializers.BooleanField(default=False, help_text="Also while unfinished runs use it; they will fail.")


def offset_of(request: Request) -> int:
    """Return the value of the header `Upload-Offset` in bytes; raises InvalidRequest."""
    raw = request.headers.get("Upload-Offset", "")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 19):
        message = "Send the number of bytes that the upload has already; GET the upload to learn it."
        raise InvalidRequest([{"field": "Upload-Offset", "message": message}], place="header")
    return int(raw)
