"""The Django app `notifications`: who is told what of runs, by which channel, and what became of it."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The app's configuration."""

    name = "notifications"
