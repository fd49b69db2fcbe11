"""The sections of a report in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.reports.document import Section
from experiments.reports.sections import breakdown, context, data, model, results
from experiments.reports.source import Source


def sections_of(
    source: Source, groups: Mapping[str, Any] | None, figures: Mapping[str, Sequence[str]]
) -> list[Section]:
    """Build all sections; `figures` are the names of those that the sections results, subgroups and learning have."""
    return [
        results.summary_section(source),
        context.purpose_section(source),
        data.data_section(source),
        data.reference_section(source),
        model.inputs_section(source),
        model.model_section(source),
        model.decision_section(source),
        results.methods_section(source),
        results.results_section(source, figures.get("results", ())),
        breakdown.subgroups_section(source, groups, figures.get("subgroups", ())),
        breakdown.errors_section(source),
        context.comparison_section(source),
        context.learning_section(figures.get("learning", ())),
        context.limits_section(source),
        context.declarations_section(source),
        model.provenance_section(source),
    ]
