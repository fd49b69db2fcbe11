from django.urls import re_path

from experiments.views import CentralizedTrainView

urlpatterns = [
    re_path(r"^centralized/train/?$", CentralizedTrainView.as_view(), name="centralized-train"),
]
