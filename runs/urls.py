from django.urls import path

from runs import views, vital_views

urlpatterns = [
    path("", views.RunList.as_view(), name="run-list"),
    path("groups/", views.GroupList.as_view(), name="group-list"),
    path("groups/<int:group_id>/", views.GroupDetail.as_view(), name="group-detail"),
    path("<int:run_id>/", views.RunDetail.as_view(), name="run-detail"),
    path("<int:run_id>/metrics/", views.RunMetrics.as_view(), name="run-metrics"),
    path("<int:run_id>/events/", views.RunEvents.as_view(), name="run-events"),
    path("<int:run_id>/final-stats/", views.RunFinalStats.as_view(), name="run-final-stats"),
    path("<int:run_id>/hints/", vital_views.RunHints.as_view(), name="run-hints"),
    path("<int:run_id>/log/", vital_views.RunLog.as_view(), name="run-log"),
    path("<int:run_id>/files/", views.RunFiles.as_view(), name="run-files"),
    path("<int:run_id>/files/<path:name>", views.RunFileDownload.as_view(), name="run-file"),
]
