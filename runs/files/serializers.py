"""Files of a run as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from runs.events import format_time
from runs.files.local_files import RunFile
from runs.serializers import links


def described(run_id: int, found: Iterable[RunFile]) -> list[dict[str, Any]]:
    """Describe each file: `size` in bytes, `url` downloads it."""
    folder = links(run_id)["files"]
    return [
        {
            "name": file.name,
            "size": file.size,
            "modified": format_time(file.modified),
            "media_type": file.media_type,
            "url": folder + quote(file.name),
        }
        for file in found
    ]
