"""Strong validators (`ETag`): what a client has already is not sent again, but only to those who may still see it.

Views look at `If-None-Match` after login, rights and parameters, so that a tag alone opens nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpResponseBase, HttpResponseNotModified
from django.http.response import HttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

NOT_KEPT = "private, no-store"
"""For what may name patients: no disk cache has it, and the tag serves programs that keep the answer themselves."""
ASKED_AGAIN = "private, no-cache"
"""For numbers: a browser may keep them, and asks each time whether they are still the same."""
_SOURCES = Path(__file__).resolve().parents[1]


def entity_tag(request: Request, *facts: object) -> str:
    """Return a tag of these facts, of who asks and of the whole address: all that an answer may depend on."""
    user: Any = request.user
    asker = (user.pk, user.is_staff, user.is_superuser)
    return _tag(repr((_code(), asker, request.get_full_path(), facts)).encode())


def unless_known(
    request: Request, tag: str | None, build: Callable[[], HttpResponseBase], cache_control: str
) -> HttpResponseBase:
    """Answer 304 where the client has this version, else with what `build` makes; None: it has no version yet."""
    if tag is None:
        return build()
    return not_modified(request, tag, cache_control) or tagged(build(), tag, cache_control)


def not_modified(request: Request, tag: str, cache_control: str) -> HttpResponseBase | None:
    """Answer 304 where the client has this version; None: it has not."""
    return tagged(HttpResponseNotModified(), tag, cache_control) if _is_known(request, tag) else None


def tagged(response: HttpResponseBase, tag: str, cache_control: str) -> HttpResponseBase:
    """Say in the answer which version it is, and who may keep it."""
    response["ETag"] = tag
    response["Cache-Control"] = cache_control
    return response


def tagged_content(request: Request, content: bytes, cache_control: str) -> HttpResponseBase:
    """Answer with this JSON, or 304 where the client has exactly it: for what depends on more than a row tells."""
    tag = _tag(content)
    return unless_known(request, tag, lambda: HttpResponse(content, content_type="application/json"), cache_control)


def _is_known(request: Request, tag: str) -> bool:
    """Compare as RFC 9110 wants it for `If-None-Match`, weakly: compressed answers have weak tags."""
    sent = request.META.get("HTTP_IF_NONE_MATCH")
    if sent is None:
        return False
    known = parse_etags(sent)
    return known == ["*"] or tag in (one.removeprefix("W/") for one in known)


def _tag(content: bytes) -> str:
    return f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


@cache
def _code() -> str:
    """Tell apart versions of the code that makes the answers: another one may say more."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(_SOURCES.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
