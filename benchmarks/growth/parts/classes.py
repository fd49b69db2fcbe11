"""What the statistics of 10,000 predictions and the matrix of a run's page take with more and more classes."""

from __future__ import annotations

from typing import Any

from benchmarks.growth import measuring
from benchmarks.growth.own_home import HOME  # Django is set up before models are imported

# isort: split
import numpy as np
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from benchmarks import ingest
from benchmarks.final_numbers import drawn
from runs.models import FinalResult
from runs.statistics.score_statistics import epoch_metrics, final_statistics

SAMPLES = 10_000


def main() -> None:
    call_command("migrate", verbosity=0)
    meter = measuring.Meter()
    with measuring.Collected("classes", "classes") as found:
        for classes in measuring.asked()["sizes"]:
            scores, targets = drawn(classes, SAMPLES)
            names = [f"class {number}" for number in range(classes)]
            epoch = meter.least(lambda: epoch_metrics("val", loss=0.0, scores=scores, targets=targets))  # noqa: B023
            found.add("numbers of an epoch", "ms", classes, measuring.MILLI * epoch)
            statistics: list[Any] = []
            final = meter.of(lambda: statistics.append(final_statistics(scores, targets, class_names=names)))  # noqa: B023
            found.add("final numbers with all intervals", "s", classes, final)
            run = ingest.claimed()
            matrix, rows = statistics[0]
            FinalResult.objects.create(
                run=run,
                split="val",
                epoch=0,
                class_names=names,
                confusion_matrix=np.asarray(matrix).tolist(),
                statistics=rows,
            )
            client = Client()
            client.force_login(User.objects.get())
            answer = client.get(f"/api/runs/{run.pk}/final-stats/")
            taken = meter.least(lambda: client.get(f"/api/runs/{run.pk}/final-stats/").content)  # noqa: B023
            found.add("the page's matrix and final numbers", "ms", classes, measuring.MILLI * taken)
            found.add("bytes of that answer", "kB", classes, len(answer.content) / 1e3)


if __name__ == "__main__":
    with HOME:
        main()
