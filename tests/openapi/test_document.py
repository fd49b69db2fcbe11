"""The OpenAPI document: valid, complete, for those who may read, and true to the names of its version."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, get_resolver
from rest_framework import serializers
from rest_framework.views import APIView

from project.openapi import answer_examples, document, names
from project.openapi.configuration import TAGS
from project.openapi.described_operations import described_operations
from project.openapi.field_schemas import UndescribedField, schema_of
from runs.listing.filters import Listed, Numbers, Parameters
from tests.conforming_answers import body_validator, identity_of, operations, schema, validator
from tests.documentation import ROOT
from tests.test_documentation import methods, patterns


def endpoints() -> Iterator[tuple[str, URLPattern]]:
    """Yield the key of each operation below /api/ and of the figures, with its pattern."""
    for _, pattern in patterns(get_resolver()):
        view: Any = pattern.callback
        if issubclass(getattr(view, "cls", object), APIView):
            allowed = {name.upper() for name in view.cls.http_method_names}
            yield from ((f"{method} {pattern.name}", pattern) for method in sorted(methods(view) & allowed))


def test_every_operation_is_described_and_nothing_else() -> None:
    served = {key for key, _ in endpoints()}
    missing = sorted(served - set(described_operations()))
    assert not missing, f"Describe in an `api_reference` (CONTRIBUTING.md, Describe an endpoint): {', '.join(missing)}"
    assert sorted(set(described_operations()) - served) == []
    assert len(served) > 80


def test_what_nobody_has_described_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = {key: one for key, one in described_operations().items() if key != "GET queue-gpus"}
    monkeypatch.setattr("project.openapi.described_operations.described_operations", lambda: known)
    assert "/api/queue/gpus/" not in document.build()["paths"]
    assert "'GET queue-gpus' is not described: add it to OPERATIONS" in capsys.readouterr().err


def test_the_document_is_valid_and_nothing_was_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json")
    written = json.loads(capsys.readouterr().out)
    assert written["openapi"].startswith("3.1")
    assert written["info"]["version"] == document.version()
    assert {tag["name"] for tag in written["tags"]} == {one.tag for one in described_operations().values()} == set(TAGS)


@pytest.mark.parametrize("key", described_operations())
def test_every_part_of_an_operation_has_its_words(key: str) -> None:
    operation = operations()[key]
    assert re.fullmatch(r"[A-Z][^.]+", operation["summary"])
    assert operation["security"][0].keys() == {"token"}
    for parameter in operation.get("parameters", []):
        assert parameter["description"].endswith("."), parameter["name"]
    assert {"400", "401", "403", "405", "406", "429"} <= operation["responses"].keys()


def test_every_shape_says_what_it_is() -> None:
    silent = [name for name, found in schema()["components"]["schemas"].items() if not found.get("description")]
    assert silent == []


def test_every_field_of_a_body_has_its_words() -> None:
    components = schema()["components"]["schemas"]
    bodies = {name for name in components if re.search(r"\w(Options|Body)$|^Changes$", name)}
    assert len(bodies) > 10
    for name in bodies:
        for field, found in components[name]["properties"].items():
            assert "description" in found, f"{name}.{field}"


def test_parameters_are_those_that_the_views_check(api: Client) -> None:
    """Each says which it knows when it is asked for another one."""
    checked = 0
    for key, operation in operations().items():
        path = address_of(key)
        answer = api.generic(key.partition(" ")[0], f"{path}?nonsense=1", "{}", content_type="application/json")
        told = re.search(r"Unknown parameter; (?:possible are (.*?)|there are none here)\.", str(answer.content))
        if told:
            described = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
            assert described == set(filter(None, (told[1] or "").split(", "))), key
            checked += 1
    assert checked > 20


def address_of(key: str) -> str:
    """Return an address of the operation; nothing is there."""
    identity = identity_of(key)
    for path, found in schema()["paths"].items():
        if any(one["operationId"] == identity for one in found.values()):
            return str(re.sub(r"\{upload_id\}", "00000000-0000-4000-8000-000000000000", path)).format(
                **dict.fromkeys(("run_id", "group_id", "pk", "token_id", "place", "number", "name"), "1")
            )
    raise LookupError(key)


def test_programs_read_it_with_the_narrowest_token_and_strangers_do_not(api: Client) -> None:
    for path in ("/api/schema/", "/api/asyncapi/"):
        assert Client().get(path).status_code == 401
        answer = api.get(path)
        assert answer.status_code == 200
        again = api.get(path, headers={"if-none-match": answer["ETag"]})
        assert again.status_code == 304
    assert api.get("/api/schema/", {"format": "xml"}).status_code == 400


def test_it_comes_as_yaml_too(api: Client) -> None:
    by_parameter = api.get("/api/schema/", {"format": "yaml"})
    by_header = api.get("/api/schema/", headers={"accept": "application/yaml"})
    assert by_parameter["Content-Type"] == by_header["Content-Type"] == "application/yaml"
    assert yaml.safe_load(by_parameter.content) == api.get("/api/schema/").json()
    assert by_parameter.content == by_header.content


def test_the_page_is_for_people_who_are_logged_in(browser_session: Client) -> None:
    assert Client().get("/api/docs/")["Location"].startswith("/login/")
    page = browser_session.get("/api/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert re.findall(r'(?:src|href)="(https?:[^"]*)"', text) == []
    script = browser_session.get("/api/docs/", {"script": ""})
    assert script["Content-Type"] == "application/javascript"
    assert "/api/schema/" in script.content.decode()


def test_a_field_of_an_unknown_kind_is_named() -> None:
    class Odd(Parameters):
        colour = serializers.SlugRelatedField(slug_field="name", read_only=True)  # type: ignore[var-annotated]

    with pytest.raises(UndescribedField, match="colour: SlugRelatedField has no JSON schema"):
        schema_of(Odd().fields["colour"])


def test_bounds_defaults_and_choices_come_from_the_fields() -> None:
    class Some(Parameters):
        size = serializers.IntegerField(min_value=1, max_value=9, default=5, help_text="How many.")
        status = Listed(("on", "off"))
        runs = Numbers(required=True)
        until = serializers.FloatField(allow_null=True, required=False)

    fields = Some().fields
    assert schema_of(fields["size"]) == {
        "type": "integer", "minimum": 1, "maximum": 9, "default": 5, "description": "How many."
    }  # fmt: skip
    assert schema_of(fields["status"])["items"]["enum"] == ["on", "off"]
    assert schema_of(fields["runs"])["items"]["minimum"] == 1
    assert schema_of(fields["until"])["type"] == ["number", "null"]


def test_no_name_of_this_version_is_gone() -> None:
    gone = names.gone(document.build())
    assert not gone, f"Raise the version in pyproject.toml and CHANGELOG.md, or bring back: {'; '.join(gone)}"


def test_what_is_gone_is_told_until_the_version_is_raised() -> None:
    found = document.build()
    found["components"]["schemas"]["RunProgress"]["required"].remove("fraction")
    found["paths"]["/api/runs/"]["get"]["parameters"].pop()
    del found["paths"]["/api/runs/facets/"]
    gone = names.gone(found)
    assert {"get_run_facets", "get_run_list: ?cursor", "get_run_detail: 200 progress.fraction"} <= set(gone)
    kept = json.loads(names.FILE.read_text())["version"]
    found["info"]["version"] = ".".join(str(int(part) + 1) for part in kept.split("."))
    assert names.gone(found) == []


def test_the_version_is_in_the_changelog() -> None:
    assert f"## [{document.version()}]" in (ROOT / "CHANGELOG.md").read_text()
    assert json.loads(names.FILE.read_text())["version"] == document.version()


def test_server_processes_load_none_of_it() -> None:
    script = (
        "import sys, django; django.setup(); import project.asgi, project.urls; "
        "print(sorted(name for name in sys.modules if name.startswith(('drf_spectacular.openapi', 'jsonschema')) "
        "or '.shapes' in name or 'api_reference' in name or name == 'yaml'))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_examples_are_answers_and_bodies_that_fit() -> None:
    found = json.loads(answer_examples.EXAMPLES.read_text())
    assert len(found) > 40
    for key, examples in found.items():
        for part, example in examples.items():
            check = body_validator(key) if part == "body" else validator(key, int(part), "application/json")
            assert [fault.message for fault in check.iter_errors(example)] == [], f"{key} {part}"
    assert document.build()["paths"]["/api/runs/"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
