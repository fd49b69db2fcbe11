"""What a model expects: images of which size, or rows with which columns, from the run's own files. No reader of data.

`inference.json` and `features.csv` are files that the server has made, small, and read as texts.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import msgspec

from experiments.training.contract import inference
from experiments.training.model_source import ModelSource
from runs.spreadsheets.neutral_cells import original

MOST_COLUMNS, MOST_CATEGORIES = 2_000, 50  # that an answer lists
_DECODER = msgspec.json.Decoder(dict[str, Any])


def described(source: ModelSource) -> dict[str, Any]:
    """Describe the input: `kind`, of images `size` and `channels`, of rows `columns` and how many there are.

    Raises OSError, and msgspec.DecodeError for a file that is none of ours.
    """
    folder = Path(source.folder)
    found = _DECODER.decode((folder / inference.FILE).read_bytes())["preprocessing"]
    if found["kind"] == "image":
        return {
            "kind": "image",
            "size": found["size"],
            "channels": found["channels"],
            "columns": None,
            "column_count": None,
        }
    columns = _columns(folder / inference.FEATURES_FILE)
    return {
        "kind": "table",
        "size": None,
        "channels": None,
        "columns": columns[:MOST_COLUMNS],
        "column_count": len(columns),
    }


def _columns(path: Path) -> list[dict[str, Any]]:
    """Collect the columns that rows should have, in the order of the features, each with its categories."""
    found: dict[str, dict[str, Any]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name, is_category = original(row["column"]), row["kind"] == "category"
            column = found.setdefault(
                name, {"name": name, "kind": row["kind"], "categories": [] if is_category else None}
            )
            if is_category and len(column["categories"]) < MOST_CATEGORIES:
                column["categories"].append(original(row["category"]))
    return list(found.values())
