"""GET …/final-samples/pictures/: pictures of the samples behind a cell of the matrix, where they can still be read."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from experiments.datasets import sample_source, samples
from experiments.datasets.queries import visible_datasets
from experiments.datasets.sample_source import SampleSource
from experiments.datasets.sample_views import address_of
from experiments.training.data.files.catalogue import BUILTINS, PREFIX
from runs.evaluation.evaluation_views import EvaluationView, PageParameters
from runs.models import FinalResult, Run

NO_SOURCE = "Pictures are shown of built-in data sets, and of registered ones as they were when the run was submitted."


class FinalPictures(EvaluationView):
    """Addresses of small pictures of a page of samples, by their ids."""

    parameters = PageParameters

    def get(self, _request: Request, run_id: int) -> Response:
        """Draw the pictures; `problem` says why there are none."""
        return self.answer(run_id, self._pictures)

    def _pictures(self, run: Run, result: FinalResult, label: int) -> dict[str, Any]:
        from runs.evaluation.cell_samples import samples_of_cell  # noqa: PLC0415

        page = samples_of_cell(run, result, label, self.asked)
        ids = [sample["sample_id"] for sample in page["results"] if sample["sample_id"] is not None]
        source = self._source(run)
        if page["problem"] or source is None or not ids:
            return {"images": {}, "problem": page["problem"] or (NO_SOURCE if source is None else None)}
        try:
            sheet = samples.called(source, ids)
        except sample_source.NotReady as error:
            return {"images": {}, "problem": str(error)}
        images = {picture.id: address_of(picture, source) for picture in sheet.pictures}
        return {"images": {name: address for name, address in images.items() if address}, "problem": sheet.problem}

    def _source(self, run: Run) -> SampleSource | None:
        """Find the data that the run evaluated, unchanged; None where nothing says that they are."""
        name = run.source_path.removeprefix(PREFIX)
        if name != run.source_path and name in BUILTINS:
            return sample_source.of_builtin(BUILTINS[name])
        if not run.dataset_hash:
            return None
        same = visible_datasets(self.request.user).filter(content_hash=run.dataset_hash).order_by("pk").first()
        return sample_source.of_dataset(same) if same else None
