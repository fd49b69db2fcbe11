"""Do what the first visitors of a web process would otherwise wait for, as soon as it answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

from django.template.library import SimpleNode
from django.template.loader import get_template
from django.urls import reverse

from project.static_files import StaticFiles
from realtime.module_preload import imported_by
from realtime.templatetags.scripts import script

PAGES = (
    "realtime/run_list.html",
    "realtime/run.html",
    "realtime/base.html",
    "realtime/queue.html",
    "realtime/evaluation.html",
    "realtime/errors.html",
    "realtime/picture_dialog.html",
    "realtime/subgroups.html",
    "realtime/epoch_matrix.html",
)
"""What most visitors see first, with what these templates include: that is found when they are rendered."""
AFTER_SECONDS = 0.5  # from the moment that all is loaded; a request that comes earlier does its part itself


def warm_up_soon(static_files: StaticFiles) -> None:
    """Warm up in a thread of its own, once the process has had time to answer those who wait for it already."""
    threading.Thread(target=_warm_up_later, args=[static_files], name="warming", daemon=True).start()


def _warm_up_later(static_files: StaticFiles) -> None:
    time.sleep(AFTER_SECONDS)
    warm_up(static_files)


def warm_up(static_files: StaticFiles) -> None:
    """Build the table of addresses, compile templates and follow what their scripts import, find the static files."""
    reverse("run-list-page")
    for name in PAGES:
        for named in _scripts(get_template(name)):
            imported_by(named)
    static_files.find()


def _scripts(template: Any) -> Iterator[str]:
    """Yield the names of the scripts that the template may name."""
    for node in template.template.nodelist.get_nodes_by_type(SimpleNode):
        if node.func is script:
            yield node.args[0].resolve({})
