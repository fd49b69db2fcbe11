"""The addresses of the pages of new runs and pre-flight reports."""

from django.urls import path

from experiments.api import pages

urlpatterns = [
    path("new/", pages.new_run_page, name="new-run-page"),
    path("preflights/<int:pk>/", pages.preflight_page, name="preflight-page"),
    path("runs/<int:run_id>/preflight/", pages.run_preflight_page, name="run-preflight-page"),
]
