"""The documentation of this version, as `make docs` has built it beside the code: `/help/`.

For everybody, like the login page: it says nothing about this server, and who cannot log in may need it.
"""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_safe

START = "index.html"


def _modified(_request: HttpRequest, path: str = START) -> datetime | None:
    """Return when the page was built; None for one that does not exist."""
    file = _file(path)
    return None if file is None else datetime.fromtimestamp(int(file.stat().st_mtime), UTC)


@require_safe
@gzip_page
@condition(last_modified_func=_modified)
def help_page(request: HttpRequest, path: str = START) -> HttpResponse:
    """Answer with a page, or with what it shows and loads; before a build, with the command that makes one."""
    file = _file(path)
    if file is None and _file(START) is None:
        return render(request, "realtime/help_not_built.html")
    if file is None:
        raise Http404
    kind, _ = mimetypes.guess_type(file.name)
    kind = f"{kind}; charset=utf-8" if kind and kind.startswith("text/") else kind or "application/octet-stream"
    response = HttpResponse(file.read_bytes(), content_type=kind)
    response["Cache-Control"] = "no-cache"  # ask every time whether it is still the same
    return response


def _file(path: str) -> Path | None:
    """Return the built file of that path; None for one that does not exist, is hidden, or lies elsewhere."""
    root = Path(settings.HELP_ROOT).resolve()
    try:
        file = (root / path).resolve()
    except (OSError, ValueError):  # a NUL byte, a name that no file system takes
        return None
    inside = file.is_relative_to(root) and not any(part.startswith(".") for part in file.relative_to(root).parts)
    return file if inside and file.is_file() else None
