"""The recipe of a dry run: make the pre-flight report of a request, without a training."""

from __future__ import annotations

from collections.abc import Callable

from experiments.training.callbacks.stopping import sigterm_sets
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.metrics import metric_catalogue
from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.reports import Job, Note, PreflightReady, Reporter
from experiments.training.contract.stop import Stop
from experiments.training.data.module import build as build_data
from experiments.training.metrics import inspection
from experiments.training.preflight import report_builder
from experiments.training.preflight.report_builder import PreflightBuilder
from experiments.training.recipes import centralized
from experiments.training.recipes.preparation import added_metrics, prepare

PROGRESS = "progress"
"""Code of the notes that report progress."""


def train(job: Job, report: Reporter, stop: Stop) -> None:
    """Make and send the report; never raises. The last message is the only `Outcome`."""
    with sigterm_sets(stop):
        report(centralized.conclusion(lambda: _make_report(job, report, stop), stop))


def _make_report(job: Job, report: Reporter, stop: Stop) -> None:
    network_catalogue.install(job.networks)
    metric_catalogue.read_from(inspection.catalogue)
    config = TrainingConfig.model_validate(job.config)
    centralized.begin(config, job)
    say = _saying(report)
    say("Pre-flight: reading the data.")
    preflight = PreflightBuilder(config, say)
    data = build_data(_lenient(config), job, stop, on_loaded=preflight.add_samples, answered=False)
    added_metrics(config, data, preflight.receive)
    module = prepare(config, job, data, preflight.receive)
    centralized.run_trial(preflight, config, job, module, data, stop=stop)
    report(PreflightReady(report=preflight.report()))


def _saying(report: Reporter) -> Callable[[str], None]:
    def say(text: str) -> None:
        report_builder.write_log(text)
        report(Note(code=PROGRESS, text=text.removeprefix("Pre-flight: ").capitalize()))

    return say


def _lenient(config: TrainingConfig) -> TrainingConfig:
    """Read whatever can be read: the report lists everything for which a training would be refused."""
    data = config.data.model_copy(update={"skip_unreadable": True, "allow_leakage": True})
    return config.model_copy(update={"data": data})
