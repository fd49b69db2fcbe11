"""Parse the JSON of all requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser

from runs.api import strict_json
from runs.errors import BODY, FieldError, MalformedBody

UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
"""The accepted names; US-ASCII is the part of UTF-8 that old programs send."""


class JSONParser(BaseParser):
    """A parser of UTF-8 JSON; 400 with the cure for anything else, and for what cannot be stored."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002  (DRF's name)
    ) -> Any:
        """Decode the body; raises MalformedBody with the field, where it is known."""
        try:
            _require_utf_8(media_type or "")
            return strict_json.decode(stream.read())
        except strict_json.NotJSON as error:
            fault: FieldError = {"field": error.field or BODY, "message": error.message, "path": error.path}
            raise MalformedBody([fault]) from error


def _require_utf_8(media_type: str) -> None:
    charset = parse_header_parameters(media_type)[1].get("charset", "utf-8")
    if charset.strip("\"' ").lower() not in UTF_8:
        raise strict_json.NotJSON(
            f"JSON is read as UTF-8, not as {charset[:40]!r}; encode it so, or leave charset out."
        )
