"""What the scripts of a shared page ask for, in the forms of the REST API's answers."""

from __future__ import annotations

from typing import Any

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from realtime.shared.cleaning import shared_detail
from runs.api.views import ReadingView, one_of
from runs.curves.views import ManySeries, RunSeries, RunSnapshot, SamplesView
from runs.events import utc_now

NO_EVENTS = 0
OF_SERVER = "usage/"
"""How the names of curves begin that tell of the machine, not of the training."""


class SharedRun(ReadingView):
    """One run."""

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the run, as a share link shows it."""
        found = self.visible().select_related("owner", "project", "revised_by")
        return Response(shared_detail(one_of(found, run_id)))


class OfTraining(SamplesView):
    """A mixin, to stand before a view of curves: leaves out those of the server, its memory, disks and GPUs."""

    def answer_of(self, run_id: int) -> dict[str, Any]:
        """Build the curves that the parameters ask for, or their names, of the training alone."""
        found = super().answer_of(run_id)
        if "names" in found:
            return found | {"names": [name for name in found["names"] if not _is_of_server(name)]}
        return found | {"series": _of_training(found["series"])}


class SharedSeries(OfTraining, RunSeries):
    """Curves of one run."""


class SharedManySeries(OfTraining, ManySeries):
    """Curves of the runs of a comparison."""


class SharedSnapshot(RunSnapshot):
    """The state of one run, with its curves."""

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the snapshot without events of the journal, which name people, and with the run as a link shows it."""
        from runs.curves.snapshot import snapshot  # noqa: PLC0415

        samples = self.samples_of(run_id)
        found = snapshot(samples, self.asked["points"], NO_EVENTS)
        found |= {"run": shared_detail(samples.run), "series": _of_training(found["series"])}
        if found["training_start"] is not None:  # it has the name that the run had then
            start = msgspec.json.decode(found["training_start"])
            found["training_start"] = start | {"experiment_name": samples.run.experiment_name}
        return Response(found | {"at": utc_now()})


def _of_training(curves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [curve for curve in curves if not _is_of_server(curve["name"])]


def _is_of_server(name: str) -> bool:
    return name.startswith(OF_SERVER)
