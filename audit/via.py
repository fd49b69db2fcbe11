"""How somebody acts."""

from django.db.models import TextChoices


class Via(TextChoices):
    """The ways to act."""

    SESSION = "session", "browser session"
    TOKEN = "token", "API token"
    SSO = "sso", "single sign-on"
    SHARE = "share", "share link"
    COMMAND = "command", "command line"
    SERVER = "server", "the server itself"
    NOBODY = "nobody", "not logged in"
