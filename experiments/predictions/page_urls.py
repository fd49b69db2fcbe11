"""The address of the page that predicts."""

from django.urls import path

from experiments.predictions.pages import predict_page

urlpatterns = [path("runs/<int:run_id>/predict/", predict_page, name="run-predict-page")]
