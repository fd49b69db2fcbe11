"""The addresses of the API of share links; those of one run stand among the run's."""

from django.urls import path

from accounts.share_links.link_views import LinkDetail, LinkList

urlpatterns = [
    path("", LinkList.as_view(), name="share-link-list"),
    path("<int:link_id>/", LinkDetail.as_view(), name="share-link-detail"),
]
