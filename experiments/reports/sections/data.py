"""The sections of a report about the data: patients, splits, how they were read, and the reference standard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.reports.document import Block, Fact, Paragraph, Section, Table
from experiments.reports.sections.blocks import facts, written
from experiments.reports.source import SPLITS, Source
from runs.admin_pages.data_facts import LAYOUTS
from runs.wording.number_text import UNKNOWN, percent

MOST_LISTED = 30
NAMING = frozenset(
    {
        *("patients", "patients_from_folders", "ids_matched", "ids_rounded", "links_read_once"),
        *("images_without_rows", "table_names_no_image", "empty_folders"),
    }
)
"""Codes of findings that give ids, files or folders as examples: a report names no patient, and has their numbers."""
DISJOINT = "No patient is in more than one split."
DISJOINT_UNKNOWN = "The run has no record of whether a patient is in more than one split."
WITHOUT_PATIENTS = (
    "It is not known which samples belong to the same patient, so the splits are disjoint by sample alone, and all "
    "intervals treat the samples as independent. If patients have several samples, the results are too good and the "
    "intervals too narrow."
)


def data_section(source: Source) -> Section:
    """Describe where the data come from, who is in them, and how they were divided."""
    blocks: list[Block] = [
        *written(source, "patients", "collection", "predictors", "missing_data", "sample_size"),
        *facts(_origin(source)),
        *_splits(source),
        *_groups(source),
        *_left_out(source),
        *_duplicates(source),
    ]
    items = "TRIPOD+AI 5–7, 9–11, 12a, 20, 21 · STARD 5–9, 15, 16, 18–20 · CLAIM 7–13, 19–21, 35, 36"
    return Section(id="data", title="Patients and data", items=items, blocks=blocks)


def _origin(source: Source) -> Iterator[Fact]:
    run, reading = source.run, source.reading
    yield Fact(label="Data source", value=source.data_name)
    if run.dataset_hash:
        yield Fact(label="Version of the data (hash)", value=run.dataset_hash, detail="of all names and contents")
    layout = reading.get("layout")
    if layout:
        yield Fact(
            label="Layout", value=LAYOUTS.get(layout, layout), detail=reading.get("table") or reading.get("why", "")
        )
    for column in reading.get("columns", []):
        yield Fact(label=f"Column of the {column['role']}", value=column["column"], detail=f"found: {column['found']}")
    known = reading.get("patients") or {}
    count = known.get("count")
    yield Fact(
        label="Patients",
        value="not known" if count is None else f"{count:,}",
        detail=_told_by(known),
    )
    for label, name in (("Files used", "files"), ("Rows used", "rows")):
        usage = reading.get(name)
        if usage:
            yield Fact(label=label, value=f"{usage['used']:,} of {usage['total']:,}")


def _told_by(known: Mapping[str, Any]) -> str:
    """Say by what patients are told apart; of a pattern of ids without the id of a patient that is its example."""
    if known.get("source") == "ids":
        return "Told apart by the codes with which the ids begin."
    return " ".join(part for part in (known.get("name", ""), known.get("why", "")) if part)


def _splits(source: Source) -> Iterator[Block]:
    """Build the flow into the splits and table 1: samples, patients, and each class."""
    counts = _counts(source)
    if not counts:
        return
    names = list(counts)
    total = {name: sum(classes) for name, classes in counts.items()}
    whole = "train" in counts  # of runs of older versions only what was evaluated is known
    rows = [["Samples", *(f"{total[name]:,}" for name in names), *[f"{sum(total.values()):,}"] * whole]]
    patients = _patients(source)
    if patients:
        rows.append(
            [
                "Patients",
                *(f"{patients[name]:,}" if name in patients else UNKNOWN for name in names),
                *[_all(source)] * whole,
            ]
        )
    for place, label in enumerate(source.class_names[:MOST_LISTED]):
        of_all = sum(classes[place] for classes in counts.values())
        cells = [f"{counts[name][place]:,} ({percent(_share(counts[name][place], total[name]))})" for name in names]
        in_all = f"{of_all:,} ({percent(_share(of_all, sum(total.values())))})"
        rows.append([f"Class {label}", *cells, *[in_all] * whole])
    more = len(source.class_names) - MOST_LISTED
    fold = f" This run is {source.run.which_fold}: its validation split is that fold." if source.run.fold else ""
    yield Table(
        caption="Samples, patients and classes by split",
        head=["", *(SPLITS[name].capitalize() for name in names), *["All"] * whole],
        rows=rows,
        note=(f"{more} more classes are not listed." if more > 0 else "")
        + fold
        + ("" if whole else " How many samples were trained on is not stored."),
    )
    yield Paragraph(text=_how_divided(source))
    yield _independence(source)


def _counts(source: Source) -> dict[str, list[int]]:
    """Count the samples of each class in each split: of the training split as the check before it found them."""
    found = {
        part["split"]: list(part["classes"])
        for part in source.preflight.get("counts", [])
        if len(part["classes"]) == len(source.class_names)
    }
    for result in source.results:  # what was really evaluated comes first
        found[result.split] = [sum(row) for row in result.confusion_matrix]
    return {name: found[name] for name in SPLITS if name in found and sum(found[name])}


def _patients(source: Source) -> dict[str, int]:
    found = dict((source.preflight.get("patients") or {}).get("splits") or {})
    return found | {result.split: result.patients for result in source.results if result.patients is not None}


def _all(source: Source) -> str:
    count = (source.preflight.get("patients") or {}).get("count")
    return UNKNOWN if count is None else f"{count:,}"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _how_divided(source: Source) -> str:
    data = source.config.section("data")
    if data.get("split_file"):
        return "The splits were taken from a file that the request named."
    fractions = ", ".join(
        f"{percent(data[name])} for {what}"
        for name, what in (("val_fraction", "validation"), ("test_fraction", "the test"))
        if isinstance(data.get(name), int | float) and data[name]
    )
    by = "by patient" if source.patients_known else "by sample"
    if source.run.fold:
        return (
            f"The samples were divided at random {by} (seed {source.run.seed}) into {source.run.folds} folds with "
            f"similar shares of the classes; this run was validated on fold {source.run.fold}, trained on the others."
        )
    named = any(column["role"] == "split" for column in source.reading.get("columns", []))
    if named or source.reading.get("layout") == "split_folders":
        return "The splits are those that the data name; what they leave open was divided at random."
    return (
        f"The samples were divided at random {by} (seed {source.run.seed}), with similar shares of the classes: "
        f"{fractions}."
    )


def _independence(source: Source) -> Paragraph:
    if not source.patients_known:
        return Paragraph(text=WITHOUT_PATIENTS, warns=True)
    across = (source.preflight.get("patients") or {}).get("across_count")
    if across is None:
        return Paragraph(text=DISJOINT_UNKNOWN, warns=True)
    if across:
        return Paragraph(text=f"{across:,} patients are in more than one split: the results are too good.", warns=True)
    return Paragraph(text=DISJOINT)


def _groups(source: Source) -> Iterator[Block]:
    """Build the groups of samples by each column that was kept."""
    for column in source.reading.get("subgroups", []):
        groups: Mapping[str, int] = column["groups"]
        total = sum(groups.values())
        rows = [
            [name, f"{count:,}", percent(_share(count, total))] for name, count in list(groups.items())[:MOST_LISTED]
        ]
        yield Table(
            caption=f"Samples by {column['column']}",
            head=["Group", "Samples", "Share"],
            rows=rows,
            note=column.get("rule", ""),
        )


def _left_out(source: Source) -> Iterator[Block]:
    rows = [
        [part["what"] or part["kind"], f"{part['count']:,}", what]
        for what, name in (("files", "files"), ("rows", "rows"))
        for part in (source.reading.get(name) or {}).get("unused", [])
    ]
    if rows:
        yield Table(caption="Left out", head=["What", "Number", "Of"], rows=rows[:MOST_LISTED])
    for finding in source.reading.get("findings", []):
        if finding["code"] in NAMING:
            continue
        yield Paragraph(text=finding["text"], warns=finding["level"] == "warning")


def _duplicates(source: Source) -> Iterator[Block]:
    found: Mapping[str, Any] | None = source.preflight.get("duplicates")
    if not found:
        return
    across = sum(tally["across"] for tally in found["tallies"])
    groups = sum(tally["groups"] for tally in found["tallies"])
    if not groups:
        yield Paragraph(text="No two samples are the same or nearly so.")
    else:
        yield Paragraph(
            text=f"{groups:,} groups of samples are the same or nearly so; {across:,} of them are in several splits.",
            warns=across > 0,
        )


def reference_section(source: Source) -> Section:
    """Describe what is predicted, and how the truth is known."""
    reading = source.reading
    known = [
        Fact(label="Classes", value=", ".join(source.class_names[:MOST_LISTED]), detail=reading.get("classes_from", ""))
    ]
    if source.is_binary:
        known.append(Fact(label="Positive class", value=source.class_names[1], detail=reading.get("positive_why", "")))
    for merged in reading.get("merged", []):
        known.append(Fact(label=f"Spellings of {merged['name']}", value=", ".join(merged["spellings"])))
    return Section(
        id="reference",
        title="Outcome and reference standard",
        items="TRIPOD+AI 8 · STARD 10b, 11, 12b, 13 · CLAIM 14–18",
        blocks=[*written(source, "outcome", "reference_standard"), *facts(known)],
    )
