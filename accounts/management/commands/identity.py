"""`manage.py identity USER`: link an account with who somebody is at the identity provider, list that, and end it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import ExternalIdentity
from accounts.sign_on.claims import LONGEST_SUBJECT
from accounts.sign_on.identities import link, unlink
from runs import schema
from runs.check_tags import INSTALLATION


class Command(BaseCommand):
    """The command `identity`."""

    help = (
        "List who a user is at the identity provider. With --link, let a subject there log in as this user, and as "
        "nobody else; with --unlink, end that."
    )
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("user")
        parser.add_argument(
            "--issuer",
            default=settings.SIGN_ON.issuer if settings.SIGN_ON else "",
            help="the provider's address (default: LIVETRAIN_OIDC_ISSUER)",
        )
        change = parser.add_mutually_exclusive_group()
        change.add_argument("--link", metavar="SUBJECT", help="the claim sub, which the page of a refused login shows")
        change.add_argument("--unlink", metavar="SUBJECT", help="end the link with this subject, or `all` of the user")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Link, unlink or list. Raises CommandError for what is not there."""
        schema.bring_up_to_date()
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}.")
        if options["link"] is not None:
            self._link(user, options["issuer"].rstrip("/"), options["link"])
        elif options["unlink"] is not None:
            self._unlink(user, options["issuer"].rstrip("/"), options["unlink"])
        else:
            self._list(user)

    def _link(self, user: User, issuer: str, subject: str) -> None:
        if not issuer:
            raise CommandError("Say of which provider with --issuer, or set LIVETRAIN_OIDC_ISSUER.")
        if not 1 <= len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
            raise CommandError(f"--link: expected a text of 1 to {LONGEST_SUBJECT} characters, the claim sub.")
        link(user, issuer, subject)
        self.stdout.write(f"Who logs in as {subject} at {issuer} is {user.get_username()} from now on.")

    def _unlink(self, user: User, issuer: str, subject: str) -> None:
        found = ExternalIdentity.objects.filter(user=user)
        if subject != "all":
            found = found.filter(issuer=issuer, subject=subject)
        identities = list(found)
        if not identities:
            raise CommandError(
                f"{user.get_username()} is not linked with {subject!r}; without --unlink, all are listed."
            )
        for identity in identities:
            unlink(identity)
        self.stdout.write(f"Ended {len(identities)} of {user.get_username()}.")

    def _list(self, user: User) -> None:
        for identity in ExternalIdentity.objects.filter(user=user).order_by("pk"):
            used = f"{identity.last_login:%Y-%m-%d %H:%M}" if identity.last_login else "never"
            self.stdout.write(f"{identity.subject}  at {identity.issuer}  last login {used}")
