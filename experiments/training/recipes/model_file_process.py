"""Write a model file for `manage.py export RUN --format …`: a process of its own, as only those load PyTorch.

A Job arrives as JSON on standard input, its result leaves as JSON on standard output; progress and problems go to
standard error.
"""

from __future__ import annotations

import sys

import msgspec

from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.networks.network_catalogue import CatalogueError
from experiments.training.contract.reports import Job, Message, Note
from experiments.training.contract.stop import Stop
from experiments.training.loading import lean_lightning  # noqa: F401  (before Lightning is loaded)
from experiments.training.prediction.errors import ModelError
from experiments.training.recipes.model_jobs import model_file


def main() -> int:
    """Carry the job out and return the exit code."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    try:
        network_catalogue.install(job.networks)
        result = model_file.run(job, _say, Stop())
    except (ModelError, CatalogueError) as error:
        sys.stderr.write(f"{getattr(error, 'message', error)}\n")
        return 1
    sys.stdout.write(msgspec.json.encode(result).decode())
    return 0


def _say(message: Message) -> None:
    if isinstance(message, Note):
        sys.stderr.write(f"{message.text} …\n")


if __name__ == "__main__":
    sys.exit(main())
