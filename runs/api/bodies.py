"""The fields of a request's body: unknown ones are errors that name the known ones, as everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request

from runs.errors import InvalidRequest
from runs.listing.filters import Parameters


def body_of(request: Request, fields: type[Parameters] = Parameters) -> dict[str, Any]:
    """Return the validated body, by default one without fields; raises ValidationError and InvalidRequest (400)."""
    if not isinstance(request.data, Mapping):
        raise InvalidRequest([{"field": "(body)", "message": "Must be a JSON object."}])
    serializer = fields(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
