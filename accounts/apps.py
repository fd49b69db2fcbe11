"""The Django app `accounts`: API tokens, and the page on which users see to them and to their password."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app's configuration."""

    name = "accounts"
