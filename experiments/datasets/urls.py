from django.urls import path

from experiments.datasets import sample_views, views

urlpatterns = [
    path("", views.DatasetList.as_view(), name="dataset-list"),
    path("uploads/", views.UploadList.as_view(), name="upload-list"),
    path("uploads/<uuid:upload_id>/", views.UploadDetail.as_view(), name="upload-detail"),
    path("<slug:name>/", views.DatasetDetail.as_view(), name="dataset-detail"),
    path("<slug:name>/check/", views.DatasetCheck.as_view(), name="dataset-check"),
    path("<slug:name>/samples/", sample_views.SampleList.as_view(), name="dataset-samples"),
    path("<slug:name>/samples/<int:number>/image/", sample_views.SamplePicture.as_view(), name="dataset-sample-image"),
]
