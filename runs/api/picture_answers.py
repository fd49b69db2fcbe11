"""Answer with a picture that lies in a file."""

from __future__ import annotations

from typing import BinaryIO

from django.http import FileResponse, HttpResponseBase
from rest_framework.request import Request

from runs.api.entity_tags import entity_tag, not_modified, tagged
from runs.files.local_files import file_version


def picture_answer(request: Request, content: BinaryIO, cache_control: str) -> HttpResponseBase:
    """Stream an open PNG and close it; 304 where the client has it."""
    tag = entity_tag(request, file_version(content))
    if known := not_modified(request, tag, cache_control):
        content.close()
        return known
    response = FileResponse(content, content_type="image/png", headers={"X-Content-Type-Options": "nosniff"})
    return tagged(response, tag, cache_control)
