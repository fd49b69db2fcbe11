"""Login without a password: a link that works once.

Anyone who may run a command on the server may log in as anybody, so the server prints links. A token is signed, lives
for `PASSWORD_RESET_TIMEOUT` seconds, and contains the moment of the last login: the login it makes ends it.

Programs that look at links in mails and chats follow them, so only the button of its page logs in. That page says who
it is for and whose login it would end: a link from somebody else must not put a reader into their account unnoticed.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import url_has_allowed_host_and_scheme, urlsafe_base64_decode, urlsafe_base64_encode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.password_rules import OnlyWithPassword
from audit.recording import record
from realtime.logins import failed_tries
from realtime.logins.client_address import address_of
from realtime.logins.refusals import dead_links
from realtime.logins.refused_logins import refused


class LoginForm(OnlyWithPassword, AuthenticationForm):
    """The form of the page, which answers in its words."""

    error_messages = {
        "invalid_login": "User name and password do not belong together. Both distinguish capital and small letters.",
        "inactive": "This account is switched off; the administrator of the server can switch it on.",
    }


class LoginTokens(PasswordResetTokenGenerator):
    """Tokens that no password reset accepts, and that know the last login to the microsecond.

    Django's own token drops the microseconds: a link made and used in the second of another login would live on.
    """

    key_salt = "realtime.login.LoginTokens"

    def _make_hash_value(self, user: AbstractBaseUser, timestamp: int) -> str:
        last_login = user.last_login.isoformat() if user.last_login else ""
        return f"{user.pk} {user.password} {last_login} {timestamp}"


TOKENS = LoginTokens()


def login_link(user: User, next_page: str = "") -> str:
    """Make the path that logs `user` in once and goes on to `next_page`, a path here ("" = the list of runs)."""
    record("link.created", target=user)
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("login-once", args=[uid, TOKENS.make_token(user)])
    return f"{path}?{urlencode({'next': next_page})}" if next_page else path


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login_once(request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
    """Show whom the link logs in, and do that when its button is pressed; a used link says how to get a new one."""
    user = _user(uidb64)
    if user is None or not TOKENS.check_token(user, token):
        return _dead(request, user)
    if request.method != "POST":
        return _asked(request, user)
    if _would_replace(request, user) and request.POST.get("replaces") != str(request.user.pk):
        return _asked(request, user, status=HTTPStatus.CONFLICT)  # somebody else logged in since the page was shown
    if not _spend(user):
        return _dead(request, user)
    request.session.flush()  # also that of the same user: a login begins a session
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect(safe_page(request, request.GET.get("next", "")))


def _asked(request: HttpRequest, user: User, status: int = HTTPStatus.OK) -> HttpResponse:
    """Show the button, and whose session it would end."""
    context = {"name": user.get_username(), "replaced": request.user if _would_replace(request, user) else None}
    return _without_referrer(render(request, "realtime/login_link.html", context, status=status))


def _dead(request: HttpRequest, user: User | None) -> HttpResponse:
    """Say that the link no longer works, unless the visitor is logged in as that user anyway."""
    if user is not None and request.user == user:
        return redirect(safe_page(request, request.GET.get("next", "")))
    record("link.refused")
    if failed_tries.too_many(address_of(request), failed_tries.LINKS):
        return _without_referrer(refused(request, dead_links()))
    return _without_referrer(render(request, "realtime/login_link_dead.html", status=HTTPStatus.GONE))


def _would_replace(request: HttpRequest, user: User) -> bool:
    """Tell whether somebody else is logged in."""
    return request.user.is_authenticated and request.user != user


def _without_referrer(response: HttpResponse) -> HttpResponse:
    """Keep the link out of the `Referer` of what the page loads, which proxies log."""
    response["Referrer-Policy"] = "strict-origin"
    return response


def _user(uidb64: str) -> User | None:
    try:
        return User.objects.get(pk=urlsafe_base64_decode(uidb64).decode(), is_active=True)
    except (ValueError, OverflowError, User.DoesNotExist):
        return None


def _spend(user: User) -> bool:
    """Use the token up; of two requests that bring it at once, only one succeeds."""
    unspent = User.objects.filter(pk=user.pk, last_login=user.last_login)
    return unspent.update(last_login=timezone.now()) == 1


def safe_page(request: HttpRequest, page: str) -> str:
    """Return the page if it is one of this server, else the list of runs."""
    safe = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if safe else resolve_url(settings.LOGIN_REDIRECT_URL)
