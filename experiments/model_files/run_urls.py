"""The addresses of the API of a run's model files."""

from django.urls import path

from experiments.model_files.views import ModelFileDownload, RunModelFiles

urlpatterns = [
    path("<int:run_id>/model-files/", RunModelFiles.as_view(), name="run-model-files"),
    path("<int:run_id>/model-files/<str:name>", ModelFileDownload.as_view(), name="run-model-file"),
]
