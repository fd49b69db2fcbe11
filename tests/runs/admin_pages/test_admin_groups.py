"""Groups in the admin: mean and spread side by side, each fold one click away, nothing to write."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import FinalResult, Run, RunGroup
from tests.runs.admin_pages.test_admin import Inline, listed, page
from tests.runs.conftest import CONFIG, MakeRun, add_final, completed_columns

LIST = "/admin/runs/rungroup/"
MATRICES = ([[85, 5], [2, 8]], [[88, 2], [4, 6]])


@pytest.fixture
def group(user: User, make_run: MakeRun) -> RunGroup:
    """Make a group with two of three folds completed, with recalls of 0.8 and 0.6 on both splits."""
    group = RunGroup.objects.create(name="<b>Lungs</b>", owner=user, config=CONFIG, size=3)
    for fold, matrix in enumerate(MATRICES, start=1):
        run = make_run(**completed_columns(), group=group, fold=fold, folds=3)
        for split in ("val", "test"):
            recall = matrix[1][1] / 10
            add_final(run, split, {"final_recall_cm": recall, "final_sensitivity": recall}, confusion_matrix=matrix)
    make_run(status="failed", reason="It broke.", group=group, fold=3, folds=3)
    return group


def test_the_list_shows_mean_and_spread_over_completed_folds(admin: Client, group: RunGroup) -> None:
    """By hand: of 0.8 and 0.6, mean 0.7, deviation sqrt(0.02)."""
    cells = dict(re.findall(r'<td class="field-([\w]+)[^"]*">(.*?)</td>', page(admin, LIST)))
    assert cells["done"] == "2 of 3"
    assert cells["recall"] == '70.0 % <span class="lt-epoch">± 14.1 %</span>'
    assert (cells["split"], cells["auroc"]) == ("test", "–")


def test_the_list_costs_the_same_queries_for_any_number_of_groups(
    admin: Client,
    group: RunGroup,
    make_run: MakeRun,
) -> None:
    with CaptureQueriesContext(connection) as few:
        page(admin, LIST)
    for _ in range(5):
        other = RunGroup.objects.create(name="x", owner=group.owner, config=CONFIG, size=2)
        add_final(make_run(**completed_columns(), group=other, fold=1, folds=2), "val", {"final_recall_cm": 0.5})
    with CaptureQueriesContext(connection) as many:
        page(admin, LIST)
    assert len(many) == len(few)


def test_the_page_of_a_group_shows_its_folds_and_what_they_say_together(
    admin: Client,
    group: RunGroup,
) -> None:
    text = page(admin, f"{LIST}{group.pk}/change/")
    assert "2 of 3 folds completed" in text
    assert "all numbers here are over those 2 that did" in text
    assert f'href="/groups/{group.pk}/"' in text
    assert text.count("epoch 8") == 2  # 7 as the data count it
    for run in group.runs.all():
        assert f'href="/admin/runs/run/{run.pk}/change/"' in text
    assert re.findall(r"<i>(TN|FP|FN|TP)</i><b>(\d+)</b>", text) == [
        ("TN", "173"),
        ("FP", "7"),
        ("FN", "6"),
        ("TP", "14"),
    ]
    [val, test] = re.findall(r"<code>final_sensitivity</code></th>(.*?)</tr>", text)
    # Of the summed matrix 14 of 20 are found; Wilson's interval of that is .4810 to .8545.
    assert re.findall(r"<td[^>]*>(.*?)</td>", val)[:4] == ["2", "70.0 %", "14.1 %", "60.0 to 80.0 %"]
    assert re.findall(r"<td[^>]*>(.*?)</td>", val)[-2:] == ["70.0 %", "48.1 to 85.5 %"]
    assert len(re.findall(r"<td ", test)) == 4  # no interval of the mean: the folds share these samples


def test_the_page_of_a_group_says_why_a_matrix_of_repeated_patients_has_no_interval(
    admin: Client, group: RunGroup
) -> None:
    words = "The summed matrix has no intervals, as its 200 samples are of 50 patients."
    assert "The summed matrix has no intervals" not in page(admin, f"{LIST}{group.pk}/change/")
    FinalResult.objects.filter(run__group=group).update(patients=25)
    text = page(admin, f"{LIST}{group.pk}/change/")
    assert text.count(words) == 1
    [val, _] = re.findall(r"<code>final_sensitivity</code></th>(.*?)</tr>", text)
    assert re.findall(r"<td[^>]*>(.*?)</td>", val)[-2:] == ["70.0 %", "–"]


def test_the_page_of_a_group_has_the_spread_of_added_metrics(admin: Client, user: User, make_run: MakeRun) -> None:
    group = RunGroup.objects.create(name="x", owner=user, config=CONFIG, size=2)
    for fold, kappa in ((1, 0.5), (2, 0.7)):
        run = make_run(**completed_columns(), group=group, fold=fold, folds=2)
        add_final(run, "test", {"final_recall_cm": 0.5, "test_recall": 0.5, "test_cohen_kappa": kappa})
    text = page(admin, f"{LIST}{group.pk}/change/")
    [row] = re.findall(r"<code>test_cohen_kappa</code></th>(.*?)</tr>", text)
    assert re.findall(r"<td[^>]*>(.*?)</td>", row)[:4] == ["2", "0.600", "0.141", "0.500 to 0.700"]
    assert "test_recall" not in text


def test_a_group_without_a_completed_fold(admin: Client, user: User, make_run: MakeRun) -> None:
    group = RunGroup.objects.create(name="x", owner=user, config=CONFIG, size=2)
    run = make_run(group=group, fold=1, folds=2)
    assert "No fold has completed yet." in page(admin, f"{LIST}{group.pk}/change/")
    Run.objects.filter(pk=run.pk).update(status="failed")
    assert "No fold has completed." in page(admin, f"{LIST}{group.pk}/change/")


def test_runs_name_their_group_and_are_found_by_it(admin: Client, group: RunGroup, make_run: MakeRun) -> None:
    alone = make_run(fold=2, folds=5)
    text = page(admin, "/admin/runs/run/")
    assert f'3 of 3 <a class="lt-epoch" href="{LIST}{group.pk}/change/">group {group.pk}</a>' in text
    assert "fold 2 of 5" in text
    assert f"{group.pk}: &lt;b&gt;Lungs" in text
    assert len(listed(admin, f"?group={group.pk}")) == 3
    assert listed(admin, "?group=none") == [alone.pk]
    assert listed(admin, "?group=99") == listed(admin, "?group=x") == []


def test_nothing_on_the_pages_is_inline(admin: Client, group: RunGroup) -> None:
    for url in (LIST, f"{LIST}{group.pk}/change/"):
        parser = Inline()
        parser.feed(page(admin, url))
        assert parser.found == []


def test_nothing_can_be_written(admin: Client, group: RunGroup) -> None:
    assert admin.post(f"{LIST}add/", {"name": "x"}).status_code == 403
    assert admin.post(f"{LIST}{group.pk}/change/", {"name": "x"}).status_code == 403
    assert admin.post(f"{LIST}{group.pk}/delete/", {"post": "yes"}).status_code == 403
    assert RunGroup.objects.get().name == "<b>Lungs</b>"


def test_only_staff_comes_in(client: Client, browser_session: Client, group: RunGroup) -> None:
    for visitor in (client, browser_session):
        assert visitor.get(f"{LIST}{group.pk}/change/").status_code == 302
