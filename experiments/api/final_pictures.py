"""GET …/final-samples/pictures/ and …/<place>/picture/: what samples look like, where that can still be read."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from experiments.api import run_samples, sample_pictures
from experiments.api.sample_pictures import Predicted
from runs.api.heavy_requests import SAMPLES
from runs.api.picture_answers import picture_answer
from runs.api.recorded_reading import record_reading
from runs.api.views import StoreUnavailable
from runs.evaluation.evaluation_views import EvaluationParameters, EvaluationView, PageParameters
from runs.files.store import StoreError
from runs.models import FinalResult, Run

MADE_ROOM = "This picture was just removed to make room for others; ask for it again."
CACHE_SECONDS = 86_400  # an address names the attempt, whose samples stay


class FinalPictures(EvaluationView):
    """Small pictures of a page of samples by their ids, or the rows of a table.

    With `thumbnails`, those that came with the samples are left out, and the others come in the answer.
    """

    parameters = PageParameters
    heavy = SAMPLES

    def get(self, _request: Request, run_id: int) -> Response:
        """Show the samples; `problem` says why there is nothing to see."""
        return self.answer(run_id, self._shown)

    def _shown(self, run: Run, result: FinalResult, label: int) -> dict[str, Any]:
        from runs.evaluation import cell_samples  # noqa: PLC0415

        listed = cell_samples.samples_of_cell(run, result, label, self.asked)
        inline, of = self.asked["thumbnails"], Predicted(run, result.split, self.request.user)
        ids = {row["place"]: row["sample_id"] for row in listed["results"] if row["sample_id"] is not None}
        kept = {row["place"] for row in listed["results"] if row.get("picture")}
        images = {} if inline else sample_pictures.kept(of, ids)
        missing = [place for place in ids if place not in images and place not in kept]
        drawn, found = sample_pictures.drawn(of, missing, inline=inline)
        images |= drawn
        record_reading(self.request, "run.pictures_viewed", [run], split=result.split)
        return {
            "images": {ids[place]: address for place, address in images.items()},
            "problems": {ids[place]: problem for place, problem in found.problems.items()},
            "columns": found.columns,
            "rows": {ids[place]: cells for place, cells in found.rows.items()},
            "problem": listed["problem"] or found.problem,
        }


class PictureParameters(EvaluationParameters):
    """Which size; `attempt` only tells addresses apart."""

    size = serializers.ChoiceField(
        ["small", "large"], default="large", help_text="large: at most 1,024 pixels a side; small: 160."
    )
    attempt = serializers.IntegerField(required=False, help_text="Only tells addresses apart.")


class FinalPicture(EvaluationView):
    """One sample as a PNG."""

    parameters = PictureParameters
    heavy = None  # a page asks for some dozens at once, most of which are drawn already

    def get(self, request: Request, run_id: int, place: int) -> HttpResponseBase:
        """Return the PNG; 304 where the client has it, 404 says why there is none."""
        result = self.result_of(run_id)
        side = run_samples.LARGE if self.asked["size"] == "large" else run_samples.SMALL
        try:
            found = sample_pictures.looked_up(Predicted(result.run, result.split, self.request.user), [place], side)
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
        record_reading(request, "run.pictures_viewed", [result.run], split=result.split)
        return picture_answer(request, content, f"private, max-age={CACHE_SECONDS}, immutable")
