"""What a run's page asks for, and one more epoch, with more and more epochs; stored as a worker does, by `ingest`."""

from __future__ import annotations

from benchmarks.growth import measuring
from benchmarks.growth.own_home import HOME  # Django is set up before models are imported

# isort: split
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from benchmarks import ingest
from runs.api import hint_evidence
from runs.hints.all import hints
from runs.models import Run

LIVE = 20
PATHS = {"the run's page": "/runs/{}/", "the run": "/api/runs/{}/", "all curves of the page": "/api/runs/{}/snapshot/"}


def main() -> None:
    call_command("migrate", verbosity=0)
    meter = measuring.Meter()
    ingest.follow(ingest.claimed(), ingest.batches(ingest.epochs(2), 1))
    with measuring.Collected("epochs", "epochs") as found:
        for epochs in measuring.asked()["sizes"]:
            run = ingest.claimed()
            messages = list(ingest.batches(ingest.epochs(epochs + LIVE), 1))
            ingest.follow(run, messages[:epochs])
            client = Client()
            client.force_login(User.objects.get())
            for what, path in PATHS.items():
                taken = meter.least(lambda: measuring.get(client, path.format(run.pk)))  # noqa: B023
                found.add(what, "ms", epochs, measuring.MILLI * taken)
            numbers = meter.least(lambda: measuring.get(client, f"/api/runs/{run.pk}/metrics/"))  # noqa: B023
            found.add("all numbers, ten an epoch", "ms", epochs, measuring.MILLI * numbers)
            seconds = meter.least(lambda: hints(hint_evidence.of_run(Run.objects.get(pk=run.pk))))  # noqa: B023
            found.add("hints", "ms", epochs, measuring.MILLI * seconds)
            live = meter.of(lambda: ingest.follow(run, messages[epochs:]))  # noqa: B023
            found.add("one more epoch stored", "ms", epochs, measuring.MILLI * live / LIVE)


if __name__ == "__main__":
    with HOME:
        main()
