"""`/api/tokens/`: a user's own API tokens, listed, made and revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.issuing import NEVER, Refused, issue, revoke, tokens_of
from accounts.models import APIToken
from accounts.request_user import logged_in
from accounts.scopes import Scope
from runs.api.bodies import body_of
from runs.api.views import ReadingView
from runs.errors import InvalidRequest
from runs.events import format_time
from runs.listing.filters import Parameters
from runs.projects.project_field import ProjectField


class TokenOptions(Parameters):
    """What a token is for, what it may do, in which project (null: all), for how many days (null: without an end)."""

    name = serializers.CharField(help_text="What it is for.")
    scope = serializers.ChoiceField(Scope.values, default=Scope.TRAIN.value, help_text="What it may do.")
    project = ProjectField(
        required=False, allow_null=True, default=None, help_text="The only project that it is for; null: all."
    )
    days = serializers.FloatField(
        required=False, allow_null=True, help_text="How long it lives; null: without an end, where that is allowed."
    )


class TokenList(ReadingView):
    """The endpoint of a user's tokens."""

    http_method_names = ["get", "head", "options", "post"]

    def get(self, request: Request) -> Response:
        """Return the user's tokens, the newest first; none can be read again."""
        return Response({"tokens": [described(token) for token in tokens_of(logged_in(request))]})

    def post(self, request: Request) -> Response:
        """Make a token (201), whose text stands in `token` this once."""
        asked, by = body_of(request, TokenOptions), _token(request)
        project = asked["project"]
        if project is None and by is not None:  # one for all projects would reach further than the one it comes from
            project = by.project_id
        try:
            token, text = issue(logged_in(request), asked["name"], asked["scope"], _days(asked, by), project)
        except Refused as refused:
            raise InvalidRequest([{"field": refused.field, "message": str(refused)}]) from refused
        return Response(described(token) | {"token": text}, status=201)


class TokenDetail(APIView):
    """The endpoint that revokes a token."""

    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke one of the user's tokens (204); 404 for another user's."""
        if not revoke(logged_in(request), token_id):
            raise Http404(f"You have no token {token_id}.")
        return Response(status=204)


def described(token: APIToken) -> dict[str, Any]:
    """Describe a token for the API, without what is secret."""
    return {
        "id": token.pk,
        "name": token.name,
        "scope": token.scope,
        "project": token.project.name if token.project else None,
        "begins_with": token.token_key,
        "created": format_time(token.created),
        "last_used": _time(token.last_used),
        "expires": _time(token.expiry),
        "is_expired": token.is_expired,
    }


def _token(request: Request) -> APIToken | None:
    """Return the token that the request came with; None of a session."""
    return request.auth if isinstance(request.auth, APIToken) else None


def _days(asked: dict[str, Any], by: APIToken | None) -> float:
    """Return the life that was asked for; one token's life does not go on in another's, so it ends no later."""
    chosen: float | None = asked.get("days", settings.TOKEN_DAYS)
    days = NEVER if chosen is None else chosen
    if by is None or by.expiry is None:
        return days
    left: float = (by.expiry - timezone.now()) / timedelta(days=1)
    return min(days, left)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
