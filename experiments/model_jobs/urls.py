"""The addresses of jobs on finished runs' models."""

from django.urls import path

from experiments.model_jobs.views import CancelModelJob, ModelJobFile, ModelJobView

urlpatterns = [
    path("<int:pk>/", ModelJobView.as_view(), name="model-job"),
    path("<int:pk>/cancel/", CancelModelJob.as_view(), name="model-job-cancel"),
    path("<int:pk>/files/<str:name>", ModelJobFile.as_view(), name="model-job-file"),
]
