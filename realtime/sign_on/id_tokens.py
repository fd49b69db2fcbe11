"""Validates ID tokens as OpenID Connect says: signature, issuer, audience, times, nonce, way of authentication."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jwt
from django.utils.crypto import constant_time_compare

from realtime.sign_on.metadata import SIGNATURES, Provider

CLOCK_SKEW_SECONDS: Final = 60
"""By which both machines' clocks may differ."""
LONGEST_TOKEN: Final = 2**17


class InvalidToken(ValueError):
    """A token that proves nothing; the text says what is wrong, for the log."""


def validated(
    token: object, provider: Provider, *, client_id: str, nonce: str, acr: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the claims of a token that was made for this client and this login.

    Raises InvalidToken, and Unreachable where the provider's keys cannot be had.
    """
    if not isinstance(token, str) or not 0 < len(token) <= LONGEST_TOKEN:
        raise InvalidToken("the provider sent no ID token; is the scope openid allowed?")
    claims = _decoded(token, provider, client_id)
    if not constant_time_compare(str(claims.get("nonce", "")), nonce):
        raise InvalidToken("it was made for another login (nonce)")
    _check_party(claims, client_id)
    if acr and claims.get("acr") not in acr:
        raise InvalidToken(f"acr is {claims.get('acr')!r}, and LIVETRAIN_OIDC_ACR asks for {' or '.join(acr)}")
    return claims


def _decoded(token: str, provider: Provider, client_id: str) -> dict[str, Any]:
    metadata = provider.metadata()
    try:
        header = jwt.get_unverified_header(token)
        signature, key_id = header.get("alg"), header.get("kid")
        if signature not in SIGNATURES or signature not in metadata.signatures:
            raise InvalidToken(f"it is signed by {signature!r}; of the provider's, {SIGNATURES} are accepted")
        for key in provider.keys(key_id, signature):
            try:
                return jwt.decode(
                    token,
                    key.key,
                    algorithms=[signature],
                    audience=client_id,
                    issuer=metadata.issuer,
                    leeway=CLOCK_SKEW_SECONDS,
                    options={"require": ["iss", "sub", "aud", "exp", "iat"]},
                )
            except jwt.InvalidSignatureError:
                continue
    except jwt.PyJWTError as error:
        raise InvalidToken(f"{error}") from error
    raise InvalidToken("none of the provider's keys made its signature")


def _check_party(claims: dict[str, Any], client_id: str) -> None:
    """Of a token for several clients, require that it was made for this one."""
    audience, party = claims["aud"], claims.get("azp")
    if (party is not None and party != client_id) or (isinstance(audience, list) and len(audience) > 1 and not party):
        raise InvalidToken(f"it was made for another client (azp {party!r})")
