"""Render JSON as all of Livetrain does: NaN and infinity as null, text that is JSON already embedded as it is."""

from __future__ import annotations

from typing import Any

import msgspec
from rest_framework import renderers


class JSONRenderer(renderers.BaseRenderer):
    """A renderer of dicts, lists, numbers, strings and `msgspec.Raw`."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, *_context: Any) -> bytes:
        """Encode the data; `str` converts DRF's lazy and error strings."""
        return b"" if data is None else msgspec.json.encode(data, enc_hook=str)
