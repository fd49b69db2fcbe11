"""Score rows of a CSV file by an ONNX file of Livetrain: python predict.py MODEL.onnx ROWS.csv

It needs onnxruntime and numpy. Columns are found by name, numbers are written plainly (3.5), and separated by commas.
Not read: dates, units, decimal commas and other tables; make plain numbers of them as the training did.
"""

import csv
import json
import sys

import numpy as np
import onnxruntime


def value(cell, name, kind, categories, how):
    """Return the number of one cell: its own, NaN where it is missing, or the place of its category."""
    cell = "" if cell.strip().casefold() in how["missing_cells"] else cell.strip()
    if kind == "number":
        return float(cell or "nan")
    if cell and cell not in categories and f"{name}={cell}" not in how["constant"]:
        sys.exit(f"The column {name!r} has {cell!r}, which the training never saw: it knows {categories}.")
    return categories.index(cell) if cell in categories else -1


def main(model, table):
    """Print one line of JSON for each row."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    about = {name: json.loads(session.get_modelmeta().custom_metadata_map[name]) for name in ("classes", "preprocessing")}
    how, names = about["preprocessing"], [output.name for output in session.get_outputs()]
    with open(table, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if lacking := [one["name"] for one in how["columns"] if rows and one["name"] not in rows[0]]:
        sys.exit(f"{table} lacks the columns {lacking}.")
    given = np.array([[value(row[one["name"]], **one, how=how) for one in how["columns"]] for row in rows], np.float64)
    found = dict(zip(names, session.run(names, {"rows": given.reshape(len(rows), -1)})))
    for at in range(len(rows)):
        one = {name: found[name][at].tolist() for name in names}
        print(json.dumps({"row": at + 1, "predicted": about["classes"][one["label"]], **one}))


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) == 3 else sys.exit(__doc__)
