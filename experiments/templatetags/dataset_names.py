"""`{% dataset_of run.source_path as name %}`: the registered data set of a run, for pages that link to it."""

from __future__ import annotations

from django import template

from experiments.datasets.lookup import name_of

register = template.Library()


@register.simple_tag
def dataset_of(source_path: str) -> str:
    """Return the name of the data set; blank where there is none."""
    return name_of(source_path)
