"""Addresses of the reading endpoints of runs."""

from django.urls import path

from runs.api import insight_views, views
from runs.api.run_archive import RunArchive
from runs.comparison.comparison_views import Differences, FlippedSamples, FlippedTable, PairedDifferences
from runs.curves.views import ManySeries, RunSeries, RunSnapshot
from runs.evaluation.epoch_matrix_views import EpochMatrices
from runs.evaluation.evaluation_views import FinalCurves, FinalSamples, FinalSamplesExport
from runs.evaluation.prediction_views import RunPredictions
from runs.label_errors.label_error_views import LabelErrors, LabelErrorsExport
from runs.operating_points.point_views import RunOperatingPoints
from runs.subgroups.subgroup_views import FinalSubgroups

urlpatterns = [
    path("", views.RunList.as_view(), name="run-list"),
    path("facets/", views.Facets.as_view(), name="run-facets"),
    path("grouped/", views.Grouped.as_view(), name="run-grouped"),
    path("groups/", views.GroupList.as_view(), name="group-list"),
    path("groups/<int:group_id>/", views.GroupDetail.as_view(), name="group-detail"),
    path("<int:run_id>/metrics/", views.RunMetrics.as_view(), name="run-metrics"),
    path("differences/", Differences.as_view(), name="run-differences"),
    path("label-errors/", LabelErrors.as_view(), name="label-errors"),
    path("label-errors/export/", LabelErrorsExport.as_view(), name="label-errors-export"),
    path("differences/paired/", PairedDifferences.as_view(), name="run-paired-differences"),
    path("differences/samples/", FlippedSamples.as_view(), name="run-flipped-samples"),
    path("differences/samples/csv/", FlippedTable.as_view(), name="run-flipped-table"),
    path("series/", ManySeries.as_view(), name="series"),
    path("<int:run_id>/series/", RunSeries.as_view(), name="run-series"),
    path("<int:run_id>/snapshot/", RunSnapshot.as_view(), name="run-snapshot"),
    path("<int:run_id>/events/", views.RunEvents.as_view(), name="run-events"),
    path("<int:run_id>/final-stats/", views.RunFinalStats.as_view(), name="run-final-stats"),
    path("<int:run_id>/operating-points/", RunOperatingPoints.as_view(), name="run-operating-points"),
    path("<int:run_id>/test-split/", insight_views.RunTestSplit.as_view(), name="run-test-split"),
    path("<int:run_id>/final-curves/", FinalCurves.as_view(), name="run-final-curves"),
    path("<int:run_id>/final-samples/", FinalSamples.as_view(), name="run-final-samples"),
    path("<int:run_id>/predictions/", RunPredictions.as_view(), name="run-predictions"),
    path("<int:run_id>/final-subgroups/", FinalSubgroups.as_view(), name="run-final-subgroups"),
    path("<int:run_id>/final-samples/export/", FinalSamplesExport.as_view(), name="run-final-samples-export"),
    path("<int:run_id>/epoch-matrices/", EpochMatrices.as_view(), name="run-epoch-matrices"),
    path("<int:run_id>/hints/", insight_views.RunHints.as_view(), name="run-hints"),
    path("<int:run_id>/reading/", insight_views.RunReading.as_view(), name="run-reading"),
    path("<int:run_id>/log/", insight_views.RunLog.as_view(), name="run-log"),
    path("<int:run_id>/archive/", RunArchive.as_view(), name="run-archive"),
    path("<int:run_id>/files/", views.RunFiles.as_view(), name="run-files"),
    path("<int:run_id>/files/<path:name>", views.RunFileDownload.as_view(), name="run-file"),
]
