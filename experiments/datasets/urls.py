from django.urls import path

from experiments.datasets import views

urlpatterns = [
    path("", views.DatasetList.as_view(), name="dataset-list"),
    path("uploads/", views.UploadList.as_view(), name="upload-list"),
    path("uploads/<uuid:upload_id>/", views.UploadDetail.as_view(), name="upload-detail"),
    path("<slug:name>/", views.DatasetDetail.as_view(), name="dataset-detail"),
    path("<slug:name>/check/", views.DatasetCheck.as_view(), name="dataset-check"),
]
