"""The product's settings, with a web process that stamps what passes: for `benchmarks.live --stations`."""

from project.settings import *  # noqa: F403

ASGI_APPLICATION = "benchmarks.live_application.application"
