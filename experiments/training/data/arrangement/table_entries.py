"""List the images that tables name, with their splits and patients from the table or from folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Finding, PatientFacts, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SplitName
from experiments.training.data.arrangement import folder_entries, levels, missing_images, patient_folders, split_folders
from experiments.training.data.arrangement.entries import Entries, Entry
from experiments.training.data.arrangement.listing import LeftOut, Listing
from experiments.training.data.arrangement.patient_folders import PatientLevel
from experiments.training.data.arrangement.split_folders import SplitLevel
from experiments.training.data.arrangement.tabled_images import TabledImages, refuse_ambiguous
from experiments.training.data.files.image_names import EXTENSIONS


def read(tabled: TabledImages, listing: Listing, config: DataConfig) -> Entries:
    """List the rows with their images; raises SourceError for ids with several images, or none at all."""
    refuse_ambiguous(tabled)
    questions = list(_about_missing(tabled, listing, config))
    folders = listing.folders if len(listing.folders) == 1 else levels.folders_of(tabled.files, listing.base)
    split, told = _splits(tabled, folders, config)
    patient = _patients(tabled, folders, config, split)
    columns = tabled.tables.tables[0].columns
    return Entries(
        layout="table",
        why=_why(tabled, split),
        where=tabled.tables.where,
        entries=list(_entries(tabled, listing, split, patient)),
        why_unused="no_row",
        told_by_names=not tabled.missing,
        tables=[table.name for table in tabled.tables.tables],
        option=tabled.tables.option,
        columns=columns.roles if columns else (),
        header=columns.header if columns else (),
        row_count=tabled.row_count,
        rows_without=[LeftOut("no_file", "image missing", tabled.rows_without_image)],
        patients=folder_entries.patient_facts(patient) if patient.number else PatientFacts(),
        questions=[*(columns.questions if columns else ()), *questions, *patient.questions],
        findings=[
            *(columns.findings if columns else ()),
            *_rules(tabled, listing),
            *_submission(tabled),
            *told,
            *patient.findings,
        ],
    )


def _why(tabled: TabledImages, split: SplitLevel | None) -> str:
    verb = "names" if len(tabled.parts) == 1 else "name"
    splits = f" Their splits are those of the folders {split.words}." if split else ""
    given = [f"{table.name} for {table.split}" for table in tabled.tables.tables if table.split]
    by_table = f" Each table is one split: {some(given)}." if given else ""
    return f"{tabled.tables.names} {verb} the images and their classes.{splits}{by_table}"


def _about_missing(tabled: TabledImages, listing: Listing, config: DataConfig) -> Iterator[Question]:
    """Ask whether to leave out rows without an image; raises SourceError if that leaves none."""
    missing = tabled.missing
    if not missing or (config.missing_images == "leave_out" and tabled.matched):
        return
    causes = missing_images.likely_causes(tabled, listing)
    rows = len(tabled.rows_without_image)
    text = f"{rows} of the {tabled.row_count} images that {tabled.tables.names} names are missing: {some(missing)}."
    where = (
        f"Put them beside the table or in a folder such as images/, named id + one of {', '.join(sorted(EXTENSIONS))}"
    )
    if not tabled.matched:
        there = f" There are images such as {some([name.removeprefix(listing.base) for name in listing.images])}."
        raise _error(" ".join([text, *causes, f"{where}.{there if listing.images and not causes else ''}"]))
    yield Question(
        code="missing_images",
        text=" ".join([text, *causes, f"{where}, or set data.missing_images to leave_out."]),
        choices=[
            Choice(
                options={"data.missing_images": "leave_out"},
                consequence=f"{tabled.matched:,} images are learned from; ids left out: {len(missing):,}.",
            )
        ],
    )


def _splits(
    tabled: TabledImages, folders: levels.Folders, config: DataConfig
) -> tuple[SplitLevel | None, list[Finding]]:
    """Take the splits from the folders of the images where all lie in one, and neither rows nor tables say more."""
    given = any(table.split for table in tabled.tables.tables)
    if config.split_column is None or given or any(row.split for part in tabled.parts for row in part.rows):
        return None, []
    level = split_folders.of_images(folders, config)
    if level is None:
        return None, []
    outside = sum(count for parts, count in folders.items() if level.of(parts) is None)
    if outside or level.unsure:
        why = f"{outside:,} images lie in none of them" if outside else "their names are used for different splits"
        text = (
            f"The folders {level.words} look like splits, but {why}; all images are divided by data.val_fraction and "
            "data.test_fraction. Give the table a column named split to keep them apart, or name them in "
            "data.split_folders."
        )
        return None, [Finding(code="split_folders_not_used", level="warning", text=text)]
    text = (
        f"The splits are those of the folders {level.words} that the images lie in. Set data.split_column to null to "
        "divide all images again."
    )
    return level, [Finding(code="splits_from_folders", level="info", text=text)]


def _patients(
    tabled: TabledImages, folders: levels.Folders, config: DataConfig, split: SplitLevel | None
) -> PatientLevel:
    """Take the patients from folders where the table names none."""
    if config.patient_column or any(row.patient not in (None, row.id) for part in tabled.parts for row in part.rows):
        return patient_folders.NONE
    return patient_folders.find(folders, config, split, class_level=None, groups=None)


def _entries(
    tabled: TabledImages, listing: Listing, split: SplitLevel | None, patient: PatientLevel
) -> Iterator[Entry]:
    recur = tabled.ids_recur
    by_folder = split is not None or patient.number is not None
    for part in tabled.parts:
        for row in part.rows:
            file = part.matches.file_of.get(row.id)
            if file is None:
                continue
            id_ = file.removeprefix(listing.base) if recur else row.id
            given = row.split or part.table.split
            owner = id_ if row.patient == row.id else row.patient
            if by_folder:
                parts = levels.parts_of(file, listing.base)
                given = given or _split_of(split, parts)
                owner = patient.of(parts) or owner
            yield Entry(id_, owner, row.target, file, given, row.cells)


def _split_of(split: SplitLevel | None, parts: Sequence[str]) -> SplitName | None:
    return split.of(parts) if split else None


def _rules(tabled: TabledImages, listing: Listing) -> Iterator[Finding]:
    """Tell of ids that are not spelled as their files are."""
    count = sum(len(part.matches.by_rule) for part in tabled.parts)
    if count:
        rules = {rule: example for part in tabled.parts for rule, example in part.matches.rules(listing.base).items()}
        listed = "; ".join(f"{rule} ({example})" for rule, example in rules.items())
        text = f"{count:,} ids are not written as their images are named, and were matched without doubt by: {listed}."
        yield Finding(code="ids_matched", level="info", text=text)


def _submission(tabled: TabledImages) -> Iterator[Finding]:
    names = [table.name for table in tabled.tables.tables if table.is_submission]
    if names:
        text = (
            f"{some(names)} looks like a form for predictions, in which all labels stand for nothing. Bring the table "
            "with the true labels if this is not it."
        )
        yield Finding(code="looks_like_submission", level="warning", text=text)


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
