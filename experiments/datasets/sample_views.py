"""/api/datasets/<name>/samples/… and /features/: a page of samples with their pictures, and a table's columns."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpResponseBase
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from audit.recording import record
from experiments.datasets import sample_source, samples
from experiments.datasets.builtin_views import builtin_called
from experiments.datasets.sample_source import SampleSource
from experiments.datasets.views import DatasetView
from experiments.training.data.inspection.sample_sheets import Picture, Sheet
from runs.api.heavy_requests import SAMPLES, HeavyView
from runs.api.picture_answers import picture_answer
from runs.errors import Conflict, InvalidRequest
from runs.listing.filters import Parameters, validated

CACHE_SECONDS = 86_400  # a picture's address names its version


class SampleParameters(Parameters):
    """The page of samples that is asked for.

    `page` counts from 1; without `class`, samples of all classes are given in the order of the data set. `by=class`
    asks for a few of each class instead.
    """

    page = serializers.IntegerField(
        min_value=1, max_value=samples.LAST_PAGE, default=1, help_text="Which page, from 1."
    )
    by = serializers.ChoiceField(["class"], required=False, help_text="class: a few samples of each class.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add the field `class`, which Python does not allow as the name of an attribute."""
        return super().get_fields() | {
            "class": serializers.CharField(
                max_length=1000, required=False, trim_whitespace=False, help_text="Samples of this class alone."
            )
        }


class SampleSourceView(HeavyView, DatasetView):
    """An endpoint about the samples of a data set or, with `builtin`, of a built-in one."""

    builtin = False

    def source(self, name: str) -> SampleSource:
        """Return where the samples of this data set come from; raises NotFound."""
        if self.builtin:
            return sample_source.of_builtin(builtin_called(name))
        self.read = self.dataset(name)
        return sample_source.of_dataset(self.read)

    def record(self) -> None:
        """Record that samples of the data set are read; built-in ones are everybody's."""
        if not self.builtin and self.request.method != "HEAD":
            record("dataset.samples_viewed", target=self.read)


class SampleList(SampleSourceView):
    """The endpoint of some samples with their pictures, or of a table's first rows."""

    heavy = SAMPLES

    def get(self, request: Request, name: str) -> Response:
        """Return a page of samples; its pictures are drawn at the first request."""
        asked = validated(SampleParameters, request)
        source, label = self.source(name), asked.get("class")
        if label is not None and label not in source.classes:
            raise InvalidRequest([{"field": "class", "message": f"{name!r} has no class {label[:100]!r}."}])
        if "by" in asked and (label is not None or asked["page"] > 1):
            raise InvalidRequest([{"field": "by", "message": "It has one page and all classes; leave the others out."}])
        try:
            sheet = samples.by_class(source) if "by" in asked else samples.page(source, label, asked["page"])
        except sample_source.NotReady as error:
            raise Conflict(str(error)) from error
        self.record()
        pages = 1 if "by" in asked else min(samples.LAST_PAGE, max(1, -(-sheet.total // samples.PAGE_SIZE)))
        return Response(_page(sheet, source) | {"class": label, "page": asked["page"], "pages": pages})


class SamplePicture(SampleSourceView):
    """The endpoint of one sample as a small PNG, available once a page of this version had it."""

    def get(self, request: Request, name: str, number: int) -> HttpResponseBase:
        """Return the PNG of a sample; 304 where the client has it; raises NotFound."""
        path = samples.picture(self.source(name), number)
        if path is None:
            raise NotFound("That sample has no picture, or no longer has one; load the page of samples again.")
        self.record()
        return picture_answer(request, path.open("rb"), f"private, max-age={CACHE_SECONDS}")


class FeatureList(SampleSourceView):
    """The endpoint of what a table's columns hold, in all rows and in each class."""

    heavy = SAMPLES

    def get(self, request: Request, name: str) -> Response:
        """Return the statistics of the columns, computed at the first request."""
        validated(Parameters, request)
        source = self.source(name)
        try:
            sheet = samples.features(source)
        except sample_source.NotReady as error:
            raise Conflict(str(error)) from error
        return Response({"version": source.version} | msgspec.to_builtins(sheet))


def _page(sheet: Sheet, source: SampleSource) -> dict[str, Any]:
    return {
        "version": source.version,
        "total": sheet.total,
        "problem": sheet.problem,
        "columns": sheet.columns,
        "rows": sheet.rows,
        "results": [_described(picture, source) for picture in sheet.pictures],
    }


def address_of(picture: Picture, source: SampleSource) -> str | None:
    """Return where the picture is served; None where it could not be drawn."""
    address = f"/api/datasets/{source.name}/samples/{picture.number}/image/?version={source.short_version}"
    return None if picture.problem else address


def _described(picture: Picture, source: SampleSource) -> dict[str, Any]:
    """Return a picture as JSON; `image` is null where `problem` says why."""
    return {
        "number": picture.number,
        "id": picture.id,
        "class": picture.label,
        "split": picture.split,
        "problem": picture.problem,
        "image": address_of(picture, source),
    }
