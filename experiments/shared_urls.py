"""The addresses below a share link: its pages, and what their scripts ask for. Nothing else can be seen by a link."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework.views import APIView

from experiments.api.final_pictures import FinalPicture
from experiments.api.shared_pictures import SharedPictures
from realtime.shared.opening import ByLink, through_link
from realtime.shared.shared_pages import shared_page, shared_run_page
from realtime.shared.shared_views import SharedManySeries, SharedRun, SharedSeries, SharedSnapshot
from runs.api.views import RunFinalStats
from runs.comparison.comparison_views import Differences
from runs.evaluation.evaluation_views import FinalCurves, FinalSamples, FinalSamplesExport
from runs.evaluation.prediction_views import RunPredictions


def _api(view: type[APIView], *, with_samples: bool = False) -> Any:
    return through_link(view.as_view(authentication_classes=[ByLink]), with_samples=with_samples)


_RUN = "api/runs/<int:run_id>/"
_SAMPLES = f"{_RUN}final-samples/"

urlpatterns = [
    path("", through_link(shared_page), name="shared"),
    path("runs/<int:run_id>/", through_link(shared_run_page), name="shared-run"),
    path("api/runs/series/", _api(SharedManySeries), name="shared-many-series"),
    path("api/runs/differences/", _api(Differences), name="shared-differences"),
    path(_RUN, _api(SharedRun), name="shared-run-detail"),
    path(f"{_RUN}snapshot/", _api(SharedSnapshot), name="shared-snapshot"),
    path(f"{_RUN}series/", _api(SharedSeries), name="shared-series"),
    path(f"{_RUN}final-stats/", _api(RunFinalStats), name="shared-final-stats"),
    path(f"{_RUN}final-curves/", _api(FinalCurves), name="shared-final-curves"),
    path(_SAMPLES, _api(FinalSamples, with_samples=True), name="shared-samples"),
    path(f"{_SAMPLES}export/", _api(FinalSamplesExport, with_samples=True), name="shared-samples-export"),
    path(f"{_SAMPLES}pictures/", _api(SharedPictures, with_samples=True), name="shared-pictures"),
    path(f"{_SAMPLES}<int:place>/picture/", _api(FinalPicture, with_samples=True), name="shared-picture"),
    path(f"{_RUN}predictions/", _api(RunPredictions, with_samples=True), name="shared-predictions"),
]
