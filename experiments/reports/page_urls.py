"""The address of the page of a run's reports."""

from django.urls import path

from experiments.reports.report_page import run_report_page

urlpatterns = [path("runs/<int:run_id>/report/", run_report_page, name="run-report-page")]
