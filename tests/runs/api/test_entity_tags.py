"""Answers about what no longer changes are sent once, and again as soon as anything of them is another."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from runs.derived_models import SplitLook
from runs.models import Run, RunEvent, RunMetric
from runs.removal import deletion
from tests.runs.conftest import MakeRun, completed_columns
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
ADDRESSES = ["", "metrics/", "series/?name=epoch/val_loss", "final-stats/", "files/", "snapshot/"]


@pytest.fixture
def ended(make_run: MakeRun) -> Run:
    """Make a run that has ended, with an epoch and a file."""
    run = make_run(**completed_columns())
    RunMetric.objects.create(
        run=run, metric_name="val_loss", value=0.5, epoch=0, dataset_type="val", context="epoch", class_name=""
    )
    run.folder.mkdir(parents=True)
    (run.folder / "metrics.csv").write_text("epoch\n0\n")
    return run


def release(answer: Any) -> None:
    """Close the file that is streamed, and not the database too, as the end of a request does."""
    for close in answer._resource_closers:
        close()


def known(client: Client, address: str, tag: str) -> int:
    answer = client.get(address, headers={"if-none-match": tag})
    if answer.status_code == 304:
        assert answer.content == b""
        assert answer["ETag"] == tag
    release(answer)
    return answer.status_code


def test_what_the_client_has_is_not_sent_again(api: Client, ended: Run) -> None:
    for end in [*ADDRESSES, "files/metrics.csv"]:
        address = f"/api/runs/{ended.pk}/{end}"
        answer = api.get(address)
        tag = answer["ETag"]
        assert tag.startswith('"'), "strong"
        assert known(api, address, tag) == 304, end
        listed = api.get(address, headers={"if-none-match": f'"other", W/{tag}'})
        assert (listed.status_code, listed["ETag"]) == (304, tag), end
        assert known(api, address, '"other"') == 200, end
        assert api.get(address)["ETag"] == tag
        assert api.get(address, headers={"if-none-match": "*"}).status_code == 304
        assert api.head(address, headers={"if-none-match": f'"other", W/{tag}'}).status_code == 304
        release(answer)


def test_no_tag_opens_anything(api: Client, ended: Run) -> None:
    for end in [*ADDRESSES, "files/metrics.csv"]:
        address = f"/api/runs/{ended.pk}/{end}"
        answer = api.get(address)
        tag = answer["ETag"]
        release(answer)
        assert known(Client(), address, tag) == 401
        assert known(Client(), address, "*") == 401
    tags = {end: api.get(f"/api/runs/{ended.pk}/{end}")["ETag"] for end in ADDRESSES}
    deletion.delete(ended.pk, ended.owner)
    for end, tag in tags.items():
        assert known(api, f"/api/runs/{ended.pk}/{end}", tag) == 404, end
        assert known(api, f"/api/runs/{ended.pk}/{end}", "*") == 404, end


def test_wrong_parameters_are_told_whatever_tag_comes(api: Client, ended: Run) -> None:
    for end in ADDRESSES:
        address = f"/api/runs/{ended.pk}/{end}{'&' if '?' in end else '?'}nonsense=1"
        assert api.get(address, headers={"if-none-match": "*"}).status_code == 400, end


def test_a_run_that_may_still_change_has_no_tag(api: Client, make_run: MakeRun) -> None:
    for status in ("queued", "in_progress", "cancelling"):
        run = make_run(status=status)
        for end in ("", "metrics/", "final-stats/", "snapshot/"):
            assert "ETag" not in api.get(f"/api/runs/{run.pk}/{end}"), (status, end)
            assert api.get(f"/api/runs/{run.pk}/{end}", headers={"if-none-match": "*"}).status_code == 200


def tagged(run: Run, client: Client) -> None:
    body = json.dumps({"runs": [run.pk], "add": ["baseline"]})
    assert client.post("/api/runs/tags/", body, content_type="application/json").status_code == 200


def described(run: Run, client: Client) -> None:
    body = json.dumps({"description": "the one of the paper"})
    assert client.patch(f"/api/runs/{run.pk}/", body, content_type="application/json").status_code == 200


def resumed_and_ended(run: Run, _client: Client) -> None:
    Run.objects.filter(pk=run.pk).update(attempt=run.attempt + 1, last_seq=run.last_seq + 9)


def restored(run: Run, _client: Client) -> None:
    deletion.delete(run.pk, run.owner)
    deletion.restore(run.pk)


def noted(run: Run, _client: Client) -> None:
    Run.objects.filter(pk=run.pk).update(notes=[{"code": "files", "text": "Files are missing."}])


def renamed_owner(run: Run, _client: Client) -> None:
    User.objects.filter(pk=run.owner_id).update(username="lovelace")


def owner_of_more_rights(run: Run, _client: Client) -> None:
    User.objects.filter(pk=run.owner_id).update(is_staff=True)


@pytest.mark.parametrize(
    "change", [tagged, described, resumed_and_ended, restored, noted, renamed_owner, owner_of_more_rights]
)
def test_a_change_of_the_run_is_another_version(api: Client, ended: Run, change: Callable[[Run, Client], None]) -> None:
    before = {end: api.get(f"/api/runs/{ended.pk}/{end}")["ETag"] for end in ("", "metrics/", "final-stats/")}
    change(ended, api)
    for end, tag in before.items():
        assert known(api, f"/api/runs/{ended.pk}/{end}", tag) == 200, end


def test_a_look_of_another_run_at_the_same_test_split_is_another_version(
    api: Client, ended: Run, make_run: MakeRun
) -> None:
    def look(run: Run) -> None:
        SplitLook.objects.create(identity="0" * 64, run_number=run.pk, attempt=1, at=timezone.now())

    Run.objects.filter(pk=ended.pk).update(final_split="test", final_auroc=0.9)
    look(ended)
    address = f"/api/runs/{ended.pk}/"
    first = api.get(address)
    assert first.json()["test_split"]["looks"] == 1
    other = make_run(status="completed", final_split="test", final_auroc=0.8)
    look(other)
    second = api.get(address, headers={"if-none-match": first["ETag"]})
    assert second.json()["test_split"]["looks"] == 2
    Run.objects.filter(pk=other.pk).update(final_auroc=0.95)
    assert known(api, address, second["ETag"]) == 200


def test_another_user_and_another_address_have_other_tags(api: Client, ended: Run) -> None:
    other = Client(headers={"authorization": f"Token {new_token(User.objects.create_user('grace'))}"})
    address = f"/api/runs/{ended.pk}/metrics/"
    tags = {api.get(address)["ETag"], other.get(address)["ETag"], api.get(f"{address}?name=val_loss")["ETag"]}
    assert len(tags) == 3


def test_files_that_are_written_again_are_other_versions(api: Client, ended: Run) -> None:
    listed, address = f"/api/runs/{ended.pk}/files/", f"/api/runs/{ended.pk}/files/metrics.csv"
    tags = {}
    for one in (listed, address):
        answer = api.get(one)
        tags[one] = answer["ETag"]
        release(answer)
    (ended.folder / "new").write_text("epoch\n1\n")
    (ended.folder / "new").replace(ended.folder / "metrics.csv")
    assert known(api, address, tags[address]) == 200
    (ended.folder / "results.json").write_text("{}")
    assert known(api, listed, tags[listed]) == 200
    (ended.folder / "metrics.csv").unlink()
    assert known(api, address, tags[address]) == 404


def test_events_that_are_pruned_make_another_snapshot(api: Client, ended: Run) -> None:
    event = RunEvent.objects.create(
        run=ended, seq=1, attempt=1, type="log", timestamp="2026-11-30T08:00:00Z", data="{}"
    )
    Run.objects.filter(pk=ended.pk).update(last_seq=1)
    address = f"/api/runs/{ended.pk}/snapshot/"
    tag = api.get(address)["ETag"]
    assert known(api, address, tag) == 304
    event.delete()
    assert known(api, address, tag) == 200


def test_what_may_name_patients_is_kept_by_no_disk_cache(api: Client, ended: Run) -> None:
    for end in ("", "files/", "snapshot/"):
        address = f"/api/runs/{ended.pk}/{end}"
        answer = api.get(address)
        assert answer["Cache-Control"] == "private, no-store"
        again = api.get(address, headers={"if-none-match": answer["ETag"]})
        assert again["Cache-Control"] == "private, no-store"
    for end in ("metrics/", "final-stats/", "series/?name=epoch/val_loss"):
        assert api.get(f"/api/runs/{ended.pk}/{end}")["Cache-Control"] == "private, no-cache"


def test_a_compressed_answer_has_a_weak_tag_that_is_known_again(api: Client, ended: Run) -> None:
    address = f"/api/runs/{ended.pk}/snapshot/"
    answer = api.get(address, headers={"accept-encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert answer["ETag"].startswith('W/"')
    again = api.get(address, headers={"accept-encoding": "gzip", "if-none-match": answer["ETag"]})
    assert again.status_code == 304


def test_a_change_is_answered_whole(api: Client, ended: Run) -> None:
    body = json.dumps({"description": "x"})
    answer = api.patch(f"/api/runs/{ended.pk}/", body, content_type="application/json", headers={"if-none-match": "*"})
    assert (answer.status_code, answer.json()["description"]) == (200, "x")
