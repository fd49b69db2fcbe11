"""What an API token may be used for. Each scope includes those before it."""

from __future__ import annotations

from django.db.models import TextChoices


class Scope(TextChoices):
    """The scopes, the narrowest first."""

    READ = "read", "Read: see runs, files and data sets, follow runs live"
    TRAIN = "train", "Train: read, and start, stop and change what is yours"
    ADMIN = "admin", "Admin: everything that your account may do, with the rights of staff if it has them"


_RANK = {scope.value: rank for rank, scope in enumerate(Scope)}


def includes(held: str, needed: Scope) -> bool:
    """Tell whether a token of the scope `held` may do what needs `needed`; one of an unknown scope may do nothing."""
    return _RANK.get(held, -1) >= _RANK[needed]
