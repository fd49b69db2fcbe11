"""Addresses of the pages."""

from django.urls import path

from realtime import login, views
from realtime.logins.login_view import ThrottledLoginView
from realtime.sign_on import views as sign_on

urlpatterns = [
    path("", views.run_list_page, name="run-list-page"),
    path("runs/<int:run_id>/", views.run_page, name="run-page"),
    path("queue/", views.queue_page, name="queue-page"),
    path("compare/", views.compare_page, name="compare-page"),
    path("label-errors/", views.label_errors_page, name="label-errors-page"),
    path("groups/<int:group_id>/", views.group_page, name="group-page"),
    path(
        "login/",
        ThrottledLoginView.as_view(
            template_name="realtime/login.html",
            authentication_form=login.LoginForm,
            redirect_authenticated_user=True,
        ),
        name="login",
    ),
    path("login/once/<str:uidb64>/<str:token>/", login.login_once, name="login-once"),
    path("login/oidc/", sign_on.begin, name="sign-on"),
    path("login/oidc/callback/", sign_on.callback, name="sign-on-callback"),
    path("logout/", sign_on.SignOnLogout.as_view(), name="logout"),
    path("logged-out/", sign_on.logged_out, name="logged-out"),
]
