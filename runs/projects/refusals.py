"""Say why a user may not change something, and who may."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User

from runs.queries import Owned


def why_not(user: User | AnonymousUser, thing: Owned, name: str, owner: object) -> str:
    """Return the sentence about a thing of that name and owner, which the user may see and not change."""
    if thing.owner_id == user.pk:
        return f"{name} is yours, but you may no longer train in its project; ask one of its admins."
    return f"{name} belongs to {owner}; only its owner and the admins of its project may do that."
