"""`manage.py train CONFIG.json`: train as a request would, without broker and browser, with a progress bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from pydantic import ValidationError

from access.models import Project
from experiments.api.validation_messages import refusal
from experiments.cli.console import Console
from experiments.cli.stop_signals import StopSignals
from experiments.cli.training_command import TrainingCommand
from experiments.datasets.lookup import Place
from experiments.launch import create, inspect
from experiments.processes import metric_listing, training_process
from experiments.server import demo, private_home
from experiments.supervision import supervisor
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inspections import UNHURRIED
from experiments.training.contract.metrics import metric_catalogue
from experiments.training.contract.source_errors import SourceError
from experiments.worker import tasks
from runs import lifecycle, schema
from runs.api import strict_json
from runs.check_tags import INSTALLATION
from runs.errors import InvalidRequest
from runs.files import run_files
from runs.groups import statistics
from runs.models import Run, RunGroup
from runs.projects import project_choice
from runs.queue import limits_of_projects, lock_queue
from runs.quotas.room import QuotaExceeded, files_of, why_full
from runs.wording.metric_text import metric_value

WORKER = "command line"
LOOK_SECONDS = 1.0
"""Between two looks at whether a project has room for a run that waits."""
NOBODY_ELSE = 0  # of whom this process looks at data
HEADLINE = ("final_accuracy_cm", "final_recall_cm", "final_precision_cm", "final_f1_cm", "final_auroc_cm")


class Command(TrainingCommand):
    """The command `train`."""

    help = "Train here and now; the runs are listed like any other. Ctrl-C puts what is left into the queue."
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file with the request."""
        parser.add_argument("config", type=Path, help="file with the JSON body of a training request")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Queue the runs and carry them out here, one after the other. Raises CommandError unless all complete."""
        private_home.make_private()
        schema.bring_up_to_date()
        signals = StopSignals(tasks.draining)
        loaded = metric_catalogue.current() is None
        if loaded:  # no worker was ever started here, and the request may name metrics
            self._load(signals)
        user = demo.administrator()
        config, project, place = _read(options["config"], user)
        if not loaded:
            self._load(signals)
        if signals.exit_code:
            raise CommandError("Stopped before the training was queued.", returncode=signals.exit_code)
        queued, first = _queued(config, user, project, place)
        if first:
            self._carry_out(first)
        for run in self._claimed(queued[1:] if first else queued):
            self._carry_out(run)
        if queued[0].group:
            self._report_group(queued[0].group)
        _require_completed([run.pk for run in queued], signals.exit_code)

    def _load(self, signals: StopSignals) -> None:
        """Load all that a training needs, once; from then on signals stop in order."""
        signals.install()
        self.stderr.write("Loading PyTorch …")
        training_process.warm_up()
        metric_listing.bring_up_to_date()

    def _claimed(self, queued: Sequence[Run]) -> Iterator[Run]:
        """Claim the runs that wait, each when its turn comes; one that a worker claimed first is left to it."""
        for waiting in queued:
            named = f"Run {waiting.pk} ({waiting.which_fold})" if waiting.fold else f"Run {waiting.pk}"
            if run := self._claim_when_there_is_room(waiting):
                yield run
            elif Run.objects.filter(pk=waiting.pk, status=Run.Status.QUEUED).exists():
                self.stdout.write(f"{named} stays in the queue.")
            elif Run.objects.filter(pk=waiting.pk, attempt__gt=waiting.attempt).exists():
                self.stdout.write(f"{named} was taken by a worker.")
            else:
                self.stdout.write(f"{named} left the queue.")

    def _claim_when_there_is_room(self, waiting: Run) -> Run | None:
        """Claim a queued run as soon as its project's quota lets it train; say why it waits.

        None: it is no longer queued, or this command was stopped.
        """
        said = ""
        while not tasks.draining.is_set() and Run.objects.filter(pk=waiting.pk, status=Run.Status.QUEUED).exists():
            with transaction.atomic():
                lock_queue()
                why = why_full(waiting.project_id)
                if not why:
                    return lifecycle.claim(waiting.pk, WORKER)
            if why != said:
                said = why
                self.stdout.write(f"Run {waiting.pk} waits in the queue. {why}")
            tasks.draining.wait(LOOK_SECONDS)
        return None

    def _carry_out(self, run: Run) -> None:
        """Carry out a run, attempt after attempt: one that crashed is queued again, and there may be no worker."""
        attempt: Run | None = run
        while attempt is not None:
            with Console(attempt) as console:
                supervisor.carry_out(attempt, draining=tasks.draining, observe=console.observe)
            attempt = self._claim_when_there_is_room(run)
        self._report(Run.objects.get(pk=run.pk))

    def _report(self, ended: Run) -> None:
        self.stdout.write(f"Run {ended.pk} {ended.status}. Files: {run_files.place(ended)}")
        for result in ended.final_results.all():
            numbers = "  ".join(f"{name} {metric_value(name, result.statistics.get(name))}" for name in HEADLINE)
            self.stdout.write(f"{result.split}: {numbers}  matrix {result.confusion_matrix}")
        for note in ended.notes:
            self.stdout.write(f"Note: {note['text']}")

    def _report_group(self, group: RunGroup) -> None:
        for split, found in statistics.report(group).splits.items():
            self.stdout.write(f"{split}, mean ± standard deviation over {found.runs} of {group.size} folds:")
            for name in HEADLINE:
                spread = found.statistics[name]
                self.stdout.write(f"  {name} {metric_value(name, spread.mean)} ± {metric_value(name, spread.sd)}")


def _queued(config: TrainingConfig, user: User, project: Project, place: Place) -> tuple[list[Run], Run | None]:
    """Queue the runs, and claim the first where its project's quota lets it train: no worker sees it queued then.

    Raises CommandError that names the quota that is used up.
    """
    if limits_of_projects().get(project.pk) == 0:
        raise CommandError(why_full(project.pk))
    files = files_of(project.pk)
    try:
        with transaction.atomic():
            queued = create(config, user, project_id=project.pk, dataset_hash=place.content_hash, files=files)
            lock_queue()
            return queued, None if why_full(project.pk) else lifecycle.claim(queued[0].pk, WORKER)
    except QuotaExceeded as error:
        raise CommandError(str(error.detail)) from error


def _require_completed(numbers: Sequence[int], stopped: int | None) -> None:
    """Raise CommandError unless every run is completed; `stopped` is the exit code of a stopped command.

    What follows this command in a script needs its result, whatever the cause.
    """
    left = list(Run.objects.filter(pk__in=numbers).exclude(status=Run.Status.COMPLETED).order_by("pk"))
    if not left:
        return
    code = stopped if stopped and any(run.status in Run.UNFINISHED for run in left) else 1
    raise CommandError("\n".join(_why_left(run) for run in left), returncode=code)


def _why_left(run: Run) -> str:
    if run.status == Run.Status.QUEUED:
        return f"Run {run.pk} is in the queue: a worker will carry it out."
    if run.status in Run.RUNNING:
        return f"Run {run.pk} was taken by {run.worker}."
    return f"Run {run.pk} {run.status}: {run.reason or 'no reason is known.'}"


def _listed(found: InvalidRequest) -> str:
    lines = [f"  {problem['field']}: {problem['message']}" for problem in found.errors]
    return "\n".join([*lines, *([f"  and {found.more:,} more"] if found.more else [])])


def _read(path: Path, user: User) -> tuple[TrainingConfig, Project, Place]:
    """Read and check the request of the user. Raises CommandError that names each wrong field with its cure."""
    try:
        config = TrainingConfig.model_validate(strict_json.decode(path.read_bytes()))
        project = project_choice.to_train_in(user, config.project)
        place, _ = inspect(config, NOBODY_ELSE, project.pk, answered=True, patience=UNHURRIED)
    except (OSError, strict_json.NotJSON) as error:
        raise CommandError(f"{path}: {error}") from error
    except ValidationError as error:
        raise CommandError(f"{path}:\n{_listed(refusal(error))}") from error
    except InvalidRequest as error:
        raise CommandError(f"{path}:\n{_listed(error)}") from error
    except SourceError as error:
        raise CommandError(f"{path}:\n  {error.field}: {error.message}") from error
    return config, project, place
