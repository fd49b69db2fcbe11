"""The addresses of the pages about data sets."""

from django.urls import path

from experiments.datasets import pages

urlpatterns = [
    path("", pages.dataset_list_page, name="dataset-list-page"),
    path("<slug:name>/", pages.dataset_page, name="dataset-page"),
    path("builtin:<slug:name>/", pages.builtin_page, name="builtin-page"),
]
