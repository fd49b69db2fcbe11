"""Describe each operation for drf-spectacular from what its app says of it, with the statuses that all of them have.

Loaded with the library itself, when somebody asks for the schema: DRF finds it by its name in the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.drainage import warn
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from accounts.needed_scopes import needed_scope
from project.openapi import problems
from project.openapi.bodies import bodies
from project.openapi.described_operations import Described, Undescribed, description_of, names_of_addresses
from project.openapi.field_schemas import parameters_of
from runs.api_reference.operation import Header, Operation
from runs.listing.filters import Parameters

Schema = dict[str, Any]
TOKEN = "token"  # noqa: S105  (the name of a security scheme)
SESSION = "session"
WORDS_OF_PATHS = {
    "run_id": "Number of the run.",
    "group_id": "Number of the group.",
    "name": "Name of the data set, or of the file.",
    "pk": "Number of the pre-flight report.",
    "token_id": "Number of the token.",
    "project_id": "Number of the project.",
    "link_id": "Number of the link.",
    "username": "Name of the user.",
    "upload_id": "Identity of the upload.",
    "place": "Place of the sample among the predictions of the split, from 0.",
    "number": "Number of the sample, as the page of samples gives it.",
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library has no types here
    """The API tokens of `project.known_users.TokenUsers`."""

    target_class = "project.known_users.TokenUsers"
    name = TOKEN

    def get_security_definition(self, auto_schema: Any) -> Schema:  # noqa: ARG002
        """Return how a program sends its token."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token livetrain_…`: the word Token, a space, and a token of the page `/account/`. Each "
            "operation names the scope that it needs: `read`, `train` (which includes read) or `admin` (all).",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The sessions of browsers."""

    target_class = "rest_framework.authentication.SessionAuthentication"
    name = SESSION
    match_subclasses = True
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> Schema:  # noqa: ARG002
        """Return where a browser keeps its session."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "A login on the pages. What changes something needs the header `X-CSRFToken`, too.",
        }


class DescribedSchema(AutoSchema):
    """The description of an operation, found by method and name of its address."""

    @property
    def url_name(self) -> str:
        """Return the name of the address."""
        return names_of_addresses().get(self.path_regex, "")

    @property
    def described(self) -> Described:
        """Return what the app says; raises Undescribed."""
        return description_of(self.method, self.url_name)

    @property
    def told(self) -> Operation:
        """Return the operation itself."""
        return self.described.operation

    def is_excluded(self) -> bool:
        """Leave out what nobody has described, with a warning: the other operations are still worth reading."""
        try:
            self.described  # noqa: B018
        except Undescribed as undescribed:
            warn(str(undescribed))
            return True
        return False

    def get_operation_id(self) -> str:
        """Return method and name of the address, such as `get_run_list`."""
        return f"{self.method.lower()}_{self.url_name.replace('-', '_')}"

    def get_summary(self) -> str:
        """Return the summary."""
        return self.told.summary

    def get_description(self) -> str:  # type: ignore[override]  # as the library's own
        """Return the description, with the scope that a token needs."""
        scope = needed_scope(self.url_name, self.method)
        words = f"A token needs the scope `{scope.value}`." if scope else ""
        return " ".join(part for part in (" ".join(self.told.description.split()), words) if part)

    def get_tags(self) -> list[str]:
        """Return the name of the chapter."""
        return [self.described.tag]

    def get_auth(self) -> list[Schema]:
        """Return a token with its scope, or a session."""
        super().get_auth()  # registers the schemes
        scope = needed_scope(self.url_name, self.method)
        return [{TOKEN: [scope.value] if scope else []}, {SESSION: []}]

    def _get_parameters(self) -> list[Schema]:
        path: list[Schema] = self._resolve_path_parameters(_variables(self.path))  # type: ignore[no-untyped-call]
        for parameter in path:
            _finish_path_parameter(parameter)
        headers = [
            {"name": name, "in": "header", "description": header.description, "schema": dict(header.schema)}
            | ({"required": True} if header.is_required else {})
            for name, header in self.told.headers.items()
        ]
        return [*path, *parameters_of(self._query_fields()), *headers]

    def _query_fields(self) -> type[Parameters]:
        """Return the parameters of the address: the view's own where the description names no others."""
        if self.told.parameters is not None:
            return self.told.parameters
        found = getattr(self.view, "parameters", None) if self.method == "GET" else None
        return found or Parameters

    def _request_fields(self) -> Any:
        """Return what the body is made of; None for an operation without."""
        if self.told.body is not None:
            return self.told.body
        return getattr(self.view, "body", None) if self.method in ("POST", "PATCH", "PUT") else None

    def _get_request_body(self, direction: str = "request") -> Schema | None:  # noqa: ARG002
        found = self._request_fields()
        if found is None or found is Parameters:
            return None
        content = bodies().of_request(self._key(), found)
        return {"content": content, "required": self.told.is_body_required}

    def _get_response_bodies(self, direction: str = "response") -> Schema:  # noqa: ARG002
        answers = {
            str(status): {
                "description": self.told.summary if status < 300 else "",
                **_headers(self.told.answer_headers),
                **bodies().of_answer(self._key(), status),
            }
            for status in self.told.answers
        }
        return answers | problems.answers(
            self.told.refusals,
            has_body=self.method in ("POST", "PATCH", "PUT"),
            writes=self.method != "GET",
            names_something=bool(_variables(self.path)),
        )

    def _key(self) -> str:
        return f"{self.method} {self.url_name}"


def _variables(path: str) -> list[str]:
    from uritemplate import variables  # noqa: PLC0415  # of the library; server processes do without it

    return list(variables(path))


def _finish_path_parameter(parameter: Schema) -> None:
    """Say what a part of a path is, and that numbers count from 1 to what a database holds."""
    name = parameter["name"]
    if name in WORDS_OF_PATHS:
        parameter["description"] = WORDS_OF_PATHS[name]
    if parameter["schema"].get("type") == "integer":
        parameter["schema"] = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}


def _headers(found: Mapping[str, Header]) -> Schema:
    if not found:
        return {}
    return {
        "headers": {
            name: {"description": header.description, "schema": dict(header.schema)} for name, header in found.items()
        }
    }
