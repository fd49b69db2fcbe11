"""The sample process of the built-in data sets: pictures of the files that trainings read, and scikit-learn's table.

A module of its own, because scikit-learn takes longer to import than anything else a sample process needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.training.data import builtins
from experiments.training.data.files.catalogue import BUILTINS, Builtin
from experiments.training.data.files.folders import Folder
from experiments.training.data.inspection import feature_summary, sample_process, table_samples
from experiments.training.data.inspection.sample_sheets import FeatureSheet, Sheet, Task

CLASS_COLUMN = "class"


def sheet(task: Task) -> Sheet | FeatureSheet:
    """Make the sheet that the task asks for; raises OSError where images cannot be exported."""
    builtin = BUILTINS[str(task.builtin)]
    if builtin.table:
        return _features(builtin) if task.features else _rows(builtin, task.ids)
    if task.features:
        return FeatureSheet(problem="This data set is not a table.")
    folder = builtins.export_digits(Path(task.path)).resolve()
    return sample_process.pictures(Folder(folder, folder), task, list(builtin.counts))


def _rows(builtin: Builtin, ids: Sequence[str]) -> Sheet:
    """Make the sheet of these rows, or of the first, with the class first: scikit-learn keeps it beside the table."""
    values, labels, names = builtins.load_breast_cancer_table()
    classes = list(builtin.counts)
    numbers = {id_: number for number, id_ in enumerate(builtin.ids)}
    shown = [numbers[id_] for id_ in ids if id_ in numbers] if ids else range(table_samples.ROWS)
    rows = [[classes[labels[number]], *map(str, values[number].tolist())] for number in shown]
    return table_samples.sheet(len(labels), [CLASS_COLUMN, *names], rows)


def _features(builtin: Builtin) -> FeatureSheet:
    values, labels, names = builtins.load_breast_cancer_table()
    classes = list(builtin.counts)
    found = feature_summary.of_numbers(names, values, labels, classes)
    return FeatureSheet(rows=len(labels), total=len(names), class_total=len(classes), classes=classes, features=found)


if __name__ == "__main__":
    sample_process.main(sheet)
