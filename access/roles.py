"""The roles that a user may have in a project. Each includes those before it."""

from __future__ import annotations

from django.db.models import TextChoices


class Role(TextChoices):
    """The roles, the narrowest first."""

    VIEWER = "viewer", "Viewer: sees everything of the project"
    TRAINER = "trainer", "Trainer: also starts runs, adds data sets, and changes what is theirs"
    ADMIN = "admin", "Admin: also changes everything of the project, and says who belongs to it"


_RANK = {role.value: rank for rank, role in enumerate(Role)}


def includes(held: str | None, needed: Role) -> bool:
    """Tell whether the role `held` may do what needs `needed`; no role, and an unknown one, may do nothing."""
    return held is not None and _RANK.get(held, -1) >= _RANK[needed]


def lower(first: Role, second: Role) -> Role:
    """Return the narrower of two roles."""
    return first if _RANK[first] <= _RANK[second] else second
