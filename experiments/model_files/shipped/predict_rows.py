"""Score rows of a CSV file by an ONNX file of Livetrain: python predict.py MODEL.onnx ROWS.csv.

It needs onnxruntime and numpy. Columns are found by name, numbers are written plainly (3.5), and separated by commas.
Not read: dates, units, decimal commas and other tables; make plain numbers of them as the training did.
"""

from __future__ import annotations

import csv
import json
import sys
from typing import Any

import numpy as np
import onnxruntime


def value(cell: str, column: dict[str, Any], how: dict[str, Any]) -> float:
    """Return the number of one cell: its own, NaN where it is missing, or the place of its category."""
    missing = how["missing_numbers" if column["kind"] == "number" else "missing_cells"]
    cell = "" if cell.strip().casefold() in missing else cell.strip()
    if column["kind"] == "number":
        return float(cell or "nan")
    if cell and cell not in column["categories"]:
        print(f"{column['name']}: the training rows had no {cell!r}", file=sys.stderr)
    return column["categories"].index(cell) if cell in column["categories"] else -1


def main(model: str, table: str) -> None:
    """Print one line of JSON for each row."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    how, classes = json.loads(about["preprocessing"]), json.loads(about["classes"])
    with open(table, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if lacking := [one["name"] for one in how["columns"] if rows and one["name"] not in rows[0]]:
        sys.exit(f"{table} lacks the columns {lacking}.")
    given = [[value(row[one["name"]] or "", one, how) for one in how["columns"]] for row in rows]
    names = [output.name for output in session.get_outputs()]
    found = session.run(names, {"rows": np.array(given, np.float64).reshape(len(rows), len(how["columns"]))})
    for number, values in enumerate(zip(*found), 1):
        one = dict(zip(names, (part.tolist() for part in values)))
        print(json.dumps({"row": number, "predicted": classes[one["label"]], **one}))


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) == 3 else sys.exit(__doc__)
