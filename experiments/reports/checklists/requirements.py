"""How an item of a check-list is answered: from what is stored, from what people wrote, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from experiments.reports.document import Checklist, Item, Status
from experiments.reports.source import Source

ALWAYS = "always"


class Asked(NamedTuple):
    """An item: what it asks for in words of our own, and what answers it.

    `sections` show the answer. `needs` names a key of `HAVE` for the part that is taken from what is stored, blank
    where nothing is. `fields` are the texts that people write. With `out` the item does not apply to such a report, for
    that reason.
    """

    number: str
    what: str
    sections: tuple[str, ...] = ()
    needs: str = ""
    fields: tuple[str, ...] = ()
    out: str = ""


def _has_flow(source: Source) -> bool:
    return bool(source.preflight.get("counts"))


def _is_recalibrated(source: Source) -> bool:
    return any(not method["problem"] for method in (source.run.recalibration or {}).get("methods", []))


def _is_test(source: Source) -> bool:
    return source.main.split == "test"


HAVE: Mapping[str, tuple[Callable[[Source], bool], str]] = {
    ALWAYS: (lambda _: True, ""),
    "reading": (lambda source: bool(source.reading), "The run is older than the record of how data are read."),
    "flow": (_has_flow, "The run has no record of the samples of its splits."),
    "patients": (lambda source: source.patients_known, "Patients are not known from the data."),
    "subgroups": (lambda source: source.has_subgroups, "No columns were kept by which groups could be told apart."),
    "threshold": (lambda source: source.is_binary, "With more than two classes there is no threshold."),
    "recalibration": (_is_recalibrated, "Scores were not recalibrated."),
    "test": (_is_test, "There is no test split: the numbers are of validation."),
    "external": (lambda source: source.tested_elsewhere, "No external test on other data was made."),
    "group": (lambda source: source.group is not None, "The run is no fold of a cross-validation."),
    "execution": (lambda source: bool(source.execution), "The run has no record of the machine."),
}
"""Whether a report can show something, and the sentence why not."""


def answered(
    source: Source, id_: str, title: str, note: str, asked: tuple[Asked, ...], *, lacking: Mapping[str, str]
) -> Checklist:
    """Answer all items of a list; `lacking` has what the report could not show, by its key of `HAVE`, and why."""
    return Checklist(id=id_, title=title, note=note, items=[_item(source, one, lacking) for one in asked])


def _item(source: Source, asked: Asked, lacking: Mapping[str, str]) -> Item:
    if asked.out:
        return Item(number=asked.number, what=asked.what, status="not_applicable", why=asked.out)
    missing = [name for name in asked.fields if name not in source.texts]
    has, why = _stored(source, asked.needs, lacking)
    status = _status(asked, has=has, missing=len(missing))
    return Item(
        number=asked.number,
        what=asked.what,
        status=status,
        sections=list(asked.sections),
        fields=missing,
        why="" if has or not asked.needs else why,
    )


def _stored(source: Source, needs: str, lacking: Mapping[str, str]) -> tuple[bool, str]:
    if not needs:
        return False, ""
    if needs in lacking:
        return False, lacking[needs]
    test, why = HAVE[needs]
    return test(source), why


def _status(asked: Asked, *, has: bool, missing: int) -> Status:
    """Decide by what is there: some of it is `partly`, and of what nobody can write nothing is `missing`."""
    if not missing and (has or not asked.needs):
        return "shown"
    if has or missing < len(asked.fields):
        return "partly"
    return "to_write" if asked.fields else "missing"
