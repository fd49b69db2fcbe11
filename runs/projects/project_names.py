"""Projects as requests name them: by name or number."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from access.models import Project

LARGEST = 2**63 - 1


def numbers_of(named: Collection[str]) -> list[int]:
    """Read the numbers of the projects that are named, by name or number; what names none is left out."""
    numbers = [int(text) for text in named if is_number(text)]
    found = Project.objects.filter(Q(name__in=named) | Q(pk__in=numbers)).order_by("pk")
    return list(found.values_list("pk", flat=True))


def is_number(text: str) -> bool:
    """Tell whether a text is the number of a project, which no name is."""
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST
