"""What several commands have: a client, and options of the same name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

import click

from livetrain.client import Client

P = ParamSpec("P")
JSON = click.option("--json", "json_", is_flag=True, help="Print JSON.")
PROJECT = click.option("--project", help="Name or number of the project.")
RUN = click.argument("run_id", type=click.IntRange(1), metavar="RUN")


def with_client(function: Callable[Concatenate[Client, P], None]) -> Callable[P, None]:
    """Give a command a client, which is closed at its end."""

    @wraps(function)
    def called(*args: P.args, **options: P.kwargs) -> None:
        asked = click.get_current_context().find_root().params
        with Client(asked["url"], asked["token"], patience=asked["patience"]) as client:
            function(client, *args, **options)

    return called
