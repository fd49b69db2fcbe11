"""`manage.py train CONFIG.json`: the same path as a request, without broker and browser, with a progress bar."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from pydantic import ValidationError

from experiments import demo, process, supervisor, tasks
from experiments.console import Console
from experiments.launch import create
from experiments.problems import explain
from experiments.training.config import TrainingConfig
from experiments.training.data import sources
from runs import lifecycle, schema
from runs.models import Run


class Command(BaseCommand):
    help = "Run one training here and now; the run is listed like any other. Ctrl-C puts it into the queue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("config", type=Path, help="file with the JSON body of a training request")

    def handle(self, *_args: Any, **options: Any) -> None:
        config = _read(options["config"])
        schema.bring_up_to_date()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: tasks.draining.set())
        self.stderr.write("Loading PyTorch …")
        process.warm_up()
        with transaction.atomic():  # no worker sees it queued
            queued = create(config, demo.administrator())
            run = lifecycle.claim(queued.pk, "command line")
        if run is None:
            raise CommandError(f"Run {queued.pk} was taken by a worker.")
        with Console(run) as console:
            supervisor.carry_out(run, draining=tasks.draining, observe=console.observe)
        self._report(Run.objects.get(pk=run.pk))

    def _report(self, run: Run) -> None:
        self.stdout.write(f"Run {run.pk} {run.status}. Files: {run.folder}")
        for result in run.final_results.all():
            shown = ("final_accuracy_cm", "final_recall_cm", "final_precision_cm", "final_f1_cm", "final_auroc_cm")
            numbers = [(name, result.statistics.get(name)) for name in shown]
            text = "  ".join(f"{name} {'–' if value is None else f'{value:.4f}'}" for name, value in numbers)
            self.stdout.write(f"{result.split}: {text}  matrix {result.confusion_matrix}")
        if run.status == Run.Status.FAILED:
            raise CommandError(run.reason or "The training failed.")


def _read(path: Path) -> TrainingConfig:
    """Raises CommandError that names each wrong field with its cure."""
    try:
        config = TrainingConfig.model_validate(msgspec.json.decode(path.read_bytes()))
        sources.inspect(config, settings.LIVETRAIN_DATA_ROOTS, cache_bytes=settings.CACHE_BYTES)
    except (OSError, msgspec.DecodeError) as error:
        raise CommandError(f"{path}: {error}") from error
    except ValidationError as error:
        lines = "\n".join(f"  {problem['field']}: {problem['message']}" for problem in explain(error))
        raise CommandError(f"{path}:\n{lines}") from error
    except sources.SourceError as error:
        raise CommandError(f"{path}:\n  {error.field}: {error.message}") from error
    return config
