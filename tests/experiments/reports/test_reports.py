"""Reports over REST: made, frozen, read, and what is in them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from experiments.report_models import ReportFile, ReportText, ReportVersion
from experiments.reports import report_versions
from experiments.reports.checklists.lists import checklists_of
from experiments.reports.drawing import requests
from experiments.reports.drawing.plots import AnyPlot, ForestPlot
from experiments.reports.report_fields import FIELDS
from experiments.reports.source import source_of
from runs.derived_models import SavedPoint
from runs.errors import Conflict
from runs.models import Run, RunGroup
from tests.experiments.reports.conftest import NASTY, binary_run, run_of_three
from tests.people import OWNER, VIEWER, Cast
from tests.runs.conftest import MakeRun, completed_columns

pytestmark = pytest.mark.usefixtures("draws_nothing")


def posted(api: Client, run: Run) -> Any:
    return api.post(f"/api/runs/{run.pk}/reports/", content_type="application/json")


def made(api: Client, run: Run) -> dict[str, Any]:
    answer = posted(api, run)
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[no-any-return]


def content(api: Client, run: Run, number: int = 1) -> dict[str, Any]:
    answer = api.get(f"/api/runs/{run.pk}/reports/{number}/")
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def page_of(api: Client, run: Run, number: int = 1) -> str:
    return api.get(f"/api/runs/{run.pk}/reports/{number}/report.html").content.decode()


def tables(report: dict[str, Any], section: str) -> dict[str, list[list[str]]]:
    [found] = [one for one in report["sections"] if one["id"] == section]
    return {block["caption"]: block["rows"] for block in found["blocks"] if block["type"] == "table"}


def texts(report: dict[str, Any], section: str) -> str:
    [found] = [one for one in report["sections"] if one["id"] == section]
    return " ".join(block["text"] for block in found["blocks"] if block["type"] == "paragraph")


def saved_point(run: Run, threshold: float = 0.25) -> SavedPoint:
    numbers: dict[str, float | None] = {
        "cm_tp": 36,
        "cm_tn": 60,
        "cm_fp": 20,
        "cm_fn": 4,
        "final_sensitivity": 0.9,
        "final_specificity": 0.75,
    }
    numbers |= {f"final_{name}": 0.5 for name in ("precision_cm", "npv")}
    numbers |= {f"{name}_ci_{end}": None for name in list(numbers) for end in ("low", "high")}
    return SavedPoint.objects.create(
        run=run, attempt=run.attempt, at=timezone.now(), by="ada", reason="Miss few.", rule="sensitivity", number=0.9,
        threshold=threshold, splits={"val": numbers, "test": numbers},
    )  # fmt: skip


def test_numbers_are_those_that_are_stored_as_pages_write_them(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    made(api, run)
    report = content(api, run)["report"]
    rows = next(rows for name, rows in tables(report, "results").items() if name.startswith("Statistics"))
    assert ["AUROC", "0.812 (0.701 to 0.890)", "0.812 (0.701 to 0.890)"] in rows
    assert ["Sensitivity (recall)", "80.0 % (49.0 to 94.3 %)", "80.0 % (49.0 to 94.3 %)"] in rows
    assert ["Specificity", "94.4 %", "94.4 %"] in rows
    assert report["numbers"]["final_stats"]["test"]["statistics"]["final_auroc_cm"] == 0.8123
    flow = tables(report, "data")["Samples, patients and classes by split"]
    assert flow[0] == ["Samples", "600", "120", "120", "840"]
    assert flow[1] == ["Patients", "25", "8", "8", "40"]
    assert flow[3] == ["Class 8", "200 (33.3 %)", "40 (33.3 %)", "40 (33.3 %)", "280 (33.3 %)"]
    assert "groups of samples are the same or nearly so; 1 of them" in texts(report, "data")
    assert "0.812 (0.701 to 0.890)" in page_of(api, run)


def test_a_version_is_frozen_and_says_what_has_changed_since(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    first = made(api, run)
    assert (first["number"], first["by"], first["changes"]) == (1, "ada", [])
    before = page_of(api, run)
    assert first["sha256"] == hashlib.sha256(before.encode()).hexdigest()
    for file in first["files"]:
        got = api.get(f"/api/runs/{run.pk}/reports/1/{file['name']}").content
        assert (len(got), hashlib.sha256(got).hexdigest()) == (file["size"], file["sha256"])
    assert (
        hashlib.sha256(report_versions.content_of(ReportVersion.objects.get(), "report.json") or b"").hexdigest()
        in before
    )

    saved_point(run)
    sent = api.patch(f"/api/runs/{run.pk}/report-texts/", {"ethics": "Approved."}, content_type="application/json")
    assert sent.status_code == 200
    [listed] = api.get(f"/api/runs/{run.pk}/reports/").json()["results"]
    assert listed["changes"] == [
        "The operating point was decided again since.",
        "Texts were changed since: Ethics.",
    ]
    second = made(api, run)
    assert (second["number"], second["changes"]) == (2, [])
    assert page_of(api, run) == before
    assert "Approved." in page_of(api, run, 2)
    assert "Approved." not in before
    assert [one["number"] for one in api.get(f"/api/runs/{run.pk}/reports/").json()["results"]] == [2, 1]

    Run.objects.filter(pk=run.pk).update(attempt=2, experiment_name="other")
    changes = api.get(f"/api/runs/{run.pk}/reports/").json()["results"][0]["changes"]
    assert "The run was resumed since: the report is of an earlier attempt." in changes
    assert "The run was renamed since." in changes


def test_the_saved_point_decides_matrix_summary_and_groups(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    saved_point(run)
    made(api, run)
    report = content(api, run)["report"]
    matrix = next(rows for name, rows in tables(report, "results").items() if name.startswith("Confusion"))
    assert matrix == [["not 8", "60", "20", "80"], ["8", "4", "36", "40"]]
    [summary] = [
        block for one in report["sections"] if one["id"] == "summary" for block in one["blocks"] if "facts" in block
    ]
    sensitivity = next(fact for fact in summary["facts"] if fact["label"].startswith("Sensitivity"))
    assert (sensitivity["value"], sensitivity["detail"]) == ("90.0 %", "at the saved threshold 0.25")
    [decision] = [one for one in report["sections"] if one["id"] == "decision"]
    facts = {fact["label"]: fact["value"] for block in decision["blocks"] for fact in block.get("facts", [])}
    assert facts["Reason"] == "Miss few."
    assert facts["Decided"].startswith("Saved by ada on ")
    assert report["numbers"]["subgroups"]["threshold"] == 0.25
    assert report["card"]["model"]["decision"]["threshold"] == 0.25


def test_subgroups_are_compared_and_drawn(
    api: Client, make_run: MakeRun, draws_nothing: list[Sequence[AnyPlot]]
) -> None:
    run = binary_run(make_run)
    made(api, run)
    [plot] = [one for one in draws_nothing[0] if isinstance(one, ForestPlot)]
    assert [row.label for row in plot.rows] == ["site", "A", "B"]
    assert plot.reference == 0.8123
    report = content(api, run)["report"]
    assert [row[0] for row in tables(report, "subgroups")["Groups of samples at a threshold of 0.5"]] == [
        "site: A",
        "site: B",
    ]


def test_figures_come_with_their_numbers(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    made(api, run)
    names = {figure["name"] for figure in content(api, run)["report"]["figures"]}
    assert names == {
        "confusion-matrix", "roc", "precision-recall", "decision-curve", "calibration", "scores", "subgroups",
        "learning-loss", "learning-monitor",
    }  # fmt: skip
    table = api.get(f"/api/runs/{run.pk}/reports/1/figures/confusion-matrix.csv")
    assert table.content.decode("utf-8-sig").splitlines() == [
        "true_class,predicted_class,samples", "not 8,not 8,76", "not 8,8,4", "8,not 8,8", "8,8,32",
    ]  # fmt: skip
    assert table.headers["Content-Disposition"] == 'attachment; filename="run-1-report-1-confusion-matrix.csv"'.replace(
        "run-1-", f"run-{run.pk}-"
    )
    epochs = api.get(f"/api/runs/{run.pk}/reports/1/figures/learning-loss.csv").content.decode("utf-8-sig")
    assert epochs.splitlines()[:2] == ["epoch,train_loss,val_loss", "1,1.0,1.5"]
    assert api.get(f"/api/runs/{run.pk}/reports/1/figures/roc.exe").status_code == 404
    assert api.get(f"/api/runs/{run.pk}/reports/1/figures/pie.svg").status_code == 404


def test_several_classes_of_a_table_without_patients(api: Client, make_run: MakeRun) -> None:
    run = run_of_three(make_run)
    made(api, run)
    report = content(api, run)["report"]
    assert {figure["name"] for figure in report["figures"]} == {"confusion-matrix", "roc", "precision-recall", "scores"}
    assert "It is not known which samples belong to the same patient" in texts(report, "data")
    items = {item["number"]: item for one in report["checklists"] if one["id"] == "claim" for item in one["items"]}
    assert items["13"]["status"] == "not_applicable"
    assert items["20"] | {"what": ""} == {
        "number": "20", "what": "", "status": "missing", "sections": ["data"], "fields": [],
        "why": "Patients are not known from the data.",
    }  # fmt: skip
    per_class = tables(report, "results")["Each class against the rest, test split"]
    assert [row[:3] for row in per_class] == [["a", "40", "0.600"], ["b", "40", "0.700"], ["c", "40", "0.800"]]


def test_a_fold_stands_beside_its_group(api: Client, make_run: MakeRun, user: User) -> None:
    group = RunGroup.objects.create(name="folds", owner=user, config={}, size=2)
    first = binary_run(make_run, "val", group=group, fold=1, folds=2)
    binary_run(make_run, "val", group=group, fold=2, folds=2)
    made(api, first)
    report = content(api, first)["report"]
    assert "This run is fold 1 of 2 of the cross-validation “folds”" in texts(report, "comparison")
    assert "into 2 folds with similar shares of the classes; this run was validated on fold 1" in texts(report, "data")
    rows = tables(report, "comparison")["All folds, validation: mean over 2 completed folds"]
    assert next(row for row in rows if row[0] == "AUROC")[1:] == ["0.812", "0.000", "2"]


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
