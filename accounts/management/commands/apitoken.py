"""`manage.py apitoken USER`: make a token for the API and the WebSocket, list those there are, revoke them."""

from __future__ import annotations

import argparse
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from access.decisions import access_of
from accounts.issuing import NEVER, Refused, issue, revoke, revoke_all, tokens_of
from accounts.models import APIToken
from accounts.scopes import Scope
from runs import schema
from runs.check_tags import INSTALLATION

NO_PROJECT = (
    "{} belongs to no project yet, and sees nothing: make them a member of one, or let LIVETRAIN_DEFAULT_ROLE do that "
    "for new users."
)


class Command(BaseCommand):
    """The command `apitoken`."""

    help = (
        "Make an API token and print it, once: only its digest is stored. The user is created, without a password, if "
        "there is none. With --list or --revoke, show or end tokens instead."
    )
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("user")
        parser.add_argument("--name", default="command line", help="what it is for (default: %(default)s)")
        parser.add_argument(
            "--scope", choices=Scope.values, default=Scope.TRAIN, help="what it may do (default: %(default)s)"
        )
        parser.add_argument("--project", help="name or number of the one that it is for (default: all of the user)")
        life = parser.add_mutually_exclusive_group()
        life.add_argument("--days", type=_days, metavar="N", help="its life (default: LIVETRAIN_TOKEN_DAYS)")
        life.add_argument("--never", action="store_true", help="no end, where the settings allow it")
        other = parser.add_mutually_exclusive_group()
        other.add_argument("--list", action="store_true", help="list the user's tokens")
        other.add_argument("--revoke", metavar="NUMBER", help="end that token, or `all` of the user")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make, list or revoke. Raises CommandError for what is not there or not allowed."""
        schema.bring_up_to_date()
        if options["list"]:
            self._list(_existing(options["user"]))
        elif options["revoke"]:
            self._revoke(_existing(options["user"]), options["revoke"])
        else:
            self._make(options)

    def _make(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["user"]).first() or User.objects.create_user(options["user"])
        if not user.is_active:
            raise CommandError(f"User {options['user']!r} is inactive; activate it in the admin first.")
        days = NEVER if options["never"] else options["days"]
        if access_of(user).project_ids == frozenset():
            self.stderr.write(NO_PROJECT.format(user.get_username()))
        try:
            self.stdout.write(issue(user, options["name"], options["scope"], days, options["project"])[1])
        except Refused as refused:
            raise CommandError(f"{refused.field}: {refused}" if refused.field else str(refused)) from refused

    def _list(self, user: User) -> None:
        rows = [("number", "scope", "project", "begins with", "last used", "ends", "name"), *map(_row, tokens_of(user))]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def _revoke(self, user: User, number: str) -> None:
        if number == "all":
            count = revoke_all(user)
            self.stdout.write(f"Revoked {count} of {user.get_username()}.")
        elif number.isdecimal() and revoke(user, int(number)):
            self.stdout.write(f"Revoked token {number}.")
        else:
            raise CommandError(f"{user.get_username()} has no token {number!r}; --list shows their numbers.")


def _existing(name: str) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no user {name!r}.")
    return user


def _row(token: APIToken) -> tuple[str, ...]:
    used = f"{token.last_used:%Y-%m-%d %H:%M}" if token.last_used else "never"
    ends = f"{token.expiry:%Y-%m-%d}" if token.expiry else "never"
    project = token.project.name if token.project else "all"
    ends = f"{ends} (over)" if token.is_expired else ends
    return str(token.pk), token.scope, project, token.token_key, used, ends, token.name


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not 0 < days < float("inf"):
        raise argparse.ArgumentTypeError("must be a number above 0")
    return days
