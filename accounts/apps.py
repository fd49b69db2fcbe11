"""The Django app `accounts`: API tokens, and the page on which users see to them and to their password."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app's configuration."""

    name = "accounts"

    def ready(self) -> None:
        """Record changes of users, and what is changed in the admin."""
        from accounts import admin_changes, user_changes  # noqa: PLC0415

        user_changes.listen()
        admin_changes.listen()
