"""`manage.py evaluate RUN SOURCE`: test a run's model on another data set, here and now."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rest_framework.exceptions import APIException, ValidationError

from experiments.cli.chosen_run import in_words, present_run
from experiments.cli.stop_signals import StopSignals
from experiments.cli.training_command import TrainingCommand
from experiments.external_tests import asking, page_words
from experiments.external_tests.asking import RULES, EvaluateBody
from experiments.external_tests.descriptions import detail
from experiments.model_jobs import worker_thread
from experiments.models import ExternalTest, ModelJob
from experiments.processes import training_process
from experiments.training.external_testing.asked import KEPT, RECHOSEN
from runs.check_tags import INSTALLATION
from runs.errors import invalid

LOOK_SECONDS = 0.5


class Command(TrainingCommand):
    """The command `evaluate`."""

    help = "Test a run's model on another data set, and show the result beside that of its own test."
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the run, the data, and how they are read and decided."""
        parser.add_argument("run", type=int, metavar="RUN", help="id of the run")
        parser.add_argument("source", metavar="SOURCE", help="dataset:NAME, a path inside the data roots, builtin:NAME")
        parser.add_argument("--name", default="", help="what the test is called")
        parser.add_argument("--note", default="", help="what readers should know of these data")
        parser.add_argument("--site", help="column that says of which site a sample is")
        parser.add_argument("--subgroup", action="append", default=[], help="column of groups; repeatable")
        parser.add_argument(
            "--class-name",
            action="append",
            default=[],
            metavar="THEIRS=OURS",
            help="a class; repeatable",
        )
        parser.add_argument(
            "--data", action="append", default=[], metavar="OPTION=VALUE", help="an option of reading; repeatable"
        )
        parser.add_argument("--threshold", choices=(KEPT, RECHOSEN), default=KEPT, help="default: %(default)s")
        parser.add_argument("--rule", choices=RULES, help="how a threshold is chosen on these data")
        parser.add_argument("--at-least", type=float, help="least sensitivity or specificity of the rule")
        parser.add_argument("--cost-ratio", type=float, help="false alarms that a missed positive costs")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Ask for the test, carry it out unless a worker does, and write its numbers. Raises CommandError."""
        run = present_run(options["run"])
        draining = threading.Event()
        signals = StopSignals(draining)
        signals.install()
        with in_words(run):
            job = asking.ask(run, run.owner, _body(options))
        self.stderr.write("Loading PyTorch …")
        training_process.warm_up()
        if not worker_thread.work_on(job.pk, draining=draining):
            self.stderr.write("A worker carries it out.")
        self._report(_ended(job, draining), signals.exit_code)

    def _report(self, job: ModelJob, stopped: int | None) -> None:
        if job.status != ModelJob.Status.DONE:
            words = job.problem or f"The job is {job.status}."
            raise CommandError(f"Model job {job.pk}: {words}", returncode=stopped or 1)
        test = ExternalTest.objects.select_related("run__owner", "owner", "job__run").get(job=job)
        found = detail(test, test.owner)
        self.stdout.write(f"External test {test.number} of run {test.run_id}: {found['title']}, {test.samples} samples")
        for text in (*found["overlap"]["texts"], *found["warnings"], *found["notes"]):
            self.stdout.write(f"Note: {text}")
        for row in page_words.compared_rows(found):
            mark = " *" if row.shown else ""
            other = f", chosen here {row.rechosen}" if found["rechosen"] else ""
            self.stdout.write(f"{row.label}: own {row.internal}, here {row.external}{other}{mark}")
        for text in _shift_texts(found):
            self.stdout.write(text)
        self.stdout.write(f"Predictions: {test.predictions}")


def _body(options: dict[str, Any]) -> dict[str, Any]:
    """Return the validated body of the same request over REST. Raises CommandError."""
    body = {
        "source_path": options["source"],
        "name": options["name"],
        "note": options["note"],
        "threshold": options["threshold"],
        **({"subgroup_columns": options["subgroup"]} if options["subgroup"] else {}),
        **({"class_names": options["class_name"]} if options["class_name"] else {}),
        **{name: options[name] for name in ("site", "rule", "at_least", "cost_ratio") if options[name] is not None},
    }
    if options["data"]:
        body["data"] = dict(_option(text) for text in options["data"])
    serializer = EvaluateBody(data=body)
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        raise CommandError(str(invalid(error).detail)) from error
    except APIException as error:
        raise CommandError(str(error.detail)) from error
    return dict(serializer.validated_data)


def _option(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise CommandError(f"{text!r} is no option with its value, as in target_column=outcome.")
    return name.strip(), value.strip()


def _ended(job: ModelJob, draining: threading.Event) -> ModelJob:
    """Wait until the job has ended, in whichever process it is carried out."""
    job.refresh_from_db()
    while job.status in ModelJob.UNFINISHED and not draining.is_set():
        time.sleep(LOOK_SECONDS)
        job.refresh_from_db()
    return job


def _shift_texts(found: dict[str, Any]) -> list[str]:
    shift = found["shift"] or {}
    said = [one["text"] for one in shift.get("differences", []) if one["text"]]
    return [*said, *shift.get("prevalence_texts", []), *shift.get("score_texts", []), *found["calibration"]]
