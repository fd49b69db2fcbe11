"""What the database keeps for WebSockets: tickets that open one each."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SocketTicket(models.Model):
    """A ticket that has not been used yet. Only `tickets` writes it; of the ticket itself it keeps a digest.

    The session or token of the request that asked for it: the socket lives no longer than these are valid.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    only_run = models.BigIntegerField(null=True, help_text="The run that it is for; null: any address")
    session_key = models.CharField(max_length=40, blank=True)
    token_pk = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Name its user, and nothing that opens a socket."""
        return f"ticket of user {self.user_id}"
