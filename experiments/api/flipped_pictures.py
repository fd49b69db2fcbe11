"""GET /api/runs/differences/samples/pictures/: pictures of the samples that flipped, where they can still be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rest_framework.request import Request
from rest_framework.response import Response

from experiments.api import sample_pictures
from experiments.api.sample_pictures import Predicted
from runs.api.heavy_requests import SAMPLES
from runs.api.recorded_reading import record_reading
from runs.comparison.comparison_views import ComparisonView, FlippedParameters


class Pictures(NamedTuple):
    """Addresses of pictures, of large ones too, and why there is none, by sample.

    `problem` says why there are none but those that a run keeps.
    """

    images: dict[str, str]
    large: dict[str, str]
    problems: dict[str, str]
    problem: str | None = None


class FlippedPictures(ComparisonView):
    """Addresses of small pictures of a page of samples, by their ids."""

    parameters = FlippedParameters
    heavy = SAMPLES

    def get(self, _request: Request) -> Response:
        """Draw the pictures; `problem` says why there are none."""
        return Response(self.answered(self._pictures)._asdict())

    def _pictures(self) -> Pictures:
        from runs.comparison.flipped_samples import flipped_samples  # noqa: PLC0415

        runs, split = self.pair()
        page = flipped_samples(runs, split, self.asked["right"], self.asked["page"])
        if page["problem"]:
            return Pictures({}, {}, {}, page["problem"])
        record_reading(self.request, "run.pictures_viewed", runs, split=split)
        ids = [sample["sample_id"] for sample in page["results"]]
        return _of_both([Predicted(run, split, self.request.user) for run in runs], ids)


def _of_both(both: Sequence[Predicted], ids: Sequence[str]) -> Pictures:
    """Find pictures of samples that both runs predicted: first what they keep, then what their data still show.

    The data are the same, yet an older run may not have noted which files it read, where the other has.
    """
    from runs.comparison import sample_places  # noqa: PLC0415

    places = [sample_places.read(of.run, of.split, ids) for of in both]
    images: dict[str, str] = {}
    large: dict[str, str] = {}
    for of, at in zip(both, places, strict=True):
        kept = sample_pictures.kept(of, [at[name] for name in at if name not in images])
        images |= {name: kept[place] for name, place in at.items() if place in kept}
        large |= {name: sample_pictures.address(of, place, "large") for name, place in at.items() if place in kept}
    first = None
    for of, at in zip(both, places, strict=True):
        missing = {place: name for name, place in at.items() if name not in images}
        drawn, found = sample_pictures.drawn(of, list(missing), inline=False)
        images |= {missing[place]: address for place, address in drawn.items()}
        large |= {missing[place]: sample_pictures.address(of, place, "large") for place in drawn}
        if not found.problem:
            return Pictures(images, large, {missing[place]: words for place, words in found.problems.items()})
        first = first or found.problem
    return Pictures(images, large, {}, first)
