"""The address of the external tests of several runs."""

from django.urls import path

from experiments.external_tests.views import ExternalTestsOfRuns

urlpatterns = [path("", ExternalTestsOfRuns.as_view(), name="external-tests")]
