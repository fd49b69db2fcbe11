"""People count epochs from 1 wherever they read of them; data count from 0, and no text takes over their numbers."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
SOURCES = [
    path
    for app in ("experiments", "realtime", "runs")
    for kind in ("*.py", "*.js", "*.html")
    for path in (ROOT / app).rglob(kind)
    if "migrations" not in path.parts and "vendor" not in path.parts
]
FOR_PEOPLE = r"(?:count\()?epochNumber\(|epoch_number\("
NUMBERED = re.compile(rf"\bepoch (?:is )?(?:\{{\{{? ?|\$\{{)(?!{FOR_PEOPLE})([^}}]+)\}}", re.IGNORECASE)
SHIFTED = {"report.current_epoch", "fact.epoch", "split.epoch", "fold.best_epoch", "x"}
"""What the admin's templates and charts get, already counted from 1: `tests/runs/admin_pages/` holds it."""


def test_no_text_has_an_epoch_as_the_data_count_it() -> None:
    assert len(SOURCES) > 500
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in SOURCES
        for match in NUMBERED.finditer(path.read_text())
        if match[1].strip() not in SHIFTED
    }
    assert found == {"experiments/files/restore.py: epoch {epoch}"}  # filled with the number for people
