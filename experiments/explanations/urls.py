"""The addresses of the API that explain scores."""

from django.urls import path

from experiments.explanations.views import ColumnImportance, Explain

urlpatterns = [
    path("<int:run_id>/explain/", Explain.as_view(), name="run-explain"),
    path("<int:run_id>/explain/columns/", ColumnImportance.as_view(), name="run-column-importance"),
]
