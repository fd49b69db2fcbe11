"""Groups over REST: which runs are in one, and the statistics of its completed runs, calculated by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from runs import queries
from runs.groups.statistics import CHANGED
from runs.models import FinalResult, RunGroup
from tests.problems import problem_of
from tests.runs.conftest import CONFIG, MakeRun, add_final, completed_columns

URL = "/api/runs/groups/"
MATRICES = [[[40, 2], [1, 9]], [[41, 1], [3, 7]], [[38, 4], [0, 10]]]
AUROCS = [0.9, 0.8, 0.7]
MakeGroup = Callable[..., RunGroup]


@pytest.fixture
def make_group(user: User, make_run: MakeRun) -> MakeGroup:
    """Return `make_group("completed", "failed", …)`, which makes a group with a run of each status."""

    def make(*statuses: str, size: int | None = None) -> RunGroup:
        group = RunGroup.objects.create(name="Lungs", owner=user, config=CONFIG, size=size or len(statuses))
        for fold, status in enumerate(statuses, start=1):
            columns = completed_columns() if status == "completed" else {}
            make_run(**columns | {"status": status, "group": group, "fold": fold, "folds": group.size})
        return group

    return make


def statistics(fold: int) -> dict[str, float | None]:
    fn, tp = MATRICES[fold][1]
    return {
        "cm_tp": tp,
        "final_recall_cm": tp / (tp + fn),
        "final_recall_cm_ci_low": 0.1,
        "final_auroc_cm": AUROCS[fold],
        "final_mcc": None if fold == 1 else 0.5,
    }


def complete(group: RunGroup, *splits: str) -> None:
    """Add final results of the group's completed runs, differing from fold to fold."""
    for run in group.runs.filter(status="completed"):
        for split in splits:
            add_final(run, split, statistics((run.fold or 1) - 1), confusion_matrix=MATRICES[(run.fold or 1) - 1])


def detail(api: Client, group: RunGroup) -> Mapping[str, Any]:
    response = api.get(f"{URL}{group.pk}/")
    assert response.status_code == 200, response.content
    return response.json()  # type: ignore[no-any-return]


def test_mean_and_spread_are_over_the_completed_folds_only(api: Client, make_group: MakeGroup) -> None:
    """By hand: of 0.9 and 0.7, mean 0.8, deviation sqrt(0.02); t with one degree of freedom is 12.706."""
    group = make_group("completed", "failed", "completed", "in_progress", "queued")
    complete(group, "val")
    found = detail(api, group)
    assert (found["size"], found["completed"]) == (5, 2)
    assert found["statuses"] == {"completed": 2, "failed": 1, "in_progress": 1, "queued": 1}
    val = found["splits"]["val"]
    assert (val["runs"], val["of"]) == (2, 5)
    auroc = val["statistics"]["final_auroc_cm"]
    assert auroc["n"] == 2
    assert auroc["mean"] == pytest.approx(0.8)
    assert auroc["sd"] == pytest.approx(math.sqrt(0.02))
    assert (auroc["min"], auroc["max"]) == (0.7, 0.9)
    assert (auroc["ci_low"], auroc["ci_high"]) == (0.0, 1.0)
    assert set(val["statistics"]) == {"final_recall_cm", "final_auroc_cm", "final_mcc"}


def test_the_corrected_interval_knows_of_all_folds(api: Client, make_group: MakeGroup) -> None:
    """Calculate by hand: three folds validate on half of what they train on.

    So 1/3 + 1/2; t with two degrees is 4.303.
    """
    group = make_group("completed", "completed", "completed")
    complete(group, "val", "test")
    splits = detail(api, group)["splits"]
    auroc = splits["val"]["statistics"]["final_auroc_cm"]
    assert auroc["ci_low"] == pytest.approx(0.8 - 4.3026527 * 0.1 / math.sqrt(3), abs=1e-7)
    assert auroc["corrected_ci_low"] == pytest.approx(0.8 - 4.3026527 * 0.1 * math.sqrt(5 / 6), abs=1e-7)
    test = splits["test"]["statistics"]["final_auroc_cm"]
    assert (test["mean"], test["sd"]) == (pytest.approx(0.8), pytest.approx(0.1))
    assert [test[name] for name in ("ci_low", "ci_high", "corrected_ci_low", "corrected_ci_high")] == [None] * 4
    assert splits["val"]["statistics"]["final_mcc"] == {
        "n": 2, "mean": 0.5, "sd": 0.0, "min": 0.5, "max": 0.5,
        "ci_low": None, "ci_high": None, "corrected_ci_low": None, "corrected_ci_high": None,
    }  # fmt: skip


def test_matrices_of_validation_are_summed_and_those_of_the_shared_test_split_are_not(
    api: Client, make_group: MakeGroup
) -> None:
    group = make_group("completed", "completed", "completed")
    complete(group, "val", "test")
    splits = detail(api, group)["splits"]
    pooled = splits["val"]["pooled"]
    assert pooled["confusion_matrix"] == [[119, 7], [4, 26]]
    assert pooled["samples"] == 156
    assert pooled["class_names"] == ["not 8", "8"]
    assert pooled["statistics"]["final_recall_cm"] == 26 / 30
    assert pooled["statistics"]["final_f1_cm"] == 52 / 63
    assert pooled["statistics"]["final_precision_cm"] == 26 / 33
    assert "final_auroc_cm" not in pooled["statistics"]
    assert splits["test"]["pooled"] is None


def test_matrices_of_patients_with_several_samples_have_no_intervals(api: Client, make_group: MakeGroup) -> None:
    """Wilson's interval of 30 positives would be that of 30 patients: there may be six."""
    group = make_group("completed", "completed", "completed")
    complete(group, "val")
    independent = detail(api, group)["splits"]["val"]["pooled"]
    assert independent["patients"] is None
    assert independent["statistics"]["final_recall_cm_ci_low"] == pytest.approx(0.7032, abs=1e-4)
    results = FinalResult.objects.filter(run__group=group)
    results.update(patients=52)
    assert detail(api, group)["splits"]["val"]["pooled"] == independent | {"patients": 156}
    results.filter(run__fold=1).update(patients=20)
    found = detail(api, group)["splits"]["val"]["pooled"]
    assert found["patients"] == 124
    ends = {name: value for name, value in found["statistics"].items() if "_ci_" in name}
    assert ends == dict.fromkeys(name for name in independent["statistics"] if "_ci_" in name)
    assert found["statistics"]["final_recall_cm"] == 26 / 30


def test_one_completed_fold_has_a_mean_and_no_spread(api: Client, make_group: MakeGroup) -> None:
    group = make_group("completed", "queued")
    complete(group, "val")
    auroc = detail(api, group)["splits"]["val"]["statistics"]["final_auroc_cm"]
    assert auroc.pop("n") == 1
    assert {name for name, value in auroc.items() if value is None} == {
        "sd", "ci_low", "ci_high", "corrected_ci_low", "corrected_ci_high",
    }  # fmt: skip
    assert auroc["mean"] == 0.9


def test_before_any_fold_completed_there_are_no_numbers(api: Client, make_group: MakeGroup) -> None:
    found = detail(api, make_group("queued", "in_progress"))
    assert (found["completed"], found["splits"], found["notes"]) == (0, {}, [])


def test_results_of_a_fold_that_did_not_complete_do_not_count(api: Client, make_group: MakeGroup) -> None:
    """Evaluate a run that is not completed yet."""
    group = make_group("completed", "in_progress")
    for run in group.runs.all():
        add_final(run, "val", {"final_auroc_cm": 0.5})
    found = detail(api, group)
    assert found["splits"]["val"]["runs"] == 1
    assert found["splits"]["val"]["pooled"]["samples"] == 100
    assert [bool(run["final_stats"]) for run in found["runs"]] == [True, False]


def test_folds_of_data_that_changed_are_not_counted_together(api: Client, make_group: MakeGroup) -> None:
    group = make_group("completed", "completed")
    complete(group, "val")
    first = group.runs.order_by("fold")[0]
    first.dataset["sizes"]["train"] -= 1  # type: ignore[index]
    first.save()
    found = detail(api, group)
    assert found["notes"] == [CHANGED]
    assert found["splits"]["val"]["pooled"] is None
    first.dataset["sizes"] = {"train": 1003, "val": 197, "test": 100}  # type: ignore[index]
    first.save()
    assert detail(api, group)["notes"] == []


def test_detail_names_the_runs_in_the_order_of_their_folds(api: Client, make_group: MakeGroup) -> None:
    group = make_group("completed", "queued")
    complete(group, "val", "test")
    found = detail(api, group)
    assert found["config"] == CONFIG
    assert [(run["group_id"], run["fold"], run["folds"]) for run in found["runs"]] == [
        (group.pk, 1, 2),
        (group.pk, 2, 2),
    ]
    first = found["runs"][0]
    own = api.get(first["links"]["final_stats"]).json()["splits"]
    assert first["final_stats"] == own
    assert first["best"]["value"] == 0.97
    assert api.get(f"/api/runs/{first['id']}/").json()["links"] == first["links"]


def test_links_lead_where_they_say(api: Client, make_group: MakeGroup) -> None:
    group = make_group("queued", "queued")
    found = detail(api, group)
    assert resolve(found["links"]["self"]).kwargs == {"group_id": group.pk}
    assert resolve(found["links"]["page"]).url_name == "group-page"
    assert [run["id"] for run in api.get(found["links"]["runs"]).json()["results"]] == [
        run["id"] for run in found["runs"]
    ][::-1]
    links = found["runs"][0]["links"]
    assert (links["group"], links["group_page"]) == (found["links"]["self"], found["links"]["page"])


def test_runs_are_found_by_their_group(api: Client, make_group: MakeGroup, make_run: MakeRun) -> None:
    make_group("queued", "queued")
    second = make_group("queued", "failed", "queued")
    alone = make_run()
    rows = api.get("/api/runs/", {"group": str(second.pk), "status": "queued"}).json()["results"]
    assert [row["fold"] for row in rows] == [3, 1]
    assert {row["id"]: row["group_id"] for row in api.get("/api/runs/").json()["results"]}[alone.pk] is None
    assert api.get("/api/runs/", {"group": 99}).json()["results"] == []
    for wrong in ("x", "0", "1.5"):
        [error] = api.get("/api/runs/", {"group": wrong}).json()["errors"]
        assert error["field"] == "group"


def test_the_list_is_paged_newest_first(api: Client, make_group: MakeGroup) -> None:
    groups = [make_group("completed", "queued") for _ in range(5)]
    for group in groups:
        complete(group, "val")
    first = api.get(URL, {"page_size": 3}).json()
    second = api.get(first["next"]).json()
    assert [row["id"] for row in first["results"] + second["results"]] == [group.pk for group in groups][::-1]
    assert second["next"] is None
    row = first["results"][0]
    assert {name: value for name, value in detail(api, groups[-1]).items() if name in row} == row
    assert {"config", "runs"} & set(row) == set()


def test_the_list_costs_the_same_queries_for_any_number_of_groups(api: Client, make_group: MakeGroup) -> None:
    complete(make_group("completed", "queued"), "val")
    with CaptureQueriesContext(connection) as few:
        api.get(URL)
    for _ in range(6):
        complete(make_group("completed", "completed", "completed"), "val", "test")
    with CaptureQueriesContext(connection) as many:
        api.get(URL)
    # The token with its user, the user's projects, the groups, their runs, these runs' owners, projects, tags, results
    assert len(many) == len(few) <= 8


@pytest.mark.parametrize("group_id", ["1", "99999999999999999999999999"])
def test_an_unknown_group_is_404_in_json(api: Client, group_id: str) -> None:
    response = api.get(f"{URL}{group_id}/")
    assert response.status_code == 404
    assert problem_of(response, "not-found")["detail"] == f"Group {group_id} does not exist."


@pytest.mark.parametrize("path", ["", "1/"])
def test_unknown_parameters_are_errors(api: Client, make_group: MakeGroup, path: str) -> None:
    make_group("queued", "queued")
    [error] = api.get(f"{URL}{path}?colour=red").json()["errors"]
    assert error["field"] == "colour"


def test_nobody_without_a_login_reads_and_nobody_writes(api: Client, client: Client, make_group: MakeGroup) -> None:
    group = make_group("queued", "queued")
    for path in (URL, f"{URL}{group.pk}/"):
        assert client.get(path).status_code == 401
        for method in (api.post, api.put, api.patch, api.delete):
            assert method(path).status_code == 405


def test_only_active_users_see_groups(user: User, make_group: MakeGroup) -> None:
    make_group("queued", "queued")
    assert queries.visible_groups(user).count() == 1
    user.is_active = False
    assert queries.visible_groups(user).count() == 0
