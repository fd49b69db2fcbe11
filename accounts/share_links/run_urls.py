"""The addresses of share links below those of runs."""

from django.urls import path

from accounts.share_links.link_views import RunLinks

urlpatterns = [path("<int:run_id>/share-links/", RunLinks.as_view(), name="run-share-links")]
