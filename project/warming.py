"""Do at the start of a web process what its first visitor would otherwise wait for."""

from __future__ import annotations

from django.template.loader import get_template
from django.urls import reverse

PAGES = ("realtime/run_list.html", "realtime/run.html", "realtime/base.html", "realtime/queue.html")


def warm_up() -> None:
    """Import every view, build the table of addresses and compile the templates that most visitors see first.

    `/readyz` needs the first two anyway, so no start takes longer.
    """
    reverse("run-list-page")
    for name in PAGES:
        get_template(name)
