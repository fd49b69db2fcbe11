"""The address of the API that predicts."""

from django.urls import path

from experiments.predictions.views import Predict

urlpatterns = [path("<int:run_id>/predict/", Predict.as_view(), name="run-predict")]
