"""Build the pre-flight report: of the data once loaded, of a few batches once there is a model."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytorch_lightning as pl

from experiments.training.contract import preflight_report
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import Message, Note
from experiments.training.contract.stop import Stop
from experiments.training.data.loading import Samples
from experiments.training.data.module import DataModule
from experiments.training.preflight import duplicates, findings, shortcuts, summary, trial
from runs import atomic_files
from runs.files.json_parts import formatted

FILE = "preflight.json"
Say = Callable[[str], object]


class Blocked(Exception):  # the message is a sentence for the user
    """A training that must not start, as the report says."""


class PreflightBuilder:
    """A report being made; `say` receives progress texts."""

    def __init__(self, config: TrainingConfig, say: Say) -> None:
        self._config, self._say = config, say
        self._started = time.monotonic()
        self._reading = self._comparing = self._trying = 0.0
        self._trial: preflight_report.Trial | None = None
        self._received: list[preflight_report.Finding] = []
        self._data: _Data | None = None

    def add_samples(self, samples: Samples) -> None:
        """Analyse all samples, loaded and divided."""
        self._reading = time.monotonic() - self._started
        self._say(f"Pre-flight: comparing {len(samples.labels):,} samples with each other.")
        started = time.monotonic()
        self._data = _Data(self._config, samples)
        self._comparing = time.monotonic() - started

    def add_trial(
        self,
        module: pl.LightningModule,
        data: DataModule,
        *,
        model_name: str,
        make_trainer: trial.MakeTrainer,
        stop: Stop,
    ) -> None:
        """Try a few batches on a copy of the module."""
        self._say("Pre-flight: trying a few batches on a copy of the model.")
        started = time.monotonic()
        self._trial = trial.run(self._config, module, data, model_name=model_name, make_trainer=make_trainer, stop=stop)
        self._trying = time.monotonic() - started

    def receive(self, message: Message) -> None:
        """Add the notes sent while the model is made as findings; a run would record them."""
        if isinstance(message, Note):
            self._received.append(preflight_report.Finding(code=message.code, level="info", text=message.text))

    def warn(self, notes: Iterable[Note]) -> None:
        """Add what the training would do otherwise than its configuration asks as warnings; a run would record it."""
        self._received += [preflight_report.Finding(code=note.code, level="warning", text=note.text) for note in notes]

    @property
    def blocked(self) -> str | None:
        """The reason why the training must not start; None if it may."""
        return findings.blocking(self._known.findings)

    @property
    def notes(self) -> list[Note]:
        """The findings that stay with the run, as notes."""
        return [Note(code=f.code, text=f.text) for f in self._known.findings if f.code in findings.NOTED]

    def report(self) -> preflight_report.Preflight:
        """Make the report of all that is known so far; the data are required."""
        known = self._known
        found = [*known.findings, *self._received]
        return preflight_report.Preflight(
            verdict=preflight_report.verdict(found),
            findings=found,
            name=known.name,
            classes=known.classes,
            counts=known.counts,
            images=known.images,
            duplicates=known.duplicates,
            patients=known.patients,
            table=known.table,
            trial=self._trial,
            reading=known.reading,
            cost=preflight_report.Cost(reading=self._reading, comparing=self._comparing, trial=self._trying),
        )

    @property
    def _known(self) -> _Data:
        if self._data is None:
            raise RuntimeError("no samples were added to the report")
        return self._data


class _Data:
    """The parts of the report that come from the samples."""

    def __init__(self, config: TrainingConfig, samples: Samples) -> None:
        self.name, self.classes = samples.name, list(samples.classes)
        self.counts = summary.counts(samples)
        self.images = summary.images(samples)
        self.duplicates = duplicates.find(samples)
        self.patients = summary.patients(samples)
        self.table = summary.table(samples)
        self.reading = samples.reading
        self.findings = findings.of_data(
            config,
            counts=self.counts,
            classes=self.classes,
            images=self.images,
            duplicates=self.duplicates,
            patients=self.patients,
            columns=samples.columns,
            pictures=shortcuts.of_images(samples),
            reading=samples.reading,
        )


def write(folder: Path, made: preflight_report.Preflight) -> None:
    """Write `preflight.json`, whole or not at all."""
    atomic_files.write(folder / FILE, formatted(made))


def write_log(text: str) -> None:
    """Write a line to standard output, which goes into the run's log."""
    sys.stdout.write(f"{text}\n")
