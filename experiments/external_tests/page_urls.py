"""The addresses of the pages of external tests."""

from django.urls import path

from experiments.external_tests import pages

urlpatterns = [
    path("runs/<int:run_id>/external-tests/", pages.external_tests_page, name="run-external-tests-page"),
    path("runs/<int:run_id>/external-tests/<int:number>/", pages.external_test_page, name="external-test-page"),
]
