"""The addresses of the external tests of a run."""

from django.urls import path

from experiments.external_tests import evaluation_views, views

_TEST = "<int:run_id>/external-tests/<int:number>/"

urlpatterns = [
    path("<int:run_id>/evaluate/", views.Evaluate.as_view(), name="run-evaluate"),
    path("<int:run_id>/external-tests/", views.RunExternalTests.as_view(), name="run-external-tests"),
    path(_TEST, views.ExternalTestView.as_view(), name="external-test"),
    path(f"{_TEST}curves/", evaluation_views.ExternalCurves.as_view(), name="external-curves"),
    path(f"{_TEST}samples/", evaluation_views.ExternalSamples.as_view(), name="external-samples"),
    path(f"{_TEST}samples/export/", evaluation_views.ExternalSamplesExport.as_view(), name="external-samples-export"),
    path(f"{_TEST}subgroups/", evaluation_views.ExternalSubgroups.as_view(), name="external-subgroups"),
    path(
        f"{_TEST}operating-points/",
        evaluation_views.ExternalOperatingPoints.as_view(),
        name="external-operating-points",
    ),
    path(f"{_TEST}predictions/", views.ExternalPredictions.as_view(), name="external-predictions"),
]
