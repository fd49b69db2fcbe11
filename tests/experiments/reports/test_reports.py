"""Reports over REST and on the page: made, frozen, read, refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import AuditEvent
from experiments.report_models import ReportFile, ReportText, ReportVersion
from experiments.reports.checklists.lists import checklists_of
from experiments.reports.drawing import requests
from experiments.reports.report_fields import FIELDS
from experiments.reports.source import source_of
from runs.errors import Conflict
from runs.models import Run
from tests.experiments.reports.answers import made, page_of, posted, saved_point
from tests.experiments.reports.conftest import NASTY, binary_run
from tests.people import OWNER, VIEWER, Cast
from tests.runs.conftest import MakeRun, completed_columns

pytestmark = pytest.mark.usefixtures("draws_nothing")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"status": "failed"}, "has failed, so there is no result"),
        ({"status": "cancelled"}, "was cancelled before it was evaluated"),
        ({"status": "in_progress"}, "is in progress: make a report when it has ended"),
        (completed_columns(), "has no final evaluation"),
    ],
)
def test_a_run_without_result_is_refused(
    api: Client, browser_session: Client, make_run: MakeRun, columns: dict[str, Any], words: str
) -> None:
    run = make_run(**columns)
    for answer in (posted(api, run), api.get(f"/api/runs/{run.pk}/model-card/")):
        assert (answer.status_code, words in answer.json()["detail"]) == (409, True), answer.content
    assert not ReportVersion.objects.exists()
    page = browser_session.get(f"/runs/{run.pk}/report/")
    assert words in page.content.decode()


def test_the_document_needs_nothing_and_runs_nothing(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run, experiment_name=NASTY)
    api.patch(f"/api/runs/{run.pk}/report-texts/", {"limitations": NASTY}, content_type="application/json")
    made(api, run)
    answer = api.get(f"/api/runs/{run.pk}/reports/1/report.html")
    text = answer.content.decode()
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt; &amp; “eight”") >= 3
    assert {address.partition(":")[0] for address in re.findall(r'(?:src|href)="(?!#)([^"]*)"', text)} == {"data"}
    assert set(re.findall(r'href="#([^"]*)"', text)) <= set(re.findall(r'id="([^"]*)"', text))
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert AuditEvent.objects.filter(action="report.downloaded", target_id=str(run.pk)).exists()
    created = AuditEvent.objects.get(action="report.created")
    assert created.details["sha256"] == ReportVersion.objects.get().sha256


def test_every_item_that_people_write_has_a_field_and_every_field_an_item(api: Client, make_run: MakeRun) -> None:
    source = source_of(binary_run(make_run))
    lists = {one.id: one for one in checklists_of(source)}
    assert {field for one in lists.values() for item in one.items for field in item.fields} == set(FIELDS)
    main = {"tripod-ai": 27, "stard": 30, "claim": 44}
    for name, last in main.items():
        numbers = [int(re.match(r"\d+", item.number)[0]) for item in lists[name].items]  # type: ignore[index]
        assert sorted(set(numbers)) == list(range(1, last + 1)), name
        assert numbers == sorted(numbers)


def test_texts_are_kept_with_their_history(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    address = f"/api/runs/{run.pk}/report-texts/"
    first = api.patch(address, {"funding": "None.\r\n", "ethics": "Yes."}, content_type="application/json").json()
    told = {field["name"]: field for field in first["fields"]}
    assert (told["funding"]["text"], told["funding"]["history"][0]["by"]) == ("None.", "ada")
    api.patch(address, {"funding": "A grant."}, content_type="application/json")
    late = api.patch(address, {"funding": "Mine.", "revision": first["revision"]}, content_type="application/json")
    assert (late.status_code, "changed meanwhile" in late.json()["detail"]) == (409, True)
    api.patch(address, {"funding": "A grant."}, content_type="application/json")  # the same again is no change
    put = api.put(address, {"ethics": "Number 7."}, content_type="application/json").json()
    told = {field["name"]: field for field in put["fields"]}
    assert told["funding"]["text"] == ""
    assert [one["text"] for one in told["funding"]["history"]] == ["", "A grant.", "None."]
    assert [one["text"] for one in told["ethics"]["history"]] == ["Number 7.", "Yes."]
    assert ReportText.objects.count() == 5
    assert AuditEvent.objects.filter(action="report.texts_changed").count() == 3


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({}, "(body)", "Send one text or more"),
        ({"colour": "red"}, "colour", "intended_use"),
        ({"ethics": "x" * 10_001}, "ethics", "10,001 characters; at most 10,000"),
        ({"ethics": 3, "revision": -1}, "revision", "0"),
    ],
)
def test_wrong_texts_are_named(api: Client, make_run: MakeRun, body: Any, field: str, words: str) -> None:
    run = binary_run(make_run)
    answer = api.patch(f"/api/runs/{run.pk}/report-texts/", body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    [error] = answer.json()["errors"]
    assert (error["field"], words in error["message"]) == (field, True), error
    assert not ReportText.objects.exists()


def test_the_page_writes_texts_and_makes_reports(browser_session: Client, make_run: MakeRun) -> None:
    api = browser_session
    run = binary_run(make_run)
    page = api.get(f"/runs/{run.pk}/report/").content.decode()
    assert "Make report 1" in page
    assert "26 texts below are not written yet" in page
    sent = api.post(f"/runs/{run.pk}/report/texts/", {"ethics": NASTY, "revision": "0"}, follow=True)
    assert "&lt;script&gt;alert(1)" in sent.content.decode()
    assert "<script>alert" not in sent.content.decode()
    late = api.post(f"/runs/{run.pk}/report/texts/", {"ethics": "other", "revision": "0"})
    assert (late.status_code, "changed meanwhile" in late.content.decode()) == (409, True)
    assert ">\nother</textarea>" in late.content.decode()
    long = api.post(f"/runs/{run.pk}/report/texts/", {"ethics": "x" * 10_001})
    assert (long.status_code, "at most 10,000" in long.content.decode()) == (400, True)
    shown = api.post(f"/runs/{run.pk}/report/", follow=True).content.decode()
    assert "Report 1 is there." in shown
    assert ReportVersion.objects.get().sha256[:12] in shown
    assert f"/api/runs/{run.pk}/reports/1/figures/roc.svg" in shown


def test_a_run_that_changes_meanwhile_is_not_reported(
    api: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = binary_run(make_run)

    def drawn(_: Any) -> list[Any]:
        saved_point(run)
        return []

    monkeypatch.setattr(requests, "drawn", drawn)
    answer = posted(api, run)
    assert (answer.status_code, "was changed while" in answer.json()["detail"]) == (409, True)
    assert not ReportVersion.objects.exists()


def test_a_pdf_is_made_once_and_kept(api: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = binary_run(make_run)
    made(api, run)
    printed: list[bytes] = []

    def fails(html: bytes) -> bytes:
        raise Conflict("PDFs need WeasyPrint")

    def prints(html: bytes) -> bytes:
        printed.append(html)
        return b"%PDF-1.7"

    monkeypatch.setattr(requests, "printed", fails)
    refused = api.get(f"/api/runs/{run.pk}/reports/1/report.pdf")
    assert (refused.status_code, refused.json()["detail"]) == (409, "PDFs need WeasyPrint")
    monkeypatch.setattr(requests, "printed", prints)
    for _ in range(2):
        answer = api.get(f"/api/runs/{run.pk}/reports/1/report.pdf")
        assert (answer.content, answer.headers["Content-Type"]) == (b"%PDF-1.7", "application/pdf")
    assert printed == [page_of(api, run).encode()]
    assert ReportFile.objects.filter(name="report.pdf").count() == 1


def test_the_command_makes_and_writes_reports(api: Client, make_run: MakeRun, tmp_path: Any) -> None:
    run = binary_run(make_run)
    call_command("report", str(run.pk), output=tmp_path / "r.json")
    found = json.loads((tmp_path / "r.json").read_bytes())
    assert (found["schema_version"], found["head"]["number"]) == (1, 1)
    call_command("report", str(run.pk), output=tmp_path / "r.txt", number=1)
    assert (tmp_path / "r.txt").read_text() == page_of(api, run)
    assert ReportVersion.objects.count() == 1
    for options, words in (
        ({"run_id": str(run.pk), "number": 7}, "--number: run"),
        ({"run_id": "99999"}, "Run 99999 does not exist"),
        ({"run_id": str(run.pk), "output": tmp_path / "no" / "r.html"}, "--output: there is no folder"),
    ):
        asked = {"output": tmp_path / "x.html"} | options
        with pytest.raises(CommandError, match=words):
            call_command("report", str(asked.pop("run_id")), **asked)


def test_purged_runs_take_their_reports_along(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    made(api, run)
    Run.objects.filter(pk=run.pk).delete()
    assert not ReportFile.objects.exists()


def test_others_neither_make_nor_write(make_run: MakeRun) -> None:
    cast = Cast()
    viewer_client = cast.client(VIEWER)
    run = binary_run(make_run, project=cast.project, owner=cast.users[OWNER])
    assert viewer_client.get(f"/api/runs/{run.pk}/reports/").status_code == 200
    assert posted(viewer_client, run).status_code == 403
    sent = viewer_client.patch(f"/api/runs/{run.pk}/report-texts/", {"ethics": "x"}, content_type="application/json")
    assert sent.status_code == 403
    page = viewer_client.get(f"/runs/{run.pk}/report/").content.decode()
    assert "<textarea" not in page
    assert "Make report" not in page
