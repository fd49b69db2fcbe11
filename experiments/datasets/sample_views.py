"""/api/datasets/<name>/samples/…: a page of samples of a class, and their pictures."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponseBase
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from experiments.datasets import samples
from experiments.datasets.views import Conflict, DatasetView
from experiments.models import Dataset
from experiments.training.data.sample_sheets import Picture
from runs.errors import InvalidRequest
from runs.filters import Parameters, validated

CACHE_SECONDS = 86_400  # a picture's address names its version


class SampleParameters(Parameters):
    """`page` counts from 1; without `class` samples of all classes, in the order of the data set."""

    page = serializers.IntegerField(min_value=1, max_value=samples.LAST_PAGE, default=1)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`class` is no name that Python gives a field."""
        return super().get_fields() | {
            "class": serializers.CharField(max_length=1000, required=False, trim_whitespace=False)
        }


class SampleList(DatasetView):
    """Some samples with their pictures, or a table's first rows; drawn at the first request of a page."""

    def get(self, request: Request, name: str) -> Response:
        asked = validated(SampleParameters, request)
        dataset = self.dataset(name)
        label = asked.get("class")
        if label is not None and label not in [known for known, _ in dataset.classes or []]:
            raise InvalidRequest([{"field": "class", "message": f"{name!r} has no class {label[:100]!r}."}])
        try:
            sheet = samples.page(dataset, label, asked["page"])
        except samples.NotReady as error:
            raise Conflict(str(error)) from error
        return Response(
            {
                "version": dataset.content_hash,
                "class": label,
                "page": asked["page"],
                "pages": min(samples.LAST_PAGE, max(1, -(-sheet.total // samples.PAGE_SIZE))),
                "total": sheet.total,
                "problem": sheet.problem,
                "columns": sheet.columns,
                "rows": sheet.rows,
                "results": [_described(picture, dataset) for picture in sheet.pictures],
            }
        )


class SamplePicture(DatasetView):
    """One sample as a small PNG, once a page of this version had it."""

    def get(self, request: Request, name: str, number: int) -> HttpResponseBase:  # noqa: ARG002
        path = samples.picture(self.dataset(name), number)
        if path is None:
            raise NotFound("There is no picture of that sample (any more); load the page of samples again.")
        return FileResponse(
            path.open("rb"),
            content_type="image/png",
            headers={"Cache-Control": f"private, max-age={CACHE_SECONDS}", "X-Content-Type-Options": "nosniff"},
        )


def _described(picture: Picture, dataset: Dataset) -> dict[str, Any]:
    """`image` is null where `problem` says why."""
    address = f"/api/datasets/{dataset.name}/samples/{picture.number}/image/?version={dataset.content_hash[:16]}"
    return {
        "number": picture.number,
        "id": picture.id,
        "class": picture.label,
        "split": picture.split,
        "problem": picture.problem,
        "image": None if picture.problem else address,
    }
