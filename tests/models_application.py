"""The server's application, whose processes that keep models keep none: torch alone takes seconds of CPU time."""

from __future__ import annotations

import gc

gc.disable()  # until all is loaded, as `manage.py` does

import django  # noqa: E402

django.setup()

from experiments.predictions import pool  # noqa: E402

pool.MODULE = "tests.experiments.recipes.predicts_oddly"

from project.asgi import application  # noqa: E402

__all__ = ["application"]

gc.freeze()
gc.enable()
