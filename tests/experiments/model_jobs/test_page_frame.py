"""The frame of the pages on which a model is used: the run, the way back, and tabs for the pages that there are."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import include, path, resolve
from pytest_django.fixtures import Settings

from runs.models import Run

urlpatterns = [
    path("runs/<int:run_id>/model/", lambda *_, **__: HttpResponse(), name="run-model-page"),
    path("runs/<int:run_id>/report/", lambda *_, **__: HttpResponse(), name="run-report-page"),
    path("", include("project.urls")),
]


@pytest.mark.django_db
def test_tabs_lead_to_the_pages_and_name_the_present_one(run: Run, user: User, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    request = RequestFactory().get(f"/runs/{run.pk}/model/")
    request.user, request.resolver_match = user, resolve(request.path)
    text = render_to_string("experiments/model_use.html", {"run": run}, request)
    assert f'<a href="/runs/{run.pk}/model/" aria-current="page">Model file</a>' in text
    assert f'<a href="/runs/{run.pk}/report/">Report</a>' in text
    assert f'<a href="/runs/{run.pk}/">{run.pk}</a>' in text
    assert f"{run.experiment_name}</h1>" in text
