"""What an identity provider says about itself: its endpoints and keys, asked for once in a while.

Loaded with the first login by single sign-on: nothing else needs the library.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

import jwt
import requests
from requests import RequestException as RequestException  # noqa: PLC0414  # what fails, for those who load no library

from runs import clock

T = TypeVar("T")
TIMEOUT_SECONDS: Final = 5.0
KEPT_SECONDS: Final = 600.0
FAILURE_SECONDS: Final = 5.0
"""So long nobody asks again a provider that does not answer: those who wait hold threads."""
LONGEST_ANSWER: Final = 2**20
"""In bytes."""
SIGNATURES: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""All that are made with a private key: of a shared secret somebody else may know."""
_REQUIRED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")


class Unreachable(requests.RequestException):
    """The provider does not answer, or not as one; the text says what is wrong, for the log and `doctor`."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """A provider's own description, as far as it is used here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    end_session_endpoint: str
    """Blank where the provider has none; so is the endpoint of user information."""
    token_auth_methods: tuple[str, ...]
    signatures: tuple[str, ...]


class Session(requests.Session):
    """Requests to a provider: bounded in time, and sent on to nobody else."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request; raises requests.RequestException."""
        return super().send(request, **options | {"timeout": TIMEOUT_SECONDS, "allow_redirects": False})


class _Kept(Generic[T]):
    """Something that is fetched when it is asked for, and kept for a while; old rather than none while that fails."""

    def __init__(self, fetch: Callable[[], T]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._found: T | None = None
        self._failure: Unreachable | None = None
        self._asked_at = -KEPT_SECONDS

    def get(self, at_most: float = KEPT_SECONDS) -> T:
        """Return it, not older than so many seconds unless it cannot be had; raises Unreachable."""
        with self._lock:
            age = clock.monotonic() - self._asked_at
            if age >= (FAILURE_SECONDS if self._failure else at_most):
                self._ask()
            if self._found is None:
                raise self._failure or Unreachable("was not asked")
            return self._found

    def _ask(self) -> None:
        try:
            self._found, self._failure = self._fetch(), None
        except Unreachable as failure:
            self._failure = failure
        self._asked_at = clock.monotonic()


class Provider:
    """One identity provider, named by its issuer."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._metadata = _Kept(partial(fetch_metadata, issuer))
        self._keys = _Kept(self._fetch_keys)

    def metadata(self) -> Metadata:
        """Return the description; raises Unreachable."""
        return self._metadata.get()

    def keys(self, key_id: str | None, signature: str) -> list[jwt.PyJWK]:
        """Return the keys that may have made a signature; raises Unreachable.

        A provider may have changed its keys a moment ago: of an unknown one it is asked again.
        """
        return self._fitting(self._keys.get(), key_id, signature) or self._fitting(
            self._keys.get(FAILURE_SECONDS), key_id, signature
        )

    def _fetch_keys(self) -> list[jwt.PyJWK]:
        found = get_json(self.metadata().jwks_uri).get("keys")
        if not isinstance(found, list):
            raise Unreachable("its keys are no list")
        return list(_usable(found))

    @staticmethod
    def _fitting(keys: Iterable[jwt.PyJWK], key_id: str | None, signature: str) -> list[jwt.PyJWK]:
        return [
            key
            for key in keys
            if (key_id is None or key.key_id == key_id) and key.key_type == _KEY_TYPES[signature[:2]]
        ]


_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


@lru_cache(4)
def provider_at(issuer: str) -> Provider:
    """Return the provider of that issuer, with what is known of it in this process."""
    return Provider(issuer)


def fetch_metadata(issuer: str) -> Metadata:
    """Ask a provider to describe itself; raises Unreachable."""
    found = get_json(f"{issuer}/.well-known/openid-configuration")
    named = found.get("issuer")
    if not isinstance(named, str) or named.rstrip("/") != issuer:
        raise Unreachable(f"it calls itself {named!r}, and LIVETRAIN_OIDC_ISSUER is {issuer!r}: both must be the same")
    plain = urlsplit(issuer).scheme == "http"
    endpoints = {name: _endpoint(found, name, plain) for name in (*_REQUIRED, *_OPTIONAL)}
    missing = [name for name in _REQUIRED if not endpoints[name]]
    if missing:
        raise Unreachable(f"its metadata have no usable {missing[0]}")
    offered = _texts(found, "id_token_signing_alg_values_supported", ("RS256",))
    return Metadata(
        issuer=named,
        **endpoints,
        token_auth_methods=_texts(found, "token_endpoint_auth_methods_supported", ("client_secret_basic",)),
        signatures=tuple(name for name in SIGNATURES if name in offered),
    )


def get_json(url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object at an address of the provider; raises Unreachable."""
    try:
        with Session() as session:
            answer = session.get(url, headers=headers)
            if answer.status_code != requests.codes.ok:
                raise Unreachable(f"{_place(url)} answers {answer.status_code}")
            found = answer.json() if len(answer.content) <= LONGEST_ANSWER else None
    except Unreachable:
        raise
    except requests.RequestException as error:
        raise Unreachable(f"{_place(url)} does not answer as expected: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise Unreachable(f"{_place(url)} answers no JSON object")
    return found


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _endpoint(found: dict[str, Any], name: str, plain: bool) -> str:
    """Return an address, which has to be https unless the provider itself is on this machine."""
    value = found.get(name)
    allowed = ("http", "https") if plain else ("https",)
    return value if isinstance(value, str) and urlsplit(value).scheme in allowed else ""


def _texts(found: dict[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = found.get(name)
    return tuple(map(str, value)) if isinstance(value, list) else default


def _usable(keys: Iterable[Any]) -> Iterable[jwt.PyJWK]:
    """Yield the keys for signatures that the library knows; others may stand beside them."""
    for key in keys:
        if isinstance(key, dict) and key.get("use", "sig") == "sig" and key.get("kty") in _KEY_TYPES.values():
            try:
                yield jwt.PyJWK.from_dict(key)
            except jwt.PyJWTError:
                continue
