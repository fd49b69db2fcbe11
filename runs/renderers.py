"""JSON as all of Livetrain writes it: NaN and infinity are null, text that is JSON already is embedded as it is."""

from __future__ import annotations

from typing import Any

import msgspec
from rest_framework import renderers


class JSONRenderer(renderers.BaseRenderer):
    """Dicts, lists, numbers, strings and `msgspec.Raw`."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, *_context: Any) -> bytes:
        """`str` stands in for DRF's lazy and error strings."""
        return b"" if data is None else msgspec.json.encode(data, enc_hook=str)
