"""The build backend of `pip install .`: says in one sentence that this is an application, and how it is installed."""

from __future__ import annotations

import sys
from typing import NoReturn

SENTENCE = (
    "Livetrain is an application, not a library: run `make setup` in this folder to install it into .venv, "
    "or `make run` to install and start it."
)


def build_wheel(*_arguments: object, **_options: object) -> NoReturn:
    """End the build; pip shows the sentence, and no traceback."""
    sys.exit(SENTENCE)


build_editable = build_sdist = build_wheel
get_requires_for_build_wheel = get_requires_for_build_editable = get_requires_for_build_sdist = build_wheel
