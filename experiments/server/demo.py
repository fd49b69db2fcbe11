"""Shows a stranger a real training, submitted through the real endpoint, and the link to watch it."""

from __future__ import annotations

import getpass
import json
import urllib.request
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError

from django.contrib.auth.models import User
from django.db import connections
from django.urls import reverse

from accounts.issuing import issue, revoke
from accounts.scopes import Scope
from realtime.login import login_link
from runs.models import Run

REQUEST: dict[str, Any] = {
    "experiment_name": "Is it an eight?",
    "source_path": "builtin:digits-is-8",
    "data": {"val_fraction": 0.2, "test_fraction": 0.2, "batch_size": 16},
    "trainer": {"max_epochs": 40},
    "callbacks": {"patience": 40},
}
_MINUTES_OF_THE_FIRST = 10


class NotSubmitted(Exception):
    """The server did not take the training; the text is its reason."""


def welcome(address: str) -> None:
    """Submit a training, unless one is unfinished, and print how to see it."""
    user = administrator()
    unfinished = Run.objects.filter(status__in=Run.UNFINISHED).order_by("id").first()
    try:
        run_id = unfinished.pk if unfinished else _submit_first(address, user)
    except NotSubmitted as error:
        first, page = f"No training was submitted: {error}\n  See the runs", reverse("run-list-page")
    else:
        first, page = f"Watch run {run_id} live", reverse("run-page", args=[run_id])
    print(  # noqa: T201  (this is what the command is for)
        f"\n  Livetrain runs at {address}/\n\n"
        f"  {first} (this link logs you in, once):\n"
        f"    {address}{login_link(user, page)}\n\n"
        f"  Admin, in the same browser afterwards:  {address}{reverse('admin:index')}\n"
        f"  Another link:                           .venv/bin/python manage.py loginlink {user.get_username()}\n"
        f"  A token for the API:                    .venv/bin/python manage.py apitoken {user.get_username()}\n"
        "  Stop with Ctrl-C; a running training continues at the next start.\n",
        flush=True,
    )
    connections.close_all()


def administrator() -> User:
    """Return a superuser, created if need be for the system user without a password: only one-time links log in."""
    user = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if user is None:
        user = User.objects.create_superuser(getpass.getuser())
    return user


def _submit_first(address: str, user: User) -> int:
    """Submit the training with a token of its own, which ends with that."""
    token, text = issue(user, "first training", Scope.TRAIN, days=_MINUTES_OF_THE_FIRST / (24 * 60))
    try:
        return _submit(address, text)
    finally:
        revoke(user, token.pk)


def _submit(address: str, token: str) -> int:
    """Send the request. Raises NotSubmitted where it is refused, URLError where nothing answers."""
    request = urllib.request.Request(  # noqa: S310  (our own http address)
        f"{address}{reverse('centralized-train')}",
        data=json.dumps(REQUEST).encode(),
        headers={"Authorization": f"Token {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return int(json.load(response)["run_id"])
    except HTTPError as error:
        raise NotSubmitted(_reason(error)) from error


def _reason(error: HTTPError) -> str:
    """Return what a problem says in words, or else its status."""
    with error, suppress(ValueError, OSError):
        said = json.load(error)
        if isinstance(said, dict) and isinstance(said.get("detail"), str):
            return str(said["detail"])
    return f"the server answered with {error.code} {error.reason}."
