"""The addresses of the API of data sets."""

from django.urls import path

from experiments.datasets import builtin_views, sample_views, views

SAMPLES = [
    ("samples/", sample_views.SampleList, "samples"),
    ("samples/<int:number>/image/", sample_views.SamplePicture, "sample-image"),
    ("features/", sample_views.FeatureList, "features"),
]

urlpatterns = [
    path("", views.DatasetList.as_view(), name="dataset-list"),
    path("uploads/", views.UploadList.as_view(), name="upload-list"),
    path("uploads/<uuid:upload_id>/", views.UploadDetail.as_view(), name="upload-detail"),
    path("<slug:name>/", views.DatasetDetail.as_view(), name="dataset-detail"),
    path("<slug:name>/check/", views.DatasetCheck.as_view(), name="dataset-check"),
    *(path(f"<slug:name>/{end}", view.as_view(), name=f"dataset-{called}") for end, view, called in SAMPLES),
    path("builtin:<slug:name>/", builtin_views.BuiltinDetail.as_view(), name="builtin-detail"),
    *(
        path(f"builtin:<slug:name>/{end}", view.as_view(builtin=True), name=f"builtin-{called}")
        for end, view, called in SAMPLES
    ),
]
