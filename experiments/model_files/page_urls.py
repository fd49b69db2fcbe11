"""The address of the page of a run's model files."""

from django.urls import path

from experiments.model_files.pages import model_page

urlpatterns = [path("runs/<int:run_id>/model/", model_page, name="run-model-page")]
