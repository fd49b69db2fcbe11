"""Answer with a file that a browser saves."""

from __future__ import annotations

from django.http import StreamingHttpResponse

from runs.api.csv_download import attachment_headers
from runs.files.local_files import Content, media_type


def attachment(content: Content, name: str) -> StreamingHttpResponse:
    """Stream an open file, to be saved under that name, whose ending tells its media type."""
    headers = attachment_headers(name) | {"Content-Length": str(content.size)}
    return StreamingHttpResponse(content, content_type=media_type(name), headers=headers)
