"""The addresses of the account page and of its forms."""

from django.urls import path

from accounts.pages import AccountPage, ChangePassword, MakeToken, RevokeToken

urlpatterns = [
    path("", AccountPage.as_view(), name="account-page"),
    path("password/", ChangePassword.as_view(), name="account-password"),
    path("tokens/", MakeToken.as_view(), name="account-tokens"),
    path("tokens/<int:token_id>/revoke/", RevokeToken.as_view(), name="account-revoke"),
]
