"""What workers do for an external test: say what its process needs to know, and record what it found."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from experiments.datasets import lookup
from experiments.external_tests import recording
from experiments.external_tests.asking import with_reading
from experiments.model_jobs.build import job_for
from experiments.model_jobs.kinds import Kind
from experiments.models import ModelJob
from experiments.trained_models.sources import source_of
from experiments.training.contract.reports import Job
from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.splits import FILE as SPLIT_FILE
from experiments.training.external_testing.asked import INTERNAL, PREDICTIONS, Asked
from experiments.training.external_testing.overlap import Known
from runs import queries
from runs.events import OperatingPoint
from runs.files import run_files
from runs.models import Run
from runs.saved_points import point_history
from runs.statistics.recalibration.probability import preferred_method


class ExternalTests(Kind):
    """External tests, whose jobs stay as long as their runs."""

    recipe = "experiments.training.recipes.model_jobs.external_test"
    expires = False

    def job_of(self, model_job: ModelJob) -> Job:
        """Locate the data, and lay the run's own predictions and splits beside; raises SourceError, Conflict."""
        run, options = model_job.run, model_job.options
        source = source_of(run)
        place = lookup.locate(options["source_path"], run.project.pk)
        asked = _asked(run, model_job)
        built = job_for(model_job, source, place=place, options=msgspec.to_builtins(asked))
        return msgspec.structs.replace(built, config=with_reading(built.config, options))

    def finish(self, model_job: ModelJob, result: Mapping[str, Any]) -> Mapping[str, Any]:
        """Record the test; the result of the job names it."""
        return {"external_test": recording.add(model_job, result).number}


def _asked(run: Run, model_job: ModelJob) -> Asked:
    options, results = model_job.options, {result.split: result for result in queries.final_results(run.pk)}
    val, saved = results.get("val"), point_history.current(run)
    folder = model_job.inputs
    folder.mkdir(parents=True, exist_ok=True)
    has_predictions = _copied(run, PREDICTIONS, folder / INTERNAL)
    has_splits = _copied(run, SPLIT_FILE, folder / SPLIT_FILE)
    method = preferred_method(run.recalibration)
    return Asked(
        threshold=options["threshold"],
        rule=options.get("rule"),
        number=options.get("number"),
        site=options.get("site"),
        kept_rule=saved.rule if saved else "own",
        kept_number=saved.number if saved else None,
        kept_log_odds=saved.log_odds if saved else None,
        points=msgspec.convert(val.operating_points if val else [], list[OperatingPoint]),
        internal_split=("test" if "test" in results else "val") if results and has_predictions else None,
        known=Known(
            content_hash=run.dataset_hash,
            source=_own_source(run),
            split_file=str(folder / SPLIT_FILE) if has_splits else None,
        ),
        recalibration=None if method is None or method["problem"] else dict(method),
    )


def _own_source(run: Run) -> str | None:
    """Return where the run's own data lay, as the other data are located; None where it cannot be told any more."""
    try:
        return lookup.locate(run.source_path, run.project.pk).source_path
    except SourceError:
        return None


def _copied(run: Run, name: str, target: Path) -> bool:
    """Copy a file of the run to where the process reads it; False where there is none."""
    try:
        with run_files.seekable(run, name) as found, target.open("wb") as file:
            shutil.copyfileobj(found, file)
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return False
    return True


KIND = ExternalTests()
