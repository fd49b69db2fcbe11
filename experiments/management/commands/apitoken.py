"""`manage.py apitoken USER`: print a token for the API and the WebSocket."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.authtoken.models import Token

from runs import schema
from runs.check_tags import INSTALLATION


class Command(BaseCommand):
    """The command `apitoken`."""

    help = "Print the user's API token; the user is created, without a password, if there is none."
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the name of the user."""
        parser.add_argument("user")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the user's token; both are created if they do not exist. Raises CommandError for an inactive user."""
        schema.bring_up_to_date()
        user = User.objects.filter(username=options["user"]).first() or User.objects.create_user(options["user"])
        if not user.is_active:
            raise CommandError(f"User {options['user']!r} is inactive; activate it in the admin first.")
        self.stdout.write(Token.objects.get_or_create(user=user)[0].key)
