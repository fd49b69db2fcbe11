"""`manage.py predict RUN PATH…`: what the best model of a run says of files, folders, tables and data sets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from experiments.cli.chosen_run import in_words, present_run
from experiments.cli.stop_signals import StopSignals
from experiments.datasets import lookup
from experiments.trained_models.sources import source_of
from experiments.training.contract import environment
from experiments.training.contract.source_errors import SourceError
from runs.check_tags import INSTALLATION
from runs.models import Run

CHILD = "experiments.training.recipes.prediction_process"
START = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # until all is loaded: there is nothing to put in order
from {CHILD} import main
sys.exit(main())
"""
FORMS = ("csv", "jsonl")
POLL_SECONDS = 0.2
GRACE_SECONDS = 10.0


class Command(BaseCommand):
    """The command `predict`."""

    help = (
        "Predict with the best model of a run, at its saved operating point, and write the predictions as CSV or JSON "
        "lines; progress goes to standard error."
    )
    requires_system_checks = [INSTALLATION]

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the run, what to predict, and where the predictions go."""
        parser.add_argument("run", type=int, metavar="RUN", help="id of the run")
        parser.add_argument(
            "paths",
            nargs="+",
            metavar="PATH",
            help="an image, a folder or zip of images, a MedMNIST .npz, a table, or dataset:NAME of the run's project",
        )
        parser.add_argument("--format", choices=FORMS, default=FORMS[0], help="csv or jsonl (default: %(default)s)")
        parser.add_argument("--output", type=Path, metavar="FILE", help="file to write (default: standard output)")
        parser.add_argument(
            "--device", default="cpu", help="cpu, or cuda with the number of a GPU (default: %(default)s)"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Start a process that predicts, and wait for its end. Raises CommandError unless all inputs were predicted."""
        run = present_run(options["run"])
        with in_words(run):
            source = source_of(run)
        task = {
            "source": source,
            "places": [_place(run, path) for path in options["paths"]],
            "form": options["format"],
            "output": None if options["output"] is None else str(options["output"].expanduser().absolute()),
            "device": options["device"],
        }
        stopping = threading.Event()
        signals = StopSignals(stopping)
        signals.install()
        code = _carried_out(msgspec.json.encode(task), stopping)
        if code := signals.exit_code or code:
            sys.exit(code)


def _place(run: Run, path: str) -> dict[str, Any]:
    """Describe what a path of the command line names. Raises CommandError."""
    if not path.startswith(lookup.PREFIX):
        return {"name": path, "path": str(Path(path).expanduser().absolute())}
    try:
        found = lookup.locate(path, run.project.pk)
    except SourceError as error:
        raise CommandError(error.message) from error
    roots = [str(root) for root in found.roots]
    return {"name": path, "path": found.source_path, "roots": roots, "stamp": found.stamp}


def _carried_out(task: bytes, stopping: threading.Event) -> int:
    """Run the process that predicts, stop it once that is asked for, and return its exit code."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", START],
        cwd=settings.BASE_DIR,
        env=environment.cleaned(os.environ),
        stdin=subprocess.PIPE,
        start_new_session=True,  # a signal to the terminal reaches it through this process alone
    )
    threading.Thread(target=_send, args=(process, task), daemon=True).start()
    while True:
        try:
            return process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if stopping.is_set():
                return _stop(process)


def _send(process: subprocess.Popen[bytes], task: bytes) -> None:
    assert process.stdin is not None  # noqa: S101  (it was asked for)
    try:
        process.stdin.write(task)
        process.stdin.close()
    except BrokenPipeError:
        return  # it ended before, and its exit code says so


def _stop(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
