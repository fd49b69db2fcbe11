"""The addresses of the account page and of its forms; that of a new password is in `project.urls`."""

from django.urls import path

from accounts.pages import AccountPage, MakeToken, RevokeToken

urlpatterns = [
    path("", AccountPage.as_view(), name="account-page"),
    path("tokens/", MakeToken.as_view(), name="account-tokens"),
    path("tokens/<int:token_id>/revoke/", RevokeToken.as_view(), name="account-revoke"),
]
