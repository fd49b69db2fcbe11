"""GET /api/runs/differences/samples/pictures/: pictures of the samples that flipped, where they can still be read."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from experiments.datasets import sample_source, samples
from experiments.datasets.queries import visible_datasets
from experiments.datasets.sample_source import SampleSource
from experiments.datasets.sample_views import address_of
from experiments.training.data.files.catalogue import BUILTINS, PREFIX
from runs.comparison.comparison_views import ComparisonView, FlippedParameters
from runs.models import Run

NO_SOURCE = "Pictures are shown of built-in data sets, and of registered ones as they were when the run was submitted."


class FlippedPictures(ComparisonView):
    """Addresses of small pictures of a page of samples, by their ids."""

    parameters = FlippedParameters

    def get(self, _request: Request) -> Response:
        """Draw the pictures; `problem` says why there are none."""
        from runs.comparison.flipped_samples import flipped_samples  # noqa: PLC0415

        runs, split = self.pair()
        page = self.answered(lambda: flipped_samples(runs, split, self.asked["right"], self.asked["page"]))
        ids = [sample["sample_id"] for sample in page["results"]]
        source = self._source(runs[0])
        if page["problem"] or source is None or not ids:
            return Response({"images": {}, "problem": page["problem"] or (NO_SOURCE if source is None else None)})
        return Response(_drawn(source, ids))

    def _source(self, run: Run) -> SampleSource | None:
        """Find the data that both runs evaluated, unchanged; None where nothing says that they are."""
        name = run.source_path.removeprefix(PREFIX)
        if name != run.source_path and name in BUILTINS:
            return sample_source.of_builtin(BUILTINS[name])
        if not run.dataset_hash:
            return None
        same = visible_datasets(self.request.user).filter(content_hash=run.dataset_hash).order_by("pk").first()
        return sample_source.of_dataset(same) if same else None


def _drawn(source: SampleSource, ids: list[str]) -> dict[str, Any]:
    try:
        sheet = samples.called(source, ids)
    except sample_source.NotReady as error:
        return {"images": {}, "problem": str(error)}
    images = {picture.id: address_of(picture, source) for picture in sheet.pictures}
    return {"images": {name: address for name, address in images.items() if address}, "problem": sheet.problem}
