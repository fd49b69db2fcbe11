"""The addresses of the pages of projects and of their forms."""

from django.urls import path

from accounts.projects import pages

urlpatterns = [
    path("", pages.ProjectsPage.as_view(), name="project-list-page"),
    path("<int:project_id>/", pages.ProjectPage.as_view(), name="project-page"),
    path("<int:project_id>/change/", pages.ChangeProject.as_view(), name="project-change"),
    path("<int:project_id>/quotas/", pages.ChangeQuotas.as_view(), name="project-quotas"),
    path("<int:project_id>/members/", pages.SetMember.as_view(), name="project-member"),
    path("<int:project_id>/members/<int:user_id>/remove/", pages.RemoveMember.as_view(), name="project-member-remove"),
    path("<int:project_id>/links/<int:link_id>/revoke/", pages.RevokeLink.as_view(), name="project-link-revoke"),
]
