"""Runs in the admin: everything can be read and sorted, nothing can be written."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.admin import RunAdmin
from runs.derived_models import SavedPoint
from runs.models import FinalResult, Run, RunGroup
from runs.statistics.matrix_statistics import matrix_statistics
from tests.experiments.training.readings import EVERY_SHAPE, QUESTIONS, class_folders
from tests.runs.api.test_reading import write
from tests.runs.conftest import MakeRun, add_epoch, add_final, completed_columns

LIST = "/admin/runs/run/"


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, response.content[:2000]
    return response.content.decode()


def listed(client: Client, question: str = "") -> list[int]:
    return [
        int(pk)
        for pk in re.findall(r'<th class="field-id"><a href="/admin/runs/run/(\d+)/', page(client, LIST + question))
    ]


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    """Make a run with three epochs and both splits evaluated."""
    run = make_run(**completed_columns(), notes=[{"code": "diverged", "text": "<b>Loss</b> became NaN."}])
    for epoch, loss in enumerate((0.7, None, 0.3)):
        add_epoch(
            run,
            epoch,
            {"train_loss": loss, "val_loss": loss, "val_auroc": 0.9, "val_cm_tp": 8.0, "learning_rate": 1e-4},
        )
    interval = {"final_auroc_cm": 0.9512, "final_auroc_cm_ci_low": 0.9312, "final_auroc_cm_ci_high": 0.9712}
    add_final(run, "val", {"cm_tp": 8.0, "final_mcc": None} | interval)
    add_final(run, "test", {"final_auroc_cm": 0.95, "test_loss": 0.25})
    run.folder.mkdir(parents=True)
    (run.folder / "metrics.csv").write_text("epoch\n")
    return run


def test_the_list_shows_the_line_of_a_run(admin: Client, run: Run) -> None:
    text = page(admin, LIST)
    assert listed(admin) == [run.pk]
    cells = dict(re.findall(r'<td class="field-([\w]+)[^"]*">(.*?)</td>', text))
    assert "completed" in cells["status_badge"]
    assert 'value="1.0"' in cells["progress_bar"]
    assert "0.970" in cells["best"]
    assert "epoch 8" in cells["best"]
    shown = [
        cells[name]
        for name in ("split", "cm_tp", "cm_tn", "cm_fp", "cm_fn", "precision", "recall", "f1", "auroc", "duration")
    ]
    assert shown == ["test", "8", "85", "5", "2", "61.5 %", "80.0 %", "69.6 %", "0.950", "1 min 16 s"]


def test_each_value_has_the_name_of_its_column_where_rows_are_blocks(
    admin: Client, run: Run, make_run: MakeRun
) -> None:
    """The style has these names: Django's cells do not."""
    style = Path(finders.find("runs/admin.css") or "").read_text()
    named = dict(re.findall(r'\.field-(\w+)::before \{ content: "([^"]+)"; \}', style))
    group = RunGroup.objects.create(name="x", owner=run.owner, config={}, size=2)
    make_run(group=group, fold=1, folds=2)
    for address, title in ((LIST, "experiment_name"), ("/admin/runs/rungroup/", "name")):
        text = page(admin, address)
        heads = [*re.findall(r'<div class="text">(?:<a href="[^"]*">|<span>)([^<]+)<', text)]
        names = list(dict.fromkeys(re.findall(r'class="field-(\w+)', text)))
        found = {name: head.lower() for name, head in zip(names, heads, strict=True) if name != title}
        assert found == {name: named[name].lower() for name in found}


@pytest.mark.parametrize("column", range(1, len(RunAdmin.list_display) + 1))  # the boxes to tick are column 0
def test_every_column_sorts_both_ways(admin: Client, make_run: MakeRun, column: int) -> None:
    full = completed_columns()
    less: dict[str, Any] = {name: value / 2 for name, value in full.items() if isinstance(value, float)}
    less |= {"cm_tp": 1, "cm_tn": 1, "cm_fp": 1, "cm_fn": 1, "status": "cancelled", "experiment_name": "a"}
    second = User.objects.create(username="aaron")
    groups = [RunGroup.objects.create(name="x", owner=second, config={}, size=2) for _ in range(2)]
    low, high = (
        make_run(**full | less, owner=second, group=groups[0], fold=2, folds=2),
        make_run(**full | {"final_split": "val"}, training_mode="federated", group=groups[1], fold=1, folds=2),
    )
    assert listed(admin, f"?o={column}") == [low.pk, high.pk]
    assert listed(admin, f"?o=-{column}") == [high.pk, low.pk]


@pytest.mark.parametrize("name", ["best", "auroc", "split", "cm_tp", "duration"])
def test_unknown_values_stand_last_whichever_way(admin: Client, make_run: MakeRun, name: str) -> None:
    unknown, known = make_run(), make_run(**completed_columns())
    column = RunAdmin.list_display.index(name) + 1
    assert listed(admin, f"?o={column}") == [known.pk, unknown.pk]
    assert listed(admin, f"?o=-{column}") == [known.pk, unknown.pk]


def test_search_and_filters(admin: Client, make_run: MakeRun) -> None:
    queued, done = make_run(experiment_name="lungs"), make_run(**completed_columns())
    assert listed(admin, "?q=lung") == [queued.pk]
    assert listed(admin, f"?q={done.pk}") == [done.pk]
    assert listed(admin, "?q=ada") == [done.pk, queued.pk]
    assert listed(admin, "?q=nobody") == []
    assert listed(admin, "?status__exact=queued") == [queued.pk]
    assert listed(admin, "?training_mode=centralized") == [done.pk, queued.pk]
    assert listed(admin, "?final=none") == [queued.pk]
    assert listed(admin, "?final=test") == [done.pk]
    assert listed(admin, "?final=val") == []


def test_the_list_costs_the_same_queries_for_any_number_of_runs(admin: Client, make_run: MakeRun) -> None:
    make_run()
    with CaptureQueriesContext(connection) as few:
        page(admin, LIST)
    for _ in range(30):
        make_run()
    with CaptureQueriesContext(connection) as many:
        page(admin, LIST)
    assert len(many) == len(few)
    assert not [query for query in many if '"runs_run"."config"' in query["sql"]]


def test_the_page_of_a_run_shows_everything(admin: Client, run: Run) -> None:
    text = page(admin, f"{LIST}{run.pk}/change/")
    assert f'href="/runs/{run.pk}/"' in text
    assert f'href="/api/runs/{run.pk}/files/metrics.csv"' in text
    assert "&lt;b&gt;Loss&lt;/b&gt; became NaN." in text
    assert "0.931 to 0.971" in text
    assert re.findall(r"<i>(TN|FP|FN|TP)</i><b>(\d+)</b>", text)[:4] == [
        ("TN", "85"),
        ("FP", "5"),
        ("FN", "2"),
        ("TP", "8"),
    ]
    assert "94.4 %" in text  # 85 of 90
    assert text.count('<figure class="lt-chart">') == 3
    assert "val_loss 0.3, epoch 3" in text
    assert "builtin:digits-is-8" in text


def test_recall_is_listed_once(admin: Client, make_run: MakeRun) -> None:
    run = make_run(**completed_columns())
    numbers = matrix_statistics([[85, 5], [2, 8]], ["not 8", "8"])
    assert numbers["final_recall_cm"] == numbers["final_sensitivity"]
    add_final(run, "test", numbers)
    text = page(admin, f"{LIST}{run.pk}/change/")
    assert "<code>final_sensitivity</code>" in text
    assert "<code>final_recall_cm</code>" not in text


def many_classes(run: Run, number: int) -> None:
    """Evaluate a run of so many classes, each of which is taken for each other one; class 3 for class 1 most often."""
    classes = [f"class {label}" for label in range(number)]
    matrix = [[50 if true == predicted else 1 for predicted in range(number)] for true in range(number)]
    matrix[3][1] = 20
    for split in ("val", "test"):
        FinalResult.objects.create(
            run=run,
            split=split,
            epoch=7,
            class_names=classes,
            confusion_matrix=matrix,
            statistics=matrix_statistics(matrix, classes),
        )


def test_the_matrix_of_many_classes_is_a_list_of_mistakes(admin: Client, make_run: MakeRun) -> None:
    run = make_run(**completed_columns())
    many_classes(run, 100)
    text = page(admin, f"{LIST}{run.pk}/change/")
    rows = re.findall(
        r'<tr><th scope="row">(class \d+)</th><td>(class \d+)</td><td>(\d+)</td><td>(.*?)</td></tr>', text
    )
    assert len(rows) == 2 * 100
    assert rows[0] == ("class 3", "class 1", "20", "11.9 %")  # of 168
    assert rows[1] == ("class 0", "class 1", "1", "0.7 %")
    assert "5000 of 14919 right. The 100 most frequent of 9900 pairs of 100 classes that are mistaken." in text
    assert "lt-cell" not in text
    assert text.count('<th scope="row">class 99</th>') == 2


def test_the_page_of_a_thousand_classes_stays_small(admin: Client, make_run: MakeRun) -> None:
    """Its size grows with the classes, not with their pairs."""
    sizes = {}
    for number in (250, 1000):
        run = make_run(**completed_columns())
        many_classes(run, number)
        sizes[number] = len(page(admin, f"{LIST}{run.pk}/change/").encode())
    assert sizes[1000] < 3_000_000
    assert sizes[1000] < 4 * sizes[250]


def facts_of(text: str) -> dict[str, str]:
    """Return the facts of the section about the data, without markup."""
    section = text.split("<h2>Data</h2>")[1].split("</section>", maxsplit=1)[0]
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", section, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", words).split()) for name, words in found}


def test_the_page_says_in_short_how_the_data_were_read(admin: Client, run: Run) -> None:
    assert "<h2>Data</h2>" not in page(admin, f"{LIST}{run.pk}/change/")
    write(run, class_folders(QUESTIONS))
    text = page(admin, f"{LIST}{run.pk}/change/")
    facts = facts_of(text)
    assert facts["Layout"].startswith("one folder per class")
    assert facts["Positive class"].startswith("ill By rule")
    assert facts["Files used"] == "1,200 of 1,243 30 _mask.png, 12 .txt, 1 __MACOSX"
    assert facts["Patients"] == "312 patient_&lt;n&gt;"
    assert facts["Pixels"].startswith("224 × 224, grey")
    assert facts["Open questions"].startswith("3 ")
    assert "threshold 0.5, positive class: 8" in text


def test_the_page_names_the_columns_of_subgroups(admin: Client, run: Run) -> None:
    write(run, EVERY_SHAPE["table of images"])
    assert facts_of(page(admin, f"{LIST}{run.pk}/change/"))["Subgroups by"].startswith("sex (3), &lt;b&gt;scan")
    write(run, class_folders())
    assert "Subgroups by" not in facts_of(page(admin, f"{LIST}{run.pk}/change/"))


@pytest.mark.parametrize("told", ["", "[]", '{"splits": 3}', '{"splits": {"test": {"worst": null}}}'])
def test_subgroups_of_an_unknown_shape_are_left_out(admin: Client, run: Run, told: str) -> None:
    (run.folder / "subgroups.json").write_text(told)
    assert "<h2>Subgroups" not in page(admin, f"{LIST}{run.pk}/change/")


def test_the_page_says_which_group_is_shown_to_be_worse(admin: Client, run: Run) -> None:
    assert "<h2>Subgroups" not in page(admin, f"{LIST}{run.pk}/change/")
    splits = {"val": {"verdict": "No group is shown to be worse."}, "test": {"verdict": "Worst group: <b> (site)."}}
    (run.folder / "subgroups.json").write_text(json.dumps({"splits": splits}))
    section = page(admin, f"{LIST}{run.pk}/change/").split("<h2>Subgroups")[1].split("</section>")[0]
    assert re.findall(r"<b>(\w+):</b> (.*?)</li>", section) == [
        ("test", "Worst group: &lt;b&gt; (site)."),
        ("val", "No group is shown to be worse."),
    ]


@pytest.mark.parametrize("shape", EVERY_SHAPE)
def test_the_page_shows_readings_of_every_shape_as_text(admin: Client, run: Run, shape: str) -> None:
    write(run, EVERY_SHAPE[shape])
    text = page(admin, f"{LIST}{run.pk}/change/")
    assert facts_of(text)["Layout"]
    assert "<b>scan" not in text


def test_a_reading_of_an_unknown_shape_is_left_out(admin: Client, run: Run) -> None:
    (run.folder / "reading.json").write_text('{"layout": "rows", "files": {"used": "many"}}')
    assert "<h2>Data</h2>" not in page(admin, f"{LIST}{run.pk}/change/")


def test_the_page_of_a_run_shows_the_metrics_that_it_adds(admin: Client, run: Run) -> None:
    add_epoch(run, 0, {"val_cohen_kappa": 0.625})
    text = page(admin, f"{LIST}{run.pk}/change/")
    assert text.count('<figure class="lt-chart">') == 4
    assert "val_cohen_kappa" in text
    assert "0.625" in text


def test_classes_of_a_multi_class_run_have_their_own_rows(admin: Client, make_run: MakeRun) -> None:
    run = make_run(**completed_columns())
    statistics = {"final_f1_cm": 0.5, "final_f1_cm/a": 0.25, "final_f1_cm/b": None, "final_f1_cm/c": 0.75}
    matrix = [[5, 0, 0], [1, 4, 0], [0, 0, 0]]
    add_final(run, "val", statistics, class_names=["a", "b", "c"], confusion_matrix=matrix, threshold=None)
    text = page(admin, f"{LIST}{run.pk}/change/")
    rows = re.findall(r'<tr><th scope="row">([abc])</th><td>([^<]*)</td></tr>', text)
    assert rows == [("a", "25.0 %"), ("b", "–"), ("c", "75.0 %")]
    assert "<i>" not in text  # no TP and the like with three classes


def test_averages_over_classes_say_which(admin: Client, make_run: MakeRun) -> None:
    run, names, matrix = make_run(**completed_columns()), ["a", "b", "c"], [[5, 0, 2], [2, 0, 1], [0, 0, 0]]
    rows = matrix_statistics(matrix, names)
    add_final(run, "val", rows, class_names=names, confusion_matrix=matrix, threshold=None)
    text = page(admin, f"{LIST}{run.pk}/change/")
    expected = "averages over the 2 of 3 classes that have samples; 1 never predicted, with a precision of 0"
    assert expected in text
    assert f"{(5 / 7 + 0) / 2:.1%}".replace("%", " %") in text


def test_the_page_of_a_run_shows_its_patients(admin: Client, make_run: MakeRun) -> None:
    run, matrix = make_run(**completed_columns()), [[31, 2], [3, 14]]
    rows = matrix_statistics(matrix, ["not 8", "8"])
    found = {"patients": 50, "mixed": 1, "confusion_matrix": matrix, "statistics": rows}
    add_final(run, "test", {"final_sensitivity": 0.8}, patients=50, by_patient=found)
    text = page(admin, f"{LIST}{run.pk}/change/")
    words = (
        "Each of 50 patients counts once, with the mean of the scores of its samples, and is positive if any of them is"
    )
    assert f"{words} (1 patient has samples of both classes)." in text
    assert f"{14 / 17:.1%}".replace("%", " %") in text
    assert "<b>31</b>" in text
    run.final_results.update(by_patient=None)
    assert "Per patient" not in page(admin, f"{LIST}{run.pk}/change/")


@pytest.mark.parametrize("status", Run.Status.values)
def test_the_page_works_in_every_state(admin: Client, make_run: MakeRun, status: str) -> None:
    run = make_run(status=status, reason="Why it is so.")
    assert "Why it is so." in page(admin, f"{LIST}{run.pk}/change/")


class Inline(HTMLParser):
    """A parser that collects what a strict content security policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") != "application/json"):
            self.found.append(tag)
        self.found += [name for name in given if name == "style" or name.startswith("on")]


def test_nothing_on_the_pages_is_inline(admin: Client, run: Run) -> None:
    for url in (LIST, f"{LIST}{run.pk}/change/"):
        parser = Inline()
        parser.feed(page(admin, url))
        assert parser.found == []


def test_nothing_can_be_written(admin: Client, run: Run) -> None:
    assert admin.get(f"{LIST}add/").status_code == 403
    assert admin.post(f"{LIST}add/", {"experiment_name": "x"}).status_code == 403
    assert admin.post(f"{LIST}{run.pk}/change/", {"experiment_name": "x"}).status_code == 403
    assert admin.post(f"{LIST}{run.pk}/delete/", {"post": "yes"}).status_code == 403
    admin.post(LIST, {"action": "delete_selected", "_selected_action": [run.pk], "post": "yes"})
    assert Run.objects.get().experiment_name == "digits"


@pytest.mark.parametrize("path", ["", "1/change/"])
def test_only_staff_comes_in(client: Client, browser_session: Client, make_run: MakeRun, path: str) -> None:
    make_run()
    for visitor in (client, browser_session):
        response = visitor.get(LIST + path)
        assert response.status_code == 302
        assert "/admin/login/" in response["Location"]


def test_an_unknown_run_leads_back_to_the_index(admin: Client) -> None:
    assert admin.get(f"{LIST}7/change/").status_code == 302
    assert admin.get(f"{LIST}x/change/").status_code == 302


def test_the_page_of_a_run_shows_what_was_saved(admin: Client, run: Run) -> None:
    assert "Saved operating points" not in page(admin, f"{LIST}{run.pk}/change/")
    columns = {"run": run, "attempt": run.attempt, "at": datetime(2026, 11, 29, 12, 5, tzinfo=UTC), "by": "ada"}
    SavedPoint.objects.create(
        rule="sensitivity", number=0.97, threshold=0.25, splits={"val": {}}, reason="<b>Few beds</b>", **columns
    )
    SavedPoint.objects.create(reason="Wrong.", **columns)
    text = page(admin, f"{LIST}{run.pk}/change/").split("<h2>Saved operating points")[1].split("</section>")[0]
    newest, oldest = text.split("<li>")[1:]
    assert "Withdrawn: the run&#x27;s own threshold holds.</b>" in newest
    assert "Withdrawn by ada on 2026-11-29 at 12:05 UTC. Reason: Wrong." in newest
    assert "Sensitivity at least 97 %.</b> Positive from a score of 0.25 on." in oldest
    assert "Reason: &lt;b&gt;Few beds&lt;/b&gt; <small>Chosen on the validation split" in oldest


def test_the_page_of_a_run_shows_its_operating_points(admin: Client, run: Run) -> None:
    assert "Operating points" not in page(admin, f"{LIST}{run.pk}/change/")  # those of version 0.1 have none
    numbers: dict[str, Any] = {"cm_tp": 95, "cm_tn": 1234, "cm_fp": 3, "cm_fn": 5}
    for name in ("final_sensitivity", "final_specificity", "final_precision_cm", "final_npv"):
        numbers |= {name: 0.95, f"{name}_ci_low": 0.9, f"{name}_ci_high": 0.98}
    fallen = numbers | {"final_sensitivity": 0.5, "final_sensitivity_ci_low": 0.4, "final_sensitivity_ci_high": 0.6}
    for split, statistics in (("val", numbers), ("test", fallen)):
        points = [
            {"rule": "sensitivity_95", "threshold": 0.125, "log_odds": None, "reason": None, "statistics": statistics},
            {"rule": "youden", "threshold": None, "log_odds": None, "reason": "<i>None.</i>", "statistics": {}},
        ]
        run.final_results.filter(split=split).update(operating_points=points)
    text = page(admin, f"{LIST}{run.pk}/change/").split("<h2>Operating points</h2>")[1].split("</section>")[0]
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in re.findall(r"<tr[^>]*>(.*?)</tr>", text)[1:]]
    head = ["Sensitivity", "at", "least", "95", "%", "0.125"]
    ends = ["95.0", "%", "90.0", "to", "98.0", "%"]
    counts = ["95", "1,234", "3", "5"]
    assert rows == [
        [*head, "validation", *ends * 4, *counts],
        [*head, "test", *["50.0", "%", "40.0", "to", "60.0", "%"], *ends * 3, *counts],
    ]
    assert "Sensitivity at least 95 %: Sensitivity falls from 95.0 % on validation to 50.0 % on test" in text
    assert "(Youden): &lt;i&gt;None.&lt;/i&gt;" in text
