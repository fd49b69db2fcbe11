"""The field of a request's body that names a project."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from access.models import LONGEST_NAME


class ProjectField(serializers.CharField):
    """A project by its name, or by its number: as a number or a text of digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": LONGEST_NAME} | options)
