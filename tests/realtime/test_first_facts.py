"""The result that the server writes into the page of a run, before any script."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from html import unescape
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from experiments.training.callbacks import metrics_collector
from experiments.training.preflight import findings
from experiments.training.recipes import preparation, shifted_scores
from realtime.first_facts import SHOTS, WARNINGS, Verdict
from realtime.first_facts import verdict as verdict_at
from runs.models import FinalResult, Run
from runs.saved_points import point_history
from runs.saved_points.point_history import Decision
from runs.saved_points.saved_point_json import current_point
from runs.statistics.metric_names import COUNTS
from tests.browser import story

pytestmark = pytest.mark.django_db(transaction=True)


def ended(owner: User, status: str = "completed", **columns: Any) -> Run:
    run = story.start(story.submit(owner))
    story.train(run, 0)
    if status == "completed":
        story.tell(run, [story.final(0)])
    story.end(run, status)
    FinalResult.objects.filter(run=run).update(**columns)
    return Run.objects.get(pk=run.pk)


def verdict(run: Run) -> Verdict | None:
    """Return what the page of the run begins with."""
    return verdict_at(run, current_point(run))


def test_two_classes_have_a_headline_and_a_matrix(user: User) -> None:
    found = verdict(ended(user))
    assert found is not None
    assert [tuple(fact) for fact in found.headline] == [
        ("Validation AUROC", "0.931", "epoch 1"),
        ("Sensitivity", "75.0 %", "58.9 to 86.3 % · threshold 0.5"),
        ("Specificity", "–", "threshold 0.5"),
    ]
    assert found.cells == {
        "tn": ("300", "92.6 %"),
        "fp": ("24", "7.4 %"),
        "fn": ("9", "25.0 %"),
        "tp": ("27", "75.0 %"),
    }
    assert found.names == ["not 8", "8"]
    assert [(group.title, len(group.shots)) for group in found.errors] == [("Missed (9)", 9), ("False alarms (24)", 24)]
    assert "likely to be better" in found.caveat
    assert [fact.name for fact in found.facts] == ["Duration", "Started", "Attempt", "Data", "Model"]
    assert found.facts[3].detail == "1,437 train · 360 val · positive: 8"
    assert found.facts[4] == ("Model", "cnn", "23,793 parameters")


def test_a_class_without_samples_has_no_share(user: User) -> None:
    found = verdict(ended(user, confusion_matrix=[[5, 0], [0, 0]]))
    assert found is not None
    assert found.cells == {"tn": ("5", "100.0 %"), "fp": ("0", "0.0 %"), "fn": ("0", "–"), "tp": ("0", "–")}


def test_more_classes_have_a_headline_alone(user: User) -> None:
    statistics: dict[str, float | None] = {
        "final_auroc_cm": 0.9,
        "final_balanced_accuracy": 0.8,
        "final_sensitivity/b": 0.5,
    }
    statistics |= {"final_sensitivity/a": 0.75, "final_sensitivity/c": None}
    columns: dict[str, Any] = {
        "class_names": ["a", "b", "c"],
        "confusion_matrix": [[3, 1, 0], [1, 1, 0], [0, 0, 0]],
        "threshold": None,
    }
    found = verdict(ended(user, statistics=statistics, **columns))
    assert found is not None
    assert [tuple(fact) for fact in found.headline] == [
        ("Validation macro AUROC", "0.900", "epoch 1"),
        ("Balanced accuracy", "80.0 %", "3 classes"),
        ("Worst class's recall", "50.0 %", "b"),
    ]
    assert (found.cells, found.names) == ({}, [])


def test_a_number_without_an_interval_says_so(user: User) -> None:
    """All found, of one patient: 100 % alone would read as if it were known."""
    ends = dict.fromkeys(("final_sensitivity_ci_low", "final_sensitivity_ci_high", "final_specificity_ci_low"))
    found = verdict(ended(user, statistics={"final_auroc_cm": 0.9, "final_sensitivity": 1.0, **ends}))
    assert found is not None
    assert [fact.detail.split(" · ")[0] for fact in found.headline] == [
        *("epoch 1", "no interval: too few", "threshold 0.5"),
    ]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_other_ends_have_none(user: User, status: str) -> None:
    assert verdict(ended(user, status)) is None


def test_the_page_has_the_matrix_and_the_notices_before_any_script(browser_session: Client, user: User) -> None:
    run = ended(user)
    notes = [{"code": "x", "text": "Mind <this>."}, {"code": "shifted_scores", "text": "No probabilities."}]
    Run.objects.filter(pk=run.pk).update(notes=notes)
    with CaptureQueriesContext(connection) as asked:
        html = browser_session.get(f"/runs/{run.pk}/").content.decode()
    assert sum("savedpoint" in query["sql"] for query in asked) == 1  # headline, matrix and script have the same
    assert '<strong data-count="tp">27</strong><span data-share="tp">75.0 %</span>' in html
    assert "<span>Mind &lt;this&gt;.</span>" in html
    order = ['id="facts"', "No probabilities.</span>", 'id="result"', 'id="errors"', "Mind &lt;this&gt;.</span>"]
    places = [html.index(part) for part in order]
    assert places == sorted(places)  # what changes how the numbers are read stands beside them
    waiting = browser_session.get(f"/runs/{story.submit(user).pk}/").content.decode()
    assert '<strong data-count="tp">–</strong>' in waiting
    assert waiting.index('id="notices"') < waiting.index('id="facts"')
    assert "final-samples/?" not in waiting
    assert "first-errors" not in waiting


def test_the_page_asks_for_the_first_errors_before_its_scripts_do(browser_session: Client, user: User) -> None:
    """Their addresses are those of the script, which draws them from what the page holds, before the curves come."""
    run = ended(user, confusion_matrix=[[324, 0], [9, 27]])
    html = browser_session.get(f"/runs/{run.pk}/").content.decode()
    link = '<link rel="preload" as="fetch" crossorigin="anonymous" href="'
    asked = [unescape(part.split('"')[0]) for part in html.split(link)[1:]]
    samples = f"/api/runs/{run.pk}/final-samples/?split=val&cell=fn&page=1&page_size=24&thumbnails=true"
    assert asked == [samples], "there is no false alarm"
    answer = browser_session.get(samples)
    assert answer.status_code == HTTPStatus.OK
    assert html.index("error_gallery.js") < html.index("live.js")
    script = html.split('<script id="first-errors" type="application/json">')[1]
    final = {"split": "val", "class_names": ["not 8", "8"], "confusion_matrix": [[324, 0], [9, 27]], "threshold": 0.5}
    assert json.loads(script.split("</script>")[0]) == {"attempt": 1, "final": final, "saved": None}


def test_the_first_errors_of_a_saved_point_are_those_at_its_threshold(browser_session: Client, user: User) -> None:
    run = ended(user)
    splits: dict[str, Mapping[str, float | None]] = {"val": dict(zip(COUNTS, (34, 150, 174, 2), strict=True))}
    point_history.save(run, "ada", "Why.", Decision("hand", 0.1, 0.1, None, test_known=False, splits=splits))
    html = browser_session.get(f"/runs/{run.pk}/").content.decode()
    script = html.split('<script id="first-errors" type="application/json">')[1]
    point = json.loads(script.split("</script>")[0])["saved"]
    saved = current_point(Run.objects.get(pk=run.pk))
    assert saved is not None
    assert point == {name: saved[name] for name in ("at", "threshold", "log_odds", "splits")}
    assert html.count("cell=fn&amp;page=1") == html.count("cell=fp&amp;page=1") == 1


def test_a_saved_operating_point_is_what_the_page_begins_with(user: User) -> None:
    run = ended(user)
    numbers = {
        **dict(zip(COUNTS, (34, 150, 174, 2), strict=True)),
        "final_sensitivity": 34 / 36,
        "final_specificity": 150 / 324,
    }
    point = Decision("hand", 0.1, 0.123456, None, test_known=False, splits={run.final_split: numbers})
    point_history.save(run, "ada", "We cannot miss one.", point)
    found = verdict(run)
    assert found is not None
    assert [tuple(fact) for fact in found.headline[1:]] == [
        ("Sensitivity", "94.4 %", "saved threshold 0.1235"),
        ("Specificity", "46.3 %", "saved threshold 0.1235"),
    ]
    counts = {name: count for name, (count, _) in found.cells.items()}
    assert counts == {"tn": "150", "fp": "174", "fn": "2", "tp": "34"}
    point_history.withdraw(run, "ada", "Too many false alarms.")
    again = verdict(run)
    assert again is not None
    assert again.cells["tp"][0] == "27"


def test_sizes_come_in_the_usual_order_whatever_the_database_keeps(user: User) -> None:
    run = ended(user)
    Run.objects.filter(pk=run.pk).update(
        dataset=(run.dataset or {}) | {"sizes": {"test": 9, "val": 360, "train": 1437}}
    )
    found = verdict(Run.objects.get(pk=run.pk))
    assert found is not None
    assert found.facts[3].detail == "1,437 train · 360 val · 9 test · positive: 8"


def test_notes_that_change_how_numbers_are_read_are_those_that_trainings_leave() -> None:
    written = [Path(inspect.getfile(module)).read_text() for module in (metrics_collector, preparation, shifted_scores)]
    named = [f'"{code}"' for code in WARNINGS if code not in findings.NOTED]
    assert set(WARNINGS) >= findings.NOTED
    assert [code for code in named if not any(code in text for text in written)] == []
    assert shifted_scores.CODE in WARNINGS


def test_room_is_kept_for_the_pictures_of_a_first_page() -> None:
    script = Path(settings.BASE_DIR, "realtime/static/realtime/run/errors/error_group.js").read_text()
    assert f"\nconst PAGE = {SHOTS};\n" in script
