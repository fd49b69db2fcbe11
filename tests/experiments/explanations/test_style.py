"""The style sheet's scale has the colours that maps are drawn in."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from experiments.training.explanation import colouring


def test_the_scale_of_the_page_is_that_of_the_maps() -> None:
    text = Path(settings.BASE_DIR, "realtime/static/realtime/styles/explanation.css").read_text()
    found = re.search(r"in oklab to right, #(\w{6})00, #(\w{6})\)", text)
    assert found
    assert [tuple(bytes.fromhex(colour)) for colour in found.groups()] == [colouring.LOW, colouring.HIGH]
