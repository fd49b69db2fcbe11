"""All check-lists of a report."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.reports.checklists import claim, stard, tripod_ai
from experiments.reports.checklists.requirements import answered
from experiments.reports.document import Checklist
from experiments.reports.source import Source

OUT_OF_REACH = (
    "DECIDE-AI is about early use with people in a clinic: a training has no such study, so the list is not here. "
    "Explanation and elaboration of each list tell what a full answer is; that an item is shown does not say that it "
    "is enough."
)
OF_IMAGES = frozenset({"13"})


def checklists_of(source: Source, lacking: Mapping[str, str] | None = None) -> list[Checklist]:
    """Answer the items of all lists for a run.

    `lacking` names what the run has but the report could not show, as keys of `requirements.HAVE`, with the reason.
    """
    not_shown = lacking or {}
    of_claim = tuple(
        one if source.is_image or one.number not in OF_IMAGES else one._replace(out=claim.NOT_IMAGES)
        for one in claim.ITEMS
    )
    return [
        answered(source, "tripod-ai", tripod_ai.TITLE, tripod_ai.NOTE, tripod_ai.ITEMS, lacking=not_shown),
        answered(source, "stard", stard.TITLE, stard.NOTE, stard.ITEMS, lacking=not_shown),
        answered(source, "stard-ai", stard.AI_TITLE, stard.AI_NOTE, stard.AI_ITEMS, lacking=not_shown),
        answered(source, "claim", claim.TITLE, claim.NOTE, of_claim, lacking=not_shown),
    ]
