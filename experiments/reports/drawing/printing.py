"""What is passed to the process that makes PDFs, and what it answers. Pure."""

from __future__ import annotations

import msgspec


class PrintTask(msgspec.Struct, frozen=True, kw_only=True):
    """A report as HTML, and an empty folder for what Chromium needs."""

    folder: str
    html: bytes


class PrintAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The PDF, and by which program it was made; or why there is none, with the cure."""

    pdf: bytes | None = None
    by: str = ""
    problem: str | None = None
