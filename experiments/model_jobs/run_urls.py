"""The address of the jobs of a run."""

from django.urls import path

from experiments.model_jobs.views import RunModelJobs

urlpatterns = [path("<int:run_id>/model-jobs/", RunModelJobs.as_view(), name="run-model-jobs")]
