"""Choose what names the classes of the images: their folders or tables; where both may, the report asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Finding, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.arrangement import (
    accounting,
    class_folders,
    classes_in_names,
    folder_names,
    label_tables,
    levels,
    split_folders,
    tabled_images,
)
from experiments.training.data.arrangement.class_folders import FolderClasses
from experiments.training.data.arrangement.label_tables import TableSet
from experiments.training.data.arrangement.listing import Listing
from experiments.training.data.arrangement.matching import named_images
from experiments.training.data.arrangement.tabled_images import TabledImages
from experiments.training.data.columns import target_column
from experiments.training.data.files.folders import Files
from experiments.training.data.files.image_names import EXTENSIONS, suffix
from experiments.training.data.tables.formats import opening

OTHER_TABLES = frozenset({".xlsx", ".xls", ".ods", ".tab", ".json", ".jsonl", ".feather", ".mat", ".txt"})
SHEETS = frozenset({".xlsx", ".xls", ".ods", ".tab", ".feather", ".mat"})
LABEL_TABLE_WORDS = frozenset(
    {
        *("label", "labels", "annotation", "annotations", "groundtruth", "truth", "gt", "target", "targets"),
        *("diagnosis", "diagnoses", "grade", "grades", "grading", "outcome", "outcomes"),
    }
)
MOST_ALTERNATIVES = 10  # tables whose rows are read to find out which of them names the images


@dataclass
class LayoutChoice:
    """What names the classes, folders or tables, and what is to be asked and told about that."""

    source: FolderClasses | TabledImages
    questions: list[Question] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def choose(files: Files, listing: Listing, config: DataConfig) -> LayoutChoice:
    """Choose the layout; raises SourceError where nothing names the classes, or not what the request says."""
    if config.layout in ("class_folders", "split_folders") or config.class_folder:
        return LayoutChoice(class_folders.find(listing.folders, config, listing.ignored))
    found = label_tables.find(files, listing.tables, listing.base, config)
    if not found.sets:
        try:
            classes = _only_folders(files, config, listing, found.problems)
        except SourceError as problem:
            return _guessed(files, listing, config, problem)
        questions = [
            *_about_unfit_tables(files, classes, found.problems, listing, config),
            *_about_other_tables(classes, listing, config),
        ]
        return LayoutChoice(classes, questions[:1], list(_hints(classes, listing)))
    tabled, questions = _best(files, found.sets, listing, config)
    if _means_table(config):
        return LayoutChoice(tabled, questions)
    return _with_rivals(tabled, questions, listing, config)


def _means_table(config: DataConfig) -> bool:
    """Return whether the request says that a table names the classes."""
    default = type(config).model_fields
    named = any(getattr(config, field) != default[field].default for field in ("id_column", "target_column"))
    return config.layout == "table" or config.table is not None or named


def _guessed(files: Files, listing: Listing, config: DataConfig, problem: SourceError) -> LayoutChoice:
    """Ask for the target of a table that names the images, in place of refusing it; raises the problem otherwise."""
    if problem.field != f"data.{target_column.FIELD}" or _means_table(config):
        raise problem
    sets = label_tables.guess(files, listing.tables, listing.base, config)
    if not sets:
        raise problem
    tabled, questions = _best(files, sets, listing, config)
    return LayoutChoice(tabled, questions)


def _only_folders(
    files: Files, config: DataConfig, listing: Listing, problems: Mapping[str, SourceError]
) -> FolderClasses:
    """Read the folders, as no table fits; raises SourceError that says what is wrong with the nearest table."""
    if not _means_table(config) and listing.folders:
        try:
            classes = class_folders.find(listing.folders, config, listing.ignored)
        except SourceError as problem:
            if not problems:
                told = [finding.text for finding in listing.findings]
                hints = classes_in_names.hints(listing.images)
                raise SourceError(
                    problem.field, " ".join([problem.message, *told, *hints, *_other_tables(listing)])
                ) from problem
        else:
            naming = list(_naming_images(files, problems, listing)) if len(classes.counts) < 2 else []
            if not naming:
                return classes
            problems = {naming[0]: problems[naming[0]]}
    if problems:
        raise next(iter(problems.values()))
    raise SourceError("source_path", _nothing_found(listing))


def _about_unfit_tables(
    files: Files,
    classes: FolderClasses,
    problems: Mapping[str, SourceError],
    listing: Listing,
    config: DataConfig,
) -> Iterator[Question]:
    """Ask whether the folders are the classes, where a table names the images without a column known as target."""
    for name in _naming_images(files, problems, listing):
        yield Question(
            code="layout",
            text=f"{name} names the images. If the class is one of its columns "
            f"({some(opening.open_table(files, name).columns, 20)}), name it in data.target_column; if the folders "
            f"{some(list(classes.counts))} are the classes, set data.layout to {classes.layout}.",
            choices=[_by_folders(classes, name), *_by_columns(files, name, listing, config)],
        )
        return


def _by_columns(files: Files, name: str, listing: Listing, config: DataConfig) -> Iterator[Choice]:
    """Offer the columns of the table that may be the classes."""
    for tables in label_tables.guess(files, [name], listing.base, config):
        columns = tables.tables[0].columns
        for question in columns.questions if columns else ():
            if question.field == f"data.{target_column.FIELD}":
                yield from question.choices


def _naming_images(files: Files, problems: Mapping[str, SourceError], listing: Listing) -> Iterator[str]:
    """List the tables that name the images, but lack a column known for the rest."""
    for name, problem in problems.items():
        if problem.field.startswith("data.") and named_images.are_in(files, name, listing.images):
            yield name


def _about_other_tables(classes: FolderClasses, listing: Listing, config: DataConfig) -> Iterator[Question]:
    """Ask whether the folders are the classes, where labels may be in a table that is not read."""
    tables = [name for name in listing.others if suffix(name) in SHEETS and _says_labels(name)]
    if tables and config.layout == "auto" and not folder_names.has_label_word(classes.counts):
        yield Question(
            code="layout",
            text=f"{some(tables)} may hold the labels, in a format that is not read: save the one with the labels as "
            f"CSV. If the folders {some(list(classes.counts))} are the classes, set data.layout to {classes.layout}.",
            choices=[_by_folders(classes, some(tables))],
        )


def _says_labels(name: str) -> bool:
    return bool(LABEL_TABLE_WORDS & set(folder_names.words(name.rpartition("/")[2])))


def _by_folders(classes: FolderClasses, table: str) -> Choice:
    return Choice(
        options={"data.layout": classes.layout},
        consequence=f"The classes are {levels.listed(classes.counts)}; {table} is not used.",
    )


def _hints(classes: FolderClasses, listing: Listing) -> Iterator[Finding]:
    """Tell what may name the classes where there is only one folder."""
    if len(classes.counts) < 2:
        for text in [*classes_in_names.hints(listing.images), *_other_tables(listing)]:
            yield Finding(code="classes_elsewhere", level="warning", text=text)


def _other_tables(listing: Listing) -> Iterator[str]:
    """Say which files may be tables in a format that is not read."""
    found = [name for name in listing.others if suffix(name) in OTHER_TABLES]
    if found:
        yield f"For tables there are {some(found)}; save the one with the labels as CSV, or as .tsv if it has tabs."


def _nothing_found(listing: Listing) -> str:
    others = list(listing.others)
    formats = f" There are {len(others):,} other files, e.g. {some(others)}." if others else ""
    formats += "".join(f" {finding.text}" for finding in accounting.archives_not_read(others))
    return (
        "Neither a CSV nor class folders with images were found; give a CSV with an id and a target column beside the "
        f"images, or one folder per class that holds {', '.join(sorted(EXTENSIONS))} files.{formats}"
    )


def _best(
    files: Files, sets: Sequence[TableSet], listing: Listing, config: DataConfig
) -> tuple[TabledImages, list[Question]]:
    """Return the tables that name images; of several, the first one of the question."""
    split = split_folders.of_images(listing.folders, config)
    if len(sets) == 1:
        return tabled_images.read(files, sets[0], listing, split, config.subgroup_columns), []
    readable: list[TabledImages] = []
    problems: list[SourceError] = []
    for tables in sets[:MOST_ALTERNATIVES]:
        try:
            readable.append(tabled_images.read(files, tables, listing, split, config.subgroup_columns))
        except SourceError as problem:
            problems.append(problem)
    if not readable:
        raise problems[0]
    naming = [tabled for tabled in readable if tabled.matched or tabled.ambiguous] or readable
    naming.sort(key=lambda tabled: (len(tabled.missing) > 0, -tabled.matched))
    return naming[0], [_ask_for_table(naming)] if len(naming) > 1 else []


def _ask_for_table(naming: Sequence[TabledImages]) -> Question:
    listed = sorted(name for name in {table.name for tabled in naming for table in tabled.tables.tables})
    return Question(
        code="table",
        text=f"Several tables have an id and a target column: {some(listed)}; keep one, or name the one to use in "
        "data.table.",
        choices=[
            Choice(
                options={"data.table": tabled.tables.option},
                consequence=f"{tabled.tables.names}: {tabled.row_count:,} rows for {len(tabled.files):,} images"
                + (f", {len(tabled.missing):,} ids have none." if tabled.missing else "."),
            )
            for tabled in naming
        ],
    )


def _with_rivals(tabled: TabledImages, questions: list[Question], listing: Listing, config: DataConfig) -> LayoutChoice:
    """Compare what the tables say with what the folders do."""
    try:
        classes = class_folders.find(listing.folders, config, listing.ignored)
    except SourceError:
        return LayoutChoice(tabled, questions)
    if not classes.are_plain or _folders_are_told_by(tabled) or _agree(tabled, classes, listing):
        return LayoutChoice(tabled, questions)
    tabled_images.refuse_ambiguous(tabled, " If the folders name the classes, set data.layout to class_folders.")
    if not tabled.matched:
        text = (
            f"{tabled.tables.names} is not used: its {tabled.row_count:,} rows name none of the images (ids such as "
            f"{some(tabled.missing)}), and the folders name classes."
        )
        return LayoutChoice(classes, findings=[Finding(code="table_names_no_image", level="warning", text=text)])
    return _ask_for_layout(tabled, classes, questions)


def _folders_are_told_by(tabled: TabledImages) -> bool:
    """Return whether the ids are paths: such a table knows the folders and says the class nevertheless."""
    ids = [row.id for part in tabled.parts for row in part.rows]
    return tabled.matched > 0 and all("/" in id_ or "\\" in id_ for id_ in ids)


def _agree(tabled: TabledImages, classes: FolderClasses, listing: Listing) -> bool:
    """Return whether tables and folders divide the images alike, whatever they call the classes."""
    pairs: set[tuple[str, str | None]] = set()
    for part in tabled.parts:
        for row in part.rows:
            if path := part.matches.file_of.get(row.id):
                pairs.add((row.target, classes.class_of(levels.parts_of(path, listing.base))))
    one_to_one = len(pairs) == len({target for target, _ in pairs}) == len({name for _, name in pairs})
    return one_to_one and len(tabled.files) == sum(classes.counts.values())


def _ask_for_layout(tabled: TabledImages, classes: FolderClasses, questions: list[Question]) -> LayoutChoice:
    targets = sorted({row.target for part in tabled.parts for row in part.rows})
    by_table = Choice(
        options={"data.layout": "table"},
        consequence=f"{tabled.tables.names} names {len(tabled.files):,} images and their classes {some(targets)}.",
    )
    by_folders = Choice(
        options={"data.layout": classes.layout}, consequence=f"The classes are {levels.listed(classes.counts)}."
    )
    covers = not tabled.missing and len(tabled.files) * 2 >= sum(classes.counts.values())
    question = Question(
        code="layout",
        text=f"{tabled.tables.names} names images and their classes, and so do the folders "
        f"{some(list(classes.counts))}: the two differ. Set data.layout to table, or to {classes.layout} for one "
        "folder per class.",
        choices=[by_table, by_folders] if covers else [by_folders, by_table],
    )
    if covers:
        return LayoutChoice(tabled, questions=[question, *questions])
    return LayoutChoice(classes, questions=[question])
