"""GET …/final-samples/pictures/ and …/<place>/picture/: what samples look like, where that can still be read."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from experiments.api import run_samples
from experiments.api.run_samples import Shown, Wanted
from experiments.training.data.inspection.sample_sheets import RunSample
from runs.api.views import StoreUnavailable
from runs.evaluation.evaluation_views import EvaluationParameters, EvaluationView, PageParameters
from runs.files.store import StoreError
from runs.models import FinalResult, Run

NOT_YET = "The pictures come when the run has ended: its predictions are stored then."
MADE_ROOM = "This picture was just removed to make room for others; ask for it again."
CACHE_SECONDS = 86_400  # an address names the attempt, whose samples stay


class FinalPictures(EvaluationView):
    """Small pictures of a page of samples by their ids, or the rows of a table."""

    parameters = PageParameters

    def get(self, _request: Request, run_id: int) -> Response:
        """Show the samples; `problem` says why there is nothing to see."""
        return self.answer(run_id, self._shown)

    def _shown(self, run: Run, result: FinalResult, label: int) -> dict[str, Any]:
        from runs.evaluation import cell_samples, error_pictures  # noqa: PLC0415

        page = cell_samples.samples_of_cell(run, result, label, self.asked)
        ids = {row["place"]: row["sample_id"] for row in page["results"] if row["sample_id"] is not None}
        images = error_pictures.addresses(run, result.split, ids)
        missing = [place for place in ids if place not in images]
        found = _looked_up(self, run, result, missing, run_samples.SMALL) if missing else Shown({}, {})
        images |= {place: _address(run, result, place, "small") for place in found.pictures}
        images |= found.addresses
        return {
            "images": {ids[place]: address for place, address in images.items()},
            "problems": {ids[place]: problem for place, problem in found.problems.items()},
            "columns": found.columns,
            "rows": {ids[place]: cells for place, cells in found.rows.items()},
            "problem": page["problem"] or found.problem,
        }


class PictureParameters(EvaluationParameters):
    """Which size; `attempt` only tells addresses apart."""

    size = serializers.ChoiceField(["small", "large"], default="large")
    attempt = serializers.IntegerField(required=False)


class FinalPicture(EvaluationView):
    """One sample as a PNG."""

    parameters = PictureParameters

    def get(self, _request: Request, run_id: int, place: int) -> FileResponse:
        """Return the PNG; 404 says why there is none."""
        result = self.result_of(run_id)
        side = run_samples.LARGE if self.asked["size"] == "large" else run_samples.SMALL
        try:
            found = _looked_up(self, result.run, result, [place], side)
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error
        if place not in found.pictures:
            raise NotFound(
                found.problem or f"This sample has no picture: {found.problems.get(place, 'it is not there')}."
            )
        try:
            content = found.pictures[place].open("rb")
        except FileNotFoundError:  # another request has made room meanwhile
            raise NotFound(MADE_ROOM) from None
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": f"private, max-age={CACHE_SECONDS}, immutable"}
        return FileResponse(content, content_type="image/png", headers=headers)


def _looked_up(view: EvaluationView, run: Run, result: FinalResult, places: list[int], side: int) -> Shown:
    """Show the samples at these places of the split. Raises StoreError."""
    from runs.evaluation import class_scores, image_files  # noqa: PLC0415

    if run.status not in Run.ENDED:  # the file may still be that of a former attempt
        return Shown({}, {}, problem=NOT_YET)
    try:
        samples, rendering, read_at = image_files.read(run, result.split, places)
    except class_scores.NoScores as error:
        return Shown({}, {}, problem=str(error))
    asked = [RunSample(place=one.place, id=one.id, file=one.file, size=one.size) for one in samples]
    return run_samples.shown(run, view.request.user, Wanted(result.split, asked, rendering, read_at, side))


def _address(run: Run, result: FinalResult, place: int, size: str) -> str:
    chosen = f"split={result.split}&size={size}&attempt={run.attempt}"
    return f"/api/runs/{run.pk}/final-samples/{place}/picture/?{chosen}"
