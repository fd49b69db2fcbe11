"""Say whose sample each one is: by a column, a folder, the header of its file, or the pattern of its id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Finding, PatientFacts, PatientSource, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SplitName
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import Index
from experiments.training.data.patients import coded_columns, headers, id_patterns
from experiments.training.data.patients.id_patterns import Pattern

OPTION = "data.patients"
UNKNOWN = (
    "Nothing names patients, neither a column nor a folder, a header or the pattern of the ids: each sample counts as "
    "a patient of its own."
)


def resolved(files: Files, index: Index, config: DataConfig, *, headers_at_most: int | None = None) -> Index:
    """Return the index with the patient of each sample, as far as they are known, and how; raises SourceError.

    With more than `headers_at_most` DICOM files no header is opened.
    """
    if config.patients == "each_sample":
        return _without(index, f"{OPTION} says that each sample is of another patient.")
    if index.reading.patients.source == "folder":
        return _counted(index)
    if config.patient_folder is not None:
        raise SourceError(
            "data.patient_folder", "There are no folders with images; name a column in data.patient_column."
        )
    if config.patient_column is not None and index.reading.table is None:
        raise SourceError(
            "data.patient_column", "There is no table with columns; name the patients' folder in data.patient_folder."
        )
    if config.patients == "ids":
        return _by_ids(index, required=True)
    if _are_shared(index) or config.patient_column is not None:
        return _by_column(index)
    found = headers.from_headers(files, index, at_most=headers_at_most)
    if found is not index:
        return _described(found, "headers", "PatientID", "The headers of the DICOM files name them.")
    is_asked = any(question.field in (OPTION, "data.patient_folder") for question in index.reading.questions)
    found = index if is_asked else _by_ids(index)
    return found if found is not index else _with_columns_asked(_by_column(index), config)


def _with_columns_asked(index: Index, config: DataConfig) -> Index:
    """Add a question about a column of codes, where nothing else names patients."""
    asked = list(coded_columns.questions(index, config)) if index.reading.patients.count is None else []
    return replace(index, reading=index.reading.extended(questions=asked)) if asked else index


def _counted(index: Index) -> Index:
    """Count the patients of the samples alone: folders may be of images without a label too."""
    facts = structs.replace(index.reading.patients, count=len(set(index.patient_ids) - {None}))
    return replace(index, reading=index.reading.extended(patients=facts))


def _without(index: Index, why: str) -> Index:
    told = [Finding(code="patients_unknown", level="info", text=why)] if why == UNKNOWN else []
    reading = index.reading.extended(findings=told, patients=PatientFacts(why=why))
    if all(patient is None for patient in index.patient_ids):
        return replace(index, reading=reading)
    return replace(index.with_patients([None] * len(index.samples)), reading=reading)


def _are_shared(index: Index) -> bool:
    """Return whether samples have patients that are not the samples themselves."""
    return any(patient not in (None, id_) for id_, patient in zip(index.ids, index.patient_ids, strict=True))


def _by_column(index: Index) -> Index:
    column = next((role.column for role in index.reading.columns if role.role == "patient"), None)
    if column is None and not _are_shared(index):
        return _without(index, UNKNOWN)
    if column is None:
        column = next((role.column for role in index.reading.columns if role.role == "id"), "")
        return _described(index, "column", column, f"Several rows share an id of column {column!r}.")
    return _described(index, "column", column, f"Column {column!r} names them.")


def _by_ids(index: Index, *, required: bool = False) -> Index:
    """Return the index with the patients that ids show, the same one if they show none."""
    shown = [file[_start(index) :] for file in index.files] or index.ids
    pattern = id_patterns.find(shown, [index.classes[label] for label in index.labels])
    if pattern is None:
        if required:
            raise SourceError(OPTION, "The ids show no patients; name a column or a folder, or choose auto.")
        return index
    id_, patient = pattern.example
    why = f"Ids begin with a code that several share, such as {patient!r} of {id_!r}."
    found = index.with_patients(pattern.patients)
    if required:
        return _described(found, "ids", patient, why)
    if divided := _in_two_splits(index.splits, pattern):
        question = _question(pattern, len(index.samples), why, divided)
        asked = replace(index, reading=index.reading.extended(questions=[question]))
        return _without(asked, "The ids may show patients, or not; each sample counts as a patient of its own.")
    questions = [] if pattern.sure else [_question(pattern, len(index.samples), why)]
    return _described(found, "ids", patient, why, questions)


def _start(index: Index) -> int:
    """Return where, in the path of a file, its way below the folder of the data begins."""
    return len(f"{index.reading.folder}/") if index.reading.folder else 0


def _in_two_splits(given: Sequence[SplitName | None], pattern: Pattern) -> list[str]:
    """List the codes that are in two of the given splits: patients, or numbers that start again in each."""
    splits_of: dict[str, set[SplitName]] = defaultdict(set)
    for patient, split in zip(pattern.patients, given, strict=True):
        if split and patient is not None:
            splits_of[patient].add(split)
    return [patient for patient, parts in splits_of.items() if len(parts) > 1]


def _question(pattern: Pattern, total: int, why: str, divided: Sequence[str] = ()) -> Question:
    again = (
        f" {len(divided):,} of them are in several of the given splits ({some(divided)}): the same patients, or "
        "numbers that start again in each."
        if divided
        else ""
    )
    text = (
        f"{why}{again} Are these {pattern.count:,} codes patients, whose samples belong into one split? Set {OPTION} "
        "to ids, or to each_sample."
    )
    leak = " Those in several splits are leaks, which are refused." if divided else ""
    choices = [
        Choice(options={OPTION: "ids"}, consequence=f"{pattern.count:,} patients, each in one split.{leak}"),
        Choice(options={OPTION: "each_sample"}, consequence=f"{total:,} samples, each of another patient."),
    ]
    return Question(code="patients", text=text, choices=choices[::-1] if divided else choices)


def _described(index: Index, source: PatientSource, name: str, why: str, questions: Sequence[Question] = ()) -> Index:
    patients = index.patient_ids
    count = len(set(patients) - {None})
    facts = PatientFacts(count=count, source=source, name=name, why=why)
    unknown = patients.count(None)
    others = (
        f" Of {unknown:,} samples the patient is not known; each counts as a patient of its own." if unknown else ""
    )
    text = f"{count:,} patients with {len(patients) - unknown:,} samples, each kept in one split. {why}{others}"
    told = [] if questions else [Finding(code="patients", level="info", text=text)]
    return replace(index, reading=index.reading.extended(questions=questions, findings=told, patients=facts))
