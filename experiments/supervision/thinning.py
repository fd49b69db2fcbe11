"""Say on the run how many of its events were left out, because more came than could be stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from experiments.training.contract.reports import Thinned
from runs.models import Run

CODE = "events_thinned"
_TEXT = (
    "Attempt {} reported more than could be stored at once: {} were left out of its log and curves. Numbers of epochs "
    "and of the evaluation are complete."
)


class Thinning:
    """The count of what one attempt left out, as one note that grows; what earlier attempts left out stays in it."""

    def __init__(self, run: Run) -> None:
        self._attempt = run.attempt
        self._earlier = [note["text"] for note in run.notes if note["code"] == CODE]
        self._counts: Counter[str] = Counter()

    def note(self, reports: Sequence[Thinned]) -> dict[str, str]:
        """Return the note that replaces the one before, once these reports are added."""
        counts = " and ".join(f"{number:,} {type_}" for type_, number in sorted(self._with(reports).items()))
        return {"code": CODE, "text": " ".join([*self._earlier, _TEXT.format(self._attempt, counts)])}

    def add(self, reports: Sequence[Thinned]) -> None:
        """Add the reports, whose note is stored now."""
        self._counts = self._with(reports)

    def _with(self, reports: Sequence[Thinned]) -> Counter[str]:
        return sum((Counter(report.events) for report in reports), self._counts)
