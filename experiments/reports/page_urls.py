"""The addresses of the page of a run's reports, and of its forms."""

from django.urls import path

from experiments.reports import report_page

urlpatterns = [
    path("runs/<int:run_id>/report/", report_page.ReportPage.as_view(), name="run-report-page"),
    path("runs/<int:run_id>/report/texts/", report_page.ReportTextsForm.as_view(), name="run-report-texts-form"),
]
