"""Build the whole content of a report: sections, check-lists, figures and numbers.

Brings NumPy and Arrow, by the figures: a web process loads it with the first report that is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.external_tests.descriptions import split_of, summary
from experiments.reports.checklists.lists import checklists_of
from experiments.reports.document import SCHEMA_VERSION, Head, Report, Section
from experiments.reports.drawing.plots import AnyPlot
from experiments.reports.figure_data.curves import curve_figures
from experiments.reports.figure_data.epochs import learning_figures
from experiments.reports.figure_data.pairs import Pair
from experiments.reports.figure_data.scores import calibration_figures, matrix_figures, score_figures
from experiments.reports.figure_data.subgroups import groups_of, subgroup_figures
from experiments.reports.model_card import card_of
from experiments.reports.outline import sections_of
from experiments.reports.source import Source
from runs.serializers import final_split, operating_points
from runs.statistics.recalibration.methods import without_knots


@dataclass(frozen=True)
class Material:
    """What is computed for a report before it has a number: the groups, and the figures with their plots."""

    source: Source
    groups: Mapping[str, Any] | None
    of_results: Sequence[Pair]
    of_groups: Sequence[Pair]
    of_training: Sequence[Pair]

    @property
    def pairs(self) -> list[Pair]:
        """All figures in the order of the report."""
        return [*self.of_results, *self.of_groups, *self.of_training]

    @property
    def plots(self) -> list[AnyPlot]:
        """What is to be drawn."""
        return [pair.plot for pair in self.pairs]


def material_of(source: Source) -> Material:
    """Compute groups and figures from the stored predictions. Raises StoreError."""
    groups = groups_of(source)
    return Material(
        source=source,
        groups=groups,
        of_results=[
            *matrix_figures(source),
            *curve_figures(source),
            *calibration_figures(source),
            *score_figures(source),
        ],
        of_groups=subgroup_figures(source, groups),
        of_training=learning_figures(source),
    )


def report_of(material: Material, head: Head) -> Report:
    """Build the report."""
    source = material.source
    return Report(
        schema_version=SCHEMA_VERSION,
        head=head,
        sections=_sections(material),
        checklists=checklists_of(source, _lacking(material)),
        figures=[pair.figure for pair in material.pairs],
        numbers=_numbers(material),
        card=card_of(source),
    )


def _lacking(material: Material) -> dict[str, str]:
    """Say what could not be shown though the run has it: groups whose predictions are gone."""
    problem = (material.groups or {}).get("problem")
    return {"subgroups": problem} if problem else {}


def _sections(material: Material) -> list[Section]:
    names = {
        "results": [pair.figure.name for pair in material.of_results],
        "subgroups": [pair.figure.name for pair in material.of_groups],
        "learning": [pair.figure.name for pair in material.of_training],
    }
    return sections_of(material.source, material.groups, names)


def _numbers(material: Material) -> dict[str, Any]:
    """Return what is stored, as the REST API answers it."""
    source = material.source
    return {
        "final_stats": {result.split: final_split(result) for result in source.results},
        "operating_points": operating_points(source.results),
        "operating_point": source.point,
        "operating_point_history": source.decisions,
        "recalibration": without_knots(source.run.recalibration),
        "subgroups": material.groups,
        "test_split": source.looks,
        "external_tests": [summary(test) | {"kept": split_of(test.kept)} for test in source.external_tests],
    }
