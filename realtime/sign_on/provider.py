"""django-allauth's client of OpenID Connect, with what it leaves open: every ID token is validated whole.

It keeps the state of a login in the session, sends the browser to the provider and exchanges the code, with PKCE.
Loaded with the first login by single sign-on. What identifies users is `accounts.sign_on`, not the library's tables.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.sign_on.claims import claim_of
from accounts.sign_on.configuration import SignOn
from realtime.sign_on import id_tokens, metadata
from realtime.sign_on.id_tokens import InvalidToken
from realtime.sign_on.login_failures import Cancelled, LoginFailure, NotBegunHere, RefusedByProvider

NAME = "oidc"
NONCE, NEXT = "nonce", "next"
"""What the state of a login holds in the session, beside what the library puts there."""
Claims = dict[str, Any]


class _Client(OAuth2Client):  # type: ignore[misc]  # allauth has no types
    """Exchanges a code. A name and secret in a header are quoted first, as RFC 6749 says."""

    def get_access_token(self, code: str, pkce_code_verifier: str | None = None, extra_data: Any = None) -> Claims:
        """Return what the provider answers; raises OAuth2Error and requests.RequestException."""
        if self.basic_auth:
            sign_on = _sign_on()
            self.consumer_key, self.consumer_secret = quote(sign_on.client_id), quote(sign_on.client_secret)
        try:
            answer: Claims = super().get_access_token(code, pkce_code_verifier, extra_data)
        except (KeyError, ValueError, TypeError) as error:  # no type of content, no JSON, no object
            if isinstance(error, requests.RequestException):
                raise
            raise OAuth2Error("the token endpoint answers no JSON object") from error
        return answer


class _Endpoints(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The provider's endpoints, and what is done with its answer."""

    client_class = _Client

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, NAME)
        self._at = metadata.provider_at(_sign_on().issuer)
        self.stashed: dict[str, Any] = {}

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says about itself; raises Unreachable."""
        return asdict(self._at.metadata())

    @property
    def basic_auth(self) -> bool:
        """Whether the client's secret goes into a header: in the body is what most providers take too."""
        return "client_secret_post" not in self._at.metadata().token_auth_methods

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:  # noqa: ARG002  (the library's signature)
        """Return where the provider sends the browser back to: under the public address, if there is one."""
        return absolute(request, reverse("sign-on-callback"))

    def parse_token(self, data: Claims) -> SocialToken:
        """Keep the token for this request: nothing is asked of the provider later."""
        return SocialToken(token=str(data["access_token"]))

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **answer: Any) -> None:  # noqa: ARG002
        """Hand over the claims, before the library would look into its own tables; raises InvalidToken."""
        sign_on = _sign_on()
        claims = id_tokens.validated(
            answer["response"].get("id_token"),
            self._at,
            client_id=sign_on.client_id,
            nonce=str(self.stashed.get(NONCE, "")),
            acr=sign_on.acr,
        )
        raise ImmediateHttpResponse(_Handed(claims | self._more(claims, sign_on, token.token), self.stashed))

    def _more(self, claims: Claims, sign_on: SignOn, access_token: str) -> Claims:
        """Return what the ID token lacks and the provider's user information may have."""
        wanted = {sign_on.username_claim, "email", "given_name"} | (
            {sign_on.groups_claim} if sign_on.needs_groups else set()
        )
        address = self._at.metadata().userinfo_endpoint
        if not address or all(claim_of(claims, name) is not None for name in wanted):
            return {}
        found = metadata.get_json(address, {"Authorization": f"Bearer {access_token}"})
        if found.get("sub") != claims["sub"]:
            raise InvalidToken("the user information is about somebody else (sub)")
        return {name: value for name, value in found.items() if name not in claims}


class _Handed(HttpResponse):
    """Carries the claims out of the library's view; it is never sent."""

    def __init__(self, claims: Claims, stashed: dict[str, Any]) -> None:
        super().__init__()
        self.claims, self.stashed = claims, stashed


class _Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """The provider of the settings."""

    pkce_enabled_default = True

    def get_oauth2_adapter(self, request: HttpRequest) -> _Endpoints:
        """Return its endpoints."""
        return _Endpoints(request)


class _Callback(OAuth2CallbackView):  # type: ignore[misc]
    """Keeps the state that belongs to the callback, of which the library only hands on a part."""

    adapter: _Endpoints

    def _get_state(self, request: HttpRequest, provider: _Provider) -> tuple[dict[str, Any] | None, Any]:
        state, refusal = super()._get_state(request, provider)
        self.adapter.stashed = state or {}
        return state, refusal


class SignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """What `SOCIALACCOUNT_ADAPTER` names: one provider, from the settings alone, and failures that are ours to tell."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> _Provider:  # noqa: ARG002
        """Return the provider of the settings; the library would ask its tables too."""
        sign_on = _sign_on()
        return _Provider(
            request,
            SocialApp(
                provider=_Provider.id,
                provider_id=NAME,
                name=sign_on.name,
                client_id=sign_on.client_id,
                secret=sign_on.client_secret,
            ),
        )

    def get_requests_session(self) -> requests.Session:
        """Return the session of a request to the provider."""
        return metadata.Session()

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: _Provider,  # noqa: ARG002
        error: Any = None,  # noqa: ARG002
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Raise what went wrong, in our words."""
        if exception is not None:
            raise exception
        if not (extra_context or {}).get("state"):
            raise NotBegunHere
        code = request.GET.get("error", "")
        raise Cancelled if code == _Endpoints.login_cancelled_error else RefusedByProvider(code)


def begin(request: HttpRequest, next_page: str) -> HttpResponse:
    """Send the browser to the provider; raises Unreachable."""
    sign_on = _sign_on()
    provider = SignOnAdapter(request).get_provider(request, NAME)
    nonce = secrets.token_urlsafe(24)
    parameters = {"nonce": nonce} | ({"acr_values": " ".join(sign_on.acr)} if sign_on.acr else {})
    answer: HttpResponse = provider.redirect(
        request, "login", next_page, scope=list(sign_on.scopes), auth_params=parameters, nonce=nonce
    )
    return answer


def complete(request: HttpRequest) -> tuple[Claims, str]:
    """Return the validated claims of who comes back from the provider, and the page that was asked for.

    Raises LoginFailure, and Unreachable where the provider cannot be asked.
    """
    view: Callable[[HttpRequest], HttpResponse] = _Callback.adapter_view(_Endpoints(request))
    try:
        answer = view(request)
    except OAuth2Error as error:
        raise RefusedByProvider.of(str(error)) from error
    except InvalidToken as error:
        raise LoginFailure(f"invalid ID token: {error}") from error
    assert isinstance(answer, _Handed)  # noqa: S101  (the one way out that is no exception)
    return answer.claims, str(answer.stashed.get(NEXT) or "")


def absolute(request: HttpRequest, path: str) -> str:
    """Return the address of a path as browsers know it."""
    public: str = settings.PUBLIC_URL
    return f"{public.rstrip('/')}{path}" if public else request.build_absolute_uri(path)


def _sign_on() -> SignOn:
    assert settings.SIGN_ON is not None  # noqa: S101  (else no address leads here)
    return settings.SIGN_ON
