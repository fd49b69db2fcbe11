"""The AsyncAPI document: valid by the specification's own schema, and what the server sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from django.contrib.auth.models import User

from project.openapi import asyncapi
from realtime.hubs import list_hub
from realtime.wire import frames
from runs.events import EVENT_TYPES
from runs.models import RunEvent
from tests.documentation import ROOT
from tests.realtime.writing import batch_event, epoch_event, queued_run, running_run, store

SPECIFICATION = ROOT / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def validator(component: str) -> Any:
    document = asyncapi.document()
    whole = {"$schema": DRAFT, "components": document["components"], "$ref": f"#/components/schemas/{component}"}
    return jsonschema_rs.validator_for(whole)


def test_it_is_valid() -> None:
    specification = json.loads(SPECIFICATION.read_text())
    specification.pop("$id")
    check = jsonschema_rs.validator_for(specification)
    document = json.loads(msgspec.json.encode(asyncapi.document()))
    assert [fault.message for fault in check.iter_errors(document)] == []
    document["operations"]["ping"]["action"] = "shout"
    assert not check.is_valid(document)


def test_every_reference_leads_somewhere() -> None:
    document = json.loads(msgspec.json.encode(asyncapi.document()))
    found = list(references(document))
    assert len(found) > 30
    for reference in found:
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_it_has_every_event() -> None:
    frame = asyncapi.document()["components"]["schemas"]["FrameOfRun"]
    named = {one["$ref"].rpartition("/")[2] for one in frame["items"]["anyOf"]}
    assert {f"{kind.__name__}Event" for kind in EVENT_TYPES.values()} < named


@pytest.mark.django_db
def test_frames_of_a_run_are_what_it_says(user: User) -> None:
    run = running_run(user)
    store(run, [batch_event(0), epoch_event(0), batch_event(1)])
    items = [*frames.read(run.pk, 0, 9), frames.skipped(run.pk, 10, 12)]
    check = validator("FrameOfRun")
    sent = json.loads(frames.frame(items).text)
    assert [one["type"] for one in sent][-2:] == ["skipped", "skipped"]
    assert [fault.message for fault in check.iter_errors(sent)] == []
    assert not check.is_valid([sent[0] | {"seq": "1"}])


@pytest.mark.django_db
def test_a_link_in_place_of_a_large_event_is_what_it_says(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = running_run(user)
    monkeypatch.setattr(frames, "ITEM_BYTES", 10)
    [item, *_] = frames.items(run.pk, RunEvent.objects.filter(run=run), 0, 2)
    assert json.loads(item.text)["type"] == "large"
    assert validator("FrameOfRun").is_valid([json.loads(item.text)])


@pytest.mark.django_db
def test_messages_of_the_list_are_what_it_says(user: User) -> None:
    run = queued_run(user)
    run.refresh_from_db()
    changes = list_hub._changes([run.pk], {}, 0)
    sent = [json.loads(text) for change in changes for text in (*change.statuses, change.summary)]
    sent += [json.loads(list_hub._queue_message()), {"type": "pong"}]
    assert [one["type"] for one in sent] == ["run_status", "run_summary", "queue", "pong"]
    check = validator("FrameOfList")
    assert [fault.message for fault in check.iter_errors(sent)] == []
