"""Answer with a CSV file for people."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header


def csv_download(name: str, text: str) -> HttpResponse:
    """Respond with the text as a file; its mark of UTF-8 makes spreadsheets read names as they are."""
    headers = {
        "Content-Disposition": content_disposition_header(True, name) or "attachment",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
    return HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8", headers=headers)
