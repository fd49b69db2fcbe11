"""The addresses of the REST API of reports, below /api/runs/."""

from django.urls import path

from experiments.reports import report_views

urlpatterns = [
    path("<int:run_id>/reports/", report_views.ReportList.as_view(), name="run-reports"),
    path("<int:run_id>/reports/<int:number>/", report_views.ReportDetail.as_view(), name="run-report"),
    path(
        "<int:run_id>/reports/<int:number>/figures/<str:name>",
        report_views.ReportFigure.as_view(),
        name="run-report-figure",
    ),
    path("<int:run_id>/reports/<int:number>/<str:name>", report_views.ReportFileView.as_view(), name="run-report-file"),
    path("<int:run_id>/report-texts/", report_views.ReportTexts.as_view(), name="run-report-texts"),
    path("<int:run_id>/model-card/", report_views.ModelCard.as_view(), name="run-model-card"),
]
