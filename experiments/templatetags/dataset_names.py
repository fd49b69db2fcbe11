"""`{% dataset_of run as name %}`: the registered data set of a run, for pages that link to it."""

from __future__ import annotations

from django import template

from experiments.datasets.lookup import name_of
from runs.models import Run

register = template.Library()


@register.simple_tag
def dataset_of(run: Run) -> str:
    """Return the name of the data set; blank where there is none."""
    return name_of(run)
