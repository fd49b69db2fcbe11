"""Collect what a report on a run is made from: rows and small files, read once. No predictions are opened here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from experiments.external_models import ExternalTest
from experiments.external_tests import queries as external_queries
from experiments.report_models import ReportText
from experiments.reports.report_texts import texts_of
from runs import queries
from runs.errors import Conflict
from runs.evaluated_splits import split_looks
from runs.events import EarlyStopped
from runs.files import reading_file, training_files
from runs.files.exports import SUBGROUPS
from runs.groups import statistics as group_statistics
from runs.models import FinalResult, Run
from runs.saved_points.saved_point_json import current_point, decisions
from runs.serializers import split_use
from runs.stored_config import StoredConfig

SPLITS = {"train": "training", "val": "validation", "test": "test"}

SAME_DATA = "same"
"""What an external test says of its data where they are those of the training."""
_WHICH = "The page of the run says which."
UNNAMED = {
    "leakage_allowed": "The training was allowed with leaks between splits: samples or patients of one split are in "
    f"another, too, so that results on them look better than they are. {_WHICH}",
    "near_duplicates": "Samples of different splits are nearly the same. If they show the same thing, results on them "
    f"look better than they are. {_WHICH}",
    "label_conflicts": f"Copies of one sample have different classes: at most one of them is right. {_WHICH}",
    "unreadable_skipped": f"Images that cannot be read were left out. {_WHICH}",
}
"""Of notes that name samples or patients, what is said instead: reports and model files leave the server."""


class StoredNote(NamedTuple):
    """A note on a run."""

    code: str
    text: str


class NoReport(Conflict):
    """409: there is nothing to report on yet; the sentence says what is missing."""


@dataclass(frozen=True)
class Source:
    """A run with everything that is stored of it, as of the moment when it was read."""

    run: Run
    results: Sequence[FinalResult]
    reading: Mapping[str, Any]
    preflight: Mapping[str, Any]
    inference: Mapping[str, Any]
    stored_subgroups: Mapping[str, Any]
    texts: Mapping[str, ReportText]

    @property
    def main(self) -> FinalResult:
        """The evaluation that the report is about: that of the test split, where there is one, else of validation."""
        return next((result for result in self.results if result.split == "test"), self.results[0])

    @property
    def class_names(self) -> list[str]:
        """The classes in label order."""
        return list(self.main.class_names)

    @property
    def is_binary(self) -> bool:
        """Whether there are two classes, of which scores are those of the positive one."""
        return len(self.main.class_names) == 2

    @property
    def is_image(self) -> bool:
        """Whether the model reads images."""
        preprocessing: Mapping[str, Any] = self.inference.get("preprocessing") or {}
        return bool(self.reading.get("pixels")) or preprocessing.get("kind") == "image"

    @property
    def config(self) -> StoredConfig:
        """The options that the run was asked for."""
        return StoredConfig(self.run.config)

    @cached_property
    def point(self) -> dict[str, Any] | None:
        """The saved operating point that holds."""
        return current_point(self.run)

    @cached_property
    def decisions(self) -> list[dict[str, Any]]:
        """All that was decided about the operating point, the newest first."""
        return decisions(self.run)

    @cached_property
    def looks(self) -> dict[str, Any] | None:
        """How often the test split was looked at; None without a test split."""
        return split_use(split_looks.of_run(self.run.pk)) if self.main.split == "test" else None

    @cached_property
    def group(self) -> group_statistics.GroupReport | None:
        """The cross-validation that the run is a fold of."""
        return None if self.run.group is None else group_statistics.report(self.run.group)

    @cached_property
    def external_tests(self) -> list[ExternalTest]:
        """The tests of this very model on other data, the oldest first."""
        return external_queries.of_run(self.run)

    @property
    def tested_elsewhere(self) -> bool:
        """Whether one of the external tests was made on other data than those of the training."""
        return any(test.headline["overlap"] != SAME_DATA for test in self.external_tests)

    @property
    def notes(self) -> list[StoredNote]:
        """The notes on the run as a report may show them: without the samples and patients that some of them name."""
        return [StoredNote(code=note["code"], text=UNNAMED.get(note["code"], note["text"])) for note in self.run.notes]

    @property
    def data_name(self) -> str:
        """The name of the data, without where they lie."""
        return data_name(self.run.source_path)

    @cached_property
    def stopped_early(self) -> bool:
        """Whether early stopping ended the training."""
        return queries.last_event(self.run.pk, EarlyStopped.type) is not None

    @property
    def patients_known(self) -> bool:
        """Whether it is known which samples belong to which patient."""
        return self.main.patients is not None

    @property
    def has_subgroups(self) -> bool:
        """Whether columns were kept by which samples can be told apart."""
        return bool(self.reading.get("subgroups") or self.stored_subgroups.get("splits"))

    @property
    def execution(self) -> Mapping[str, Any]:
        """What the last attempt was really carried out on; empty if unknown."""
        return self.run.execution[-1] if self.run.execution else {}


def source_of(run: Run) -> Source:
    """Read all of it. Raises NoReport where the run has no result, StoreError of an object store that fails."""
    results = queries.final_results(run.pk)
    require_result(run, results)
    return Source(
        run=run,
        results=results,
        reading=reading_file.read(run) or {},
        preflight=training_files.read_object(run, "preflight.json"),
        inference=training_files.read_object(run, "inference.json"),
        stored_subgroups=training_files.read_object(run, SUBGROUPS),
        texts=texts_of(run),
    )


def require_result(run: Run, results: Sequence[FinalResult]) -> None:
    """Raise NoReport unless the run has ended with a result."""
    if run.status not in Run.ENDED:
        raise NoReport(f"Run {run.pk} is {run.status.replace('_', ' ')}: make a report when it has ended.")
    if run.status == Run.Status.FAILED:
        raise NoReport(
            f"Run {run.pk} has failed, so there is no result to report on. Resume it or run it again, and make a "
            "report when it is completed."
        )
    if not results:
        raise NoReport(
            f"Run {run.pk} was cancelled before it was evaluated, so there is no result to report on. Resume it, and "
            "make a report when it is completed."
            if run.status == Run.Status.CANCELLED
            else f"Run {run.pk} has no final evaluation, so there is no result to report on. Run it again."
        )


def data_name(source_path: str) -> str:
    """Return the name of a data set, or the last part of a path: where it lies on the server concerns no reader."""
    name = source_path.removeprefix("dataset:")
    return name.rstrip("/").rpartition("/")[2] or name
