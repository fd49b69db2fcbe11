"""GET …/series/ and …/snapshot/: curves thinned for charts, and a page's state in one answer.

JSON is compressed for clients that accept it. It repeats no secret, and Django pads compressed answers by a random
length, so their size tells an attacker nothing (BREACH). Programs may ask for binary numbers, which are not compressed:
that would take many times as long as reading them.

What computes them brings NumPy, which a process loads with its first request for a curve: neither its start nor pages
without curves wait for that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.decorators import decorator_from_middleware, method_decorator
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from runs import queries
from runs.api import ended_runs
from runs.api.entity_tags import ASKED_AGAIN, NOT_KEPT, tagged_content, unless_known
from runs.api.heavy_requests import LISTS, Kind
from runs.api.renderers import JSONRenderer
from runs.api.views import ReadingView
from runs.curves.parameters import ManySeriesParameters, SeriesParameters, SnapshotParameters, window
from runs.curves.window import NoAxis
from runs.errors import InvalidRequest
from runs.models import Run

if TYPE_CHECKING:
    from runs.curves.reading import Samples

BINARY = "application/vnd.livetrain.curves"
T = TypeVar("T")


class BinaryRenderer(JSONRenderer):
    """Lets `Accept` ask for binary numbers; the view itself writes them, and this what refuses them."""

    media_type = BINARY
    format = "curves"


class _Compressing(GZipMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress all but binary numbers."""
        return response if response.get("Content-Type") == BINARY else super().process_response(request, response)


@method_decorator(decorator_from_middleware(_Compressing), name="dispatch")
class SamplesView(ReadingView):
    """Base of the views that serve the samples of a run that the user may see."""

    def found(self, run_id: int) -> Run | None:
        """Read what curves need of a run that the user may see; None if there is none."""
        return queries.curve_run(self.request.user, run_id)

    def samples_of(self, run_id: int) -> Samples:
        """Load the run's samples; raises NotFound for a run that the user may not see."""
        from runs.curves.reading import Samples  # noqa: PLC0415

        found = Samples.of(self.found, run_id)
        if found is None:
            raise NotFound(f"Run {run_id} does not exist.")
        return found

    def answer_of(self, run_id: int) -> dict[str, Any]:
        """Build the curves that the parameters ask for; raises InvalidRequest for an axis they lack."""
        from runs.curves.series import answer  # noqa: PLC0415

        return _on_its_axis(lambda: answer(self.samples_of(run_id), self.asked.get("name"), window(self.asked)))


def _on_its_axis(build: Callable[[], T]) -> T:
    """Build an answer; raises InvalidRequest for an axis that the curves lack."""
    try:
        return build()
    except NoAxis as error:
        raise InvalidRequest([{"field": "by", "message": str(error)}]) from None


class RunSeries(SamplesView):
    """Curves of one run, or their names."""

    parameters = SeriesParameters
    renderer_classes = [JSONRenderer, BinaryRenderer]

    def kind_of_request(self) -> Kind | None:
        """Count those that ask for all samples."""
        return LISTS if _is_binary(self.request) else None

    def check_parameters(self, request: Request) -> None:
        """Refuse binary names: those are text."""
        super().check_parameters(request)
        if _is_binary(request) and "name" not in self.asked:
            raise InvalidRequest([{"field": "name", "message": f"Required for {BINARY}; names are listed as JSON."}])

    def get(self, request: Request, run_id: int) -> HttpResponseBase:
        """Return the curves that were asked for, or all names; 304 where the client has those of an ended run."""
        binary = _is_binary(request)
        tag = ended_runs.version(request, queries.curve_run(request.user, run_id), BINARY if binary else None)
        build = self._binary if binary else lambda number: Response(self.answer_of(number))
        return unless_known(request, tag, lambda: build(run_id), ASKED_AGAIN)

    def _binary(self, run_id: int) -> HttpResponse:
        from runs.curves.binary_answer import binary_answer  # noqa: PLC0415

        samples, asked = self.samples_of(run_id), self.asked
        return HttpResponse(
            _on_its_axis(lambda: binary_answer(samples, asked["name"], window(asked))), content_type=BINARY
        )


def _is_binary(request: Request) -> bool:
    return bool(request.accepted_renderer.media_type == BINARY)


class ManySeries(SamplesView):
    """The same curves of several runs, to compare them."""

    parameters = ManySeriesParameters
    heavy = LISTS

    def get(self, _request: Request) -> Response:
        """Return the curves of each run that was asked for."""
        return Response({"runs": [self.answer_of(run_id) for run_id in self.asked["runs"]]})


class RunSnapshot(SamplesView):
    """The state from which a page goes on with the events after `last_seq`."""

    parameters = SnapshotParameters

    def found(self, run_id: int) -> Run | None:
        """Read all of the run, which is part of the answer."""
        return self.visible().select_related("owner", "project", "revised_by").filter(pk=run_id).first()

    def get(self, request: Request, run_id: int) -> HttpResponseBase:
        """Return the snapshot; 304 where the client has it as it is, of an ended run."""
        from runs.curves.snapshot import snapshot  # noqa: PLC0415

        samples = self.samples_of(run_id)
        found = snapshot(samples, self.asked["points"], self.asked["log"])
        if samples.run.status not in Run.ENDED:
            return Response(found)
        # Not by the run's version: pruning takes events out of the log.
        return tagged_content(request, JSONRenderer().render(found), NOT_KEPT)
