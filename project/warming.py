"""Do what the first visitors of a web process would otherwise wait for, as soon as it answers."""

from __future__ import annotations

import threading
import time

from django.template.loader import get_template
from django.urls import reverse

from project.static_files import StaticFiles

PAGES = ("realtime/run_list.html", "realtime/run.html", "realtime/base.html", "realtime/queue.html")
AFTER_SECONDS = 0.5  # from the moment that all is loaded; a request that comes earlier does its part itself


def warm_up_soon(static_files: StaticFiles) -> None:
    """Warm up in a thread of its own, once the process has had time to answer those who wait for it already."""
    threading.Thread(target=_warm_up_later, args=[static_files], name="warming", daemon=True).start()


def _warm_up_later(static_files: StaticFiles) -> None:
    time.sleep(AFTER_SECONDS)
    warm_up(static_files)


def warm_up(static_files: StaticFiles) -> None:
    """Build the table of addresses, compile the templates that most visitors see first, find the static files."""
    reverse("run-list-page")
    for name in PAGES:
        get_template(name)
    static_files.find()
