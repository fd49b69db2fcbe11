"""The addresses of the API of projects and their members."""

from django.urls import path

from accounts.projects.project_views import MemberDetail, MemberList, ProjectDetail, ProjectList

urlpatterns = [
    path("", ProjectList.as_view(), name="project-list"),
    path("<int:project_id>/", ProjectDetail.as_view(), name="project-detail"),
    path("<int:project_id>/members/", MemberList.as_view(), name="member-list"),
    path("<int:project_id>/members/<str:username>/", MemberDetail.as_view(), name="member-detail"),
]
