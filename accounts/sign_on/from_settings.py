"""What the settings of single sign-on come to, and what of Django's they change; a wrong one fails at start."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from accounts.sign_on.configuration import SignOn
from accounts.sign_on.group_rules import WrongRule, parse_groups, parse_rules

APPS = ["allauth", "allauth.account", "allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]
"""Installed only with single sign-on. Their tables stay empty: who belongs to whom is in our own."""
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]
BACKEND = "accounts.sign_on.backend.SignOnBackend"
"""Last of the authentication backends; not imported, as models are not loaded yet."""
OF_ALLAUTH: dict[str, Any] = {
    "SOCIALACCOUNT_ADAPTER": "realtime.sign_on.provider.SignOnAdapter",
    "ACCOUNT_EMAIL_VERIFICATION": "none",
    "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,  # an e-mail address identifies nobody
}
CLAIM = re.compile(r"[\x21-\x7e]{1,255}")


def issuer(raw: str) -> str:
    """Accept the address of a provider: https, or http on this machine, without user name, query and fragment."""
    parts = urlsplit(raw)
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not secure or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment or len(raw) > 255:
        raise ValueError(raw)
    if "/.well-known/" in raw:
        raise ValueError(raw)
    return raw.rstrip("/")


def claim(raw: str) -> str:
    """Accept the name of a claim."""
    if not CLAIM.fullmatch(raw):
        raise ValueError(raw)
    return raw


def scopes(raw: str) -> tuple[str, ...]:
    """Split scopes at spaces or commas; `openid` is always among them."""
    found = dict.fromkeys(["openid", *re.split(r"[\s,]+", raw.strip(" ,"))])
    if not all(re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", scope) for scope in found):
        raise ValueError(raw)
    return tuple(found)


def label(raw: str) -> str:
    """Accept a name that fits a button."""
    if len(raw) > 60 or not raw.isprintable():
        raise ValueError(raw)
    return raw


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine: what is sent there crosses no network."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def configured(
    *,
    issuer: str,
    client_id: str,
    secret: str,
    secret_file: str,
    name: str,
    scopes: tuple[str, ...],
    username_claim: str,
    groups_claim: str,
    groups: str,
    required: str,
    acr: str,
    password_login: str,
) -> SignOn | None:
    """Return single sign-on as these settings say it; None without an issuer. Raises ImproperlyConfigured."""
    if not issuer:
        given = {"CLIENT_ID": client_id, "CLIENT_SECRET": secret, "CLIENT_SECRET_FILE": secret_file, "GROUPS": groups}
        _refuse_halves(given | {"REQUIRED_GROUP": required, "ACR": acr})
        if password_login != "yes":  # noqa: S105  (no password)
            raise ImproperlyConfigured(
                f"The setting LIVETRAIN_PASSWORD_LOGIN={password_login} needs LIVETRAIN_OIDC_ISSUER: without it nobody "
                "could log in."
            )
        return None
    if not client_id:
        raise ImproperlyConfigured(
            "The setting LIVETRAIN_OIDC_CLIENT_ID is missing: LIVETRAIN_OIDC_ISSUER needs the client's name."
        )
    return SignOn(
        issuer=issuer,
        client_id=client_id,
        client_secret=_secret(secret, secret_file),
        name=name,
        scopes=scopes,
        username_claim=username_claim,
        groups_claim=groups_claim,
        rules=_parsed("GROUPS", parse_rules, groups),
        required_groups=_parsed("REQUIRED_GROUP", parse_groups, required),
        acr=tuple(acr.split()),
    )


def _refuse_halves(others: dict[str, str]) -> None:
    """Refuse settings that do nothing without an issuer, which somebody forgot or mistyped."""
    for name, value in others.items():
        if value:
            raise ImproperlyConfigured(
                f"The setting LIVETRAIN_OIDC_{name} is there, and LIVETRAIN_OIDC_ISSUER is not: set both, or neither."
            )


def _secret(secret: str, file: str) -> str:
    if bool(secret) == bool(file):
        raise ImproperlyConfigured(
            "The setting LIVETRAIN_OIDC_ISSUER needs a secret: either LIVETRAIN_OIDC_CLIENT_SECRET, or the name of a "
            "file that holds it in LIVETRAIN_OIDC_CLIENT_SECRET_FILE."
        )
    if secret:
        return secret
    try:
        found = Path(file).expanduser().read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ImproperlyConfigured(
            f"The file of LIVETRAIN_OIDC_CLIENT_SECRET_FILE={file!r} cannot be read: {reason}."
        ) from None
    if not found:
        raise ImproperlyConfigured(f"The file of LIVETRAIN_OIDC_CLIENT_SECRET_FILE={file!r} is empty.")
    return found


def _parsed(name: str, parse: Any, raw: str) -> Any:
    try:
        return parse(raw)
    except WrongRule as wrong:
        raise ImproperlyConfigured(f"The setting LIVETRAIN_OIDC_{name} is wrong: {wrong}.") from None
