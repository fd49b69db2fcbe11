"""The addresses of the API that starts trainings and shows their options."""

from django.urls import path, re_path

from experiments.api.data_roots import DataRootsView
from experiments.api.views import CentralizedTrainView, MetricsView, ModelsView, OptionsView, PreflightView

urlpatterns = [
    re_path(r"^centralized/train/?$", CentralizedTrainView.as_view(), name="centralized-train"),
    path("options/", OptionsView.as_view(), name="options"),
    path("data-roots/", DataRootsView.as_view(), name="data-roots"),
    path("models/", ModelsView.as_view(), name="models"),
    path("metrics/", MetricsView.as_view(), name="metrics"),
    path("preflights/<int:pk>/", PreflightView.as_view(), name="preflight"),
]
