"""How large data may be: each limit where the code declares it, and what becomes of larger ones."""

from __future__ import annotations

from importlib import import_module

import django
from django.apps import apps

from docs.from_code.markdown import table
from experiments.training.contract.image_options import MAX_IMAGE_SIZE
from experiments.training.contract.inspections import DRY_RUN, TRAINING
from experiments.training.contract.networks import weight_files
from experiments.training.data import sources
from experiments.training.data.arrangement import label_tables, split_lists
from experiments.training.data.files import archives, folders, index, requirements
from experiments.training.data.images import dicom, verification
from experiments.training.data.labels import class_counts
from experiments.training.data.subgroups import number_bands, value_groups
from experiments.training.data.tables import label_table
from experiments.training.data.tables.contents import cells
from experiments.training.data.tables.formats import dialects, parquet, table_limits

HEADER = ("of", "what", "at most", "beyond it")
FOLDER_INSTEAD = "refused: unpack it inside a data root, of which more is read"


def limits() -> str:
    """Write the table of all limits."""
    return table(HEADER, [*_containers(), *_uploads(), *_tables(), *_images(), *_trainings()])


def _containers() -> list[tuple[str, ...]]:
    return [
        ("folder", "files, without hidden ones", _count(folders.MAX_FILES), "refused: name the folder of one data set"),
        ("folder, zip", "folders on the way to a file", _count(folders.MAX_DEPTH), "refused: name a folder further in"),
        ("zip", "entries", _count(archives.MAX_ENTRIES), FOLDER_INSTEAD),
        ("zip", "table of contents", _bytes(archives.MAX_DIRECTORY_BYTES), FOLDER_INSTEAD),
        ("zip", "a file, unpacked", _bytes(archives.MAX_FILE_BYTES), FOLDER_INSTEAD),
        ("zip, .npz", "all files, unpacked", _bytes(archives.MAX_TOTAL_BYTES), FOLDER_INSTEAD),
        ("list of a split", "size of the file", _bytes(split_lists.MOST_BYTES), "not read, and told"),
        (
            "zip, .npz",
            f"a file's size, unpacked, over its packed one; beyond {_bytes(archives.RATIO_FREE_BYTES)}",
            _count(archives.MAX_RATIO),
            "refused as a zip bomb",
        ),
    ]


def _uploads() -> list[tuple[str, ...]]:
    if not apps.ready:
        django.setup()
    uploads = import_module("experiments.datasets.uploads")
    return [
        ("upload", "size of a file", "`LIVETRAIN_UPLOAD_LIMIT_GIB`", "refused: register a folder or file instead"),
        ("upload", "size of a piece", _bytes(uploads.PIECE_LIMIT), "answered 413: send smaller ones"),
        ("upload", "unfinished ones of a user", _count(uploads.OPEN_PER_USER), "refused: finish or delete one"),
    ]


def _tables() -> list[tuple[str, ...]]:
    rows = f"{_count(table_limits.MAX_ROWS)}, and {_count(table_limits.MAX_CELLS)} cells"
    return [
        (
            "CSV",
            "size of the file",
            _bytes(table_limits.MAX_CSV_BYTES),
            "refused: save it as Parquet, within its limits",
        ),
        ("CSV", "its first lines, with the header", _bytes(dialects.MAX_HEAD_BYTES), "refused: save it again as CSV"),
        ("CSV, Parquet", "rows", rows, "refused: keep so many; the answer says how many rows or columns these are"),
        ("Parquet", "cells that are read, unpacked", _bytes(parquet.MAX_BYTES), "refused: keep fewer columns or rows"),
        ("table", "columns", _count(table_limits.MAX_COLUMNS), "refused: leave out those that hardly vary"),
        (
            "table",
            "features that they become",
            _count(table_limits.MAX_FEATURES),
            "refused: leave out columns of texts",
        ),
        ("table", "as numbers in memory", _bytes(table_limits.MAX_TABLE_BYTES), "refused: leave out columns"),
        ("table", "texts of one column", _count(cells.MAX_CATEGORIES), "the column is left out; the report names it"),
        ("column of subgroups", "groups", _count(value_groups.MOST_GROUPS), "the rarest are one; the report says it"),
        ("column of subgroups", "numbers as they are", _count(value_groups.MOST_NUMBERS), "more are bands"),
        ("column of subgroups", "bands of 90 %", _count(number_bands.MOST_BANDS), "wider bands"),
        ("table of images", "letters of an id", _count(label_table.MAX_ID_LETTERS), "refused: name another column"),
    ]


def _images() -> list[tuple[str, ...]]:
    decoded = f"{_bytes(requirements.MAX_IN_MEMORY_BYTES)}, or `LIVETRAIN_CACHE_GIB` where that is more"
    unreadable = "unreadable: save it smaller, or set `data.skip_unreadable`"
    return [
        ("image", "pixels", _count(verification.MAX_PIXELS), unreadable),
        ("image", "size of the file", _bytes(verification.MAX_BYTES), unreadable),
        ("DICOM", "pixels", _count(dicom.MAX_PIXELS), unreadable),
        ("DICOM", "size of the file", _bytes(dicom.MAX_BYTES), unreadable),
        (".npz", "images of a split", _count(index.MAX_SAMPLES), "refused: save fewer"),
        ("images", "`data.image_size`", _count(MAX_IMAGE_SIZE), "refused"),
        ("images", "all of them decoded", decoded, "refused: a smaller `data.image_size`, or a larger cache"),
    ]


def _trainings() -> list[tuple[str, ...]]:
    later = "not looked at by the request; the training's own process looks"
    return [
        ("data set", "classes", _count(class_counts.MAX_CLASSES), "refused: another column is the target"),
        ("data set", "different labels, before spellings are joined", _count(class_counts.MAX_DIFFERENT), "the same"),
        ("data set", "letters of a class's name", _count(class_counts.MAX_LETTERS), "refused: shorten it"),
        ("data set", "tables looked at", _count(label_tables.MOST_TABLES), "the others have other uses; `data.table`"),
        ("starting weights", "size of the file", _bytes(weight_files.MAX_BYTES), "refused: keep only weights in it"),
        ("request", "DICOM headers read for their patients", _count(sources.HEADERS_READ), later),
        ("request", "images opened", _count(verification.MAX_VERIFIED), "an evenly spread sample is opened"),
        ("request", "their size", _bytes(verification.MAX_VERIFIED_BYTES), "fewer are opened"),
        ("request", "seconds of computing", f"{TRAINING.cpu_seconds:g}", later),
        ("dry run", "seconds of computing, before it is queued", f"{DRY_RUN.cpu_seconds:g}", later),
    ]


def _count(number: int) -> str:
    return f"{number:,}"


def _bytes(number: int) -> str:
    for shift, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if number >= 1 << shift:
            return f"{number / (1 << shift):g} {unit}"
    return f"{number:,} bytes"
