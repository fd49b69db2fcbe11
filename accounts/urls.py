"""The addresses of the API of tokens."""

from django.urls import path

from accounts.token_views import TokenDetail, TokenList

urlpatterns = [
    path("", TokenList.as_view(), name="token-list"),
    path("<int:token_id>/", TokenDetail.as_view(), name="token-detail"),
]
