"""`manage.py loginlink USER`: a link that logs that user in, once."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from realtime.login import login_link
from runs import schema
from runs.check_tags import INSTALLATION


class Command(BaseCommand):
    """`manage.py loginlink`."""

    help = "Print a link that logs a user in without a password. It works once."
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("user", help="name of an active user")
        parser.add_argument("--next", default="", metavar="PATH", help="page to go to, e.g. /runs/1/")
        parser.add_argument(
            "--address",
            default=settings.PUBLIC_URL or "http://127.0.0.1:8000",
            help="where the server is reached (default: %(default)s)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the link."""
        schema.bring_up_to_date()
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['user']!r}; `manage.py apitoken` creates users.")
        self.stdout.write(f"{options['address'].rstrip('/')}{login_link(user, options['next'])}")
