"""The server's application, without the process that looks at data until somebody asks for it.

A web process starts that one for who opens the form of a new run, almost a second of CPU time. Servers that a test has
to itself are mostly asked to look at nothing.
"""

from __future__ import annotations

import gc

gc.disable()  # until all is loaded, as `manage.py` does

import django  # noqa: E402

django.setup()

from experiments.datasets import inspections  # noqa: E402


def _left_to_the_first_request() -> None:
    """Start nothing."""


inspections.warm_up = _left_to_the_first_request

from project.asgi import application  # noqa: E402

__all__ = ["application"]

gc.freeze()
gc.enable()
