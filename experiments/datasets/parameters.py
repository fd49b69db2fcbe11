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

    path = serializers.CharField(max_length=4096)
    name = serializers.CharField(max_length=200, required=False)
    project = ProjectField(required=False, allow_null=True)


class UploadBody(Parameters):
    """`filename` shows the kind of file by its extension; `size` is in bytes; `name` is made from it unless given."""

    filename = serializers.CharField(max_length=255)
    size = serializers.IntegerField(min_value=1, max_value=LARGEST)
    name = serializers.CharField(max_length=200, required=False)
    project = ProjectField(required=False, allow_null=True)
    sha256 = serializers.RegexField(
        r"^[0-9a-f]{64}$", default="", error_messages={"invalid": "Must be 64 digits 0-9a-f."}
    )


class ListParameters(Parameters):
    """`after` is the name that the page follows; `project` keeps the data sets of those, by name or number."""

    after = serializers.CharField(max_length=200, default="")
    page_size = serializers.IntegerField(min_value=1, max_value=200, default=50)
    project = Listed()


class DeleteParameters(Parameters):
    """`force` deletes a data set although unfinished runs use it; they will fail."""

    force = serializers.BooleanField(default=False)


def offset_of(request: Request) -> int:
    """Return the value of the header `Upload-Offset` in bytes; raises InvalidRequest."""
    raw = request.headers.get("Upload-Offset", "")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 19):
        message = "Send the number of bytes that the upload has already; GET the upload to learn it."
        raise InvalidRequest([{"field": "Upload-Offset", "message": message}])
    return int(raw)
