"""People of each kind, as seen from one project."""

from __future__ import annotations

import pytest

from tests.people import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast()
