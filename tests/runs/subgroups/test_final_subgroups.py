"""GET /api/runs/<id>/final-subgroups/: the groups of a run, recomputed by pandas and scikit-learn."""

from __future__ import annotations

import csv
import io
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.test import Client
from sklearn.metrics import accuracy_score, brier_score_loss, precision_score, recall_score, roc_auc_score

from runs.models import Run
from runs.saved_points import point_history
from runs.saved_points.point_history import Decision
from runs.statistics.score_statistics import final_statistics
from runs.statistics.subgroups.group_comparison import Split, compared
from runs.subgroups import run_subgroups, stored_groups
from tests.runs.conftest import MakeRun, add_final, completed_columns

SIZE = 600
SEX, SITE = np.array(["F", "M"]), np.array(["a", "b", "c", "(missing)"])


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    run_subgroups._compared.cache_clear()


def frame(seed: int = 0, *, handicap: float = 0.0, split: str = "test") -> pd.DataFrame:
    """Draw predictions; the scores of the positives of site b are lower by the handicap."""
    chance = np.random.default_rng(seed)
    label = (chance.random(SIZE) < 0.4).astype(np.int64)
    site = SITE[chance.choice(4, SIZE, p=[0.5, 0.3, 0.18, 0.02])]
    logit = chance.normal(size=SIZE) + 1.6 * label - 0.8 - handicap * label * (site == "b")
    return pd.DataFrame(
        {
            "split": split,
            "sample_id": [f"s{number}" for number in range(SIZE)],
            "patient_id": [f"p{number // 2}" for number in range(SIZE)],
            "subgroup_sex": SEX[chance.integers(0, 2, SIZE)],
            "subgroup_site": site,
            "label": label,
            "score": 1 / (1 + np.exp(-logit)),
            "logit": logit,
        }
    )


def made(make_run: MakeRun, *parts: pd.DataFrame, **final: Any) -> Run:
    run = make_run(**completed_columns())
    for split in {part["split"].iloc[0] for part in parts}:
        add_final(run, split, {}, **final)
    run.folder.mkdir(parents=True, exist_ok=True)
    pd.concat(parts).to_parquet(run.folder / "predictions.parquet", index=False)
    return run


def address(run: Run) -> str:
    return f"/api/runs/{run.pk}/final-subgroups/"


def asked(api: Client, run: Run, **parameters: Any) -> dict[str, Any]:
    answer = api.get(address(run), parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def by_name(found: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(group["column"], group["group"]): group for group in found["groups"]}


def values(group: dict[str, Any]) -> dict[str, float]:
    return {name: number["value"] for name, number in group["statistics"].items()}


def test_each_group_has_the_numbers_of_its_samples(api: Client, make_run: MakeRun) -> None:
    table = frame()
    found = by_name(asked(api, made(make_run, table, frame(1, split="val"))))
    assert list(found) == [("sex", "F"), ("sex", "M"), *(("site", name) for name in ("a", "b", "c", "(missing)"))]
    for (column, name), group in found.items():
        rows = table[table[f"subgroup_{column}"] == name]
        assert (group["samples"], group["positives"]) == (len(rows), rows["label"].sum())
        assert group["patients"] == rows["patient_id"].nunique()
        if group["too_small"]:
            continue
        said = rows["score"] >= 0.5
        assert values(group) == pytest.approx(
            {
                "final_auroc_cm": roc_auc_score(rows["label"], rows["logit"]),
                "final_sensitivity": recall_score(rows["label"], said),
                "final_specificity": recall_score(rows["label"], said, pos_label=0),
                "final_precision_cm": precision_score(rows["label"], said),
                "final_npv": precision_score(rows["label"], said, pos_label=0),
                "final_accuracy_cm": accuracy_score(rows["label"], said),
                "final_brier": brier_score_loss(rows["label"], rows["score"]),
                "final_calibration_in_the_large": (rows["score"] - rows["label"]).mean(),
            }
        )
        _, whole = final_statistics(
            rows["score"].to_numpy(),
            rows["label"].to_numpy(),
            class_names=["a", "b"],
            threshold=0.5,
            logits=rows["logit"].to_numpy(),
            patients=pd.factorize(rows["patient_id"])[0],
        )
        for number, told in group["statistics"].items():
            assert (told["ci_low"], told["ci_high"]) == (whole[f"{number}_ci_low"], whole[f"{number}_ci_high"])
            assert told["ci_low"] <= told["value"] <= told["ci_high"]


def test_a_group_is_compared_with_all_other_samples(api: Client, make_run: MakeRun) -> None:
    table = frame()
    found = asked(api, made(make_run, table))
    for (column, name), group in by_name(found).items():
        if group["too_small"]:
            assert group["difference"] is None
            continue
        inside = table[f"subgroup_{column}"] == name
        areas = [roc_auc_score(part["label"], part["logit"]) for part in (table[inside], table[~inside])]
        assert group["difference"]["value"] == pytest.approx(areas[0] - areas[1])
        assert group["difference"]["p"] <= group["difference"]["p_holm"]
    women, men = (by_name(found)["sex", name]["difference"] for name in SEX)
    assert women["value"] == pytest.approx(-men["value"])
    assert women["p_holm"] == men["p_holm"]
    assert found["comparisons"] == 4
    assert found["worst"] is None
    assert "No group is shown to be worse" in found["verdict"]
    assert "4 comparisons" in found["verdict"]


def test_the_worst_group_is_marked_where_it_is_shown(api: Client, make_run: MakeRun) -> None:
    found = asked(api, made(make_run, frame(handicap=1.5)))
    worst = found["groups"][found["worst"]]
    assert (worst["column"], worst["group"]) == ("site", "b")
    assert worst["difference"]["p_holm"] < 0.001
    assert found["verdict"].startswith("Worst group: b (site). Its AUROC is 0.")
    assert "p < 0.001 after Holm's correction for 4 comparisons" in found["verdict"]


def test_a_worse_share_is_told_in_percentage_points(api: Client, make_run: MakeRun) -> None:
    """The table has the accuracies as percentages: their difference is in the same unit."""
    found = asked(api, made(make_run, frame(handicap=1.5)), metric="accuracy")
    worst = found["groups"][found["worst"]]["difference"]
    below, low, high = (f"{100 * worst[name]:.1f}" for name in ("value", "ci_low", "ci_high"))
    assert f"Its accuracy is {below[1:]} percentage points below that of all other samples" in found["verdict"]
    assert f"(95 % CI of the difference {low} to {high}; p" in found["verdict"]


def test_small_groups_have_no_numbers(api: Client, make_run: MakeRun) -> None:
    table = frame()
    table["subgroup_rare"] = np.where(np.arange(SIZE) < 19, "19", np.where(table["label"] == 1, "ill", "well"))
    found = by_name(asked(api, made(make_run, table), by="rare"))
    assert found["rare", "19"]["too_small"] == "fewer than 20 samples"
    assert found["rare", "ill"]["too_small"] == found["rare", "well"]["too_small"] == "samples of one class alone"
    assert all(group["statistics"] == {} and group["difference"] is None for group in found.values())
    assert sum(group["samples"] for group in found.values()) == SIZE
    assert "Nothing is compared" in asked(api, Run.objects.get(), by="rare")["verdict"]


def measured(part: pd.DataFrame, metric: str) -> float:
    said = part["score"] >= 0.5
    if metric == "accuracy":
        return float(accuracy_score(part["label"], said))
    return float(recall_score(part["label"], said, pos_label=int(metric == "sensitivity")))


@pytest.mark.parametrize("metric", ["sensitivity", "specificity", "accuracy"])
def test_groups_are_compared_by_other_metrics(api: Client, make_run: MakeRun, metric: str) -> None:
    table = frame(handicap=1.5)
    found = asked(api, made(make_run, table), metric=metric)
    rows = {True: table[table["subgroup_site"] == "b"], False: table[table["subgroup_site"] != "b"]}
    expected = measured(rows[True], metric) - measured(rows[False], metric)
    assert by_name(found)["site", "b"]["difference"]["value"] == pytest.approx(expected)
    assert (found["worst"] is not None) == (metric != "specificity")


def test_a_threshold_of_ones_own_decides(api: Client, make_run: MakeRun) -> None:
    table = frame()
    found = asked(api, made(make_run, table), threshold=0.3)
    rows = table[table["subgroup_sex"] == "F"]
    told = by_name(found)["sex", "F"]
    assert found["threshold"] == 0.3
    assert values(told)["final_sensitivity"] == pytest.approx(recall_score(rows["label"], rows["score"] >= 0.3))


def test_pairs_of_columns_are_groups_on_demand(api: Client, make_run: MakeRun) -> None:
    table = frame()
    found = by_name(asked(api, made(make_run, table), by="sex", second="site"))
    expected = (table["subgroup_sex"] + ", " + table["subgroup_site"]).value_counts().to_dict()
    assert {name: group["samples"] for (_, name), group in found.items()} == expected
    assert {column for column, _ in found} == {"sex and site"}


def test_several_classes_are_compared_by_accuracy(api: Client, make_run: MakeRun) -> None:
    chance = np.random.default_rng(0)
    label = chance.integers(0, 3, SIZE)
    logits = chance.normal(size=(SIZE, 3)) + 1.5 * np.eye(3)[label]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    table = frame().drop(columns=["score", "logit"]).assign(label=label)
    table = table.assign(**{f"score_{name}": scores[:, at] for at, name in enumerate("xyz")})
    names, matrix = ["x", "y", "z"], np.zeros((3, 3), int).tolist()
    run = made(make_run, table, class_names=names, confusion_matrix=matrix, threshold=None)
    found = asked(api, run)
    rows = (table["subgroup_sex"] == "F").to_numpy()
    told = by_name(found)["sex", "F"]
    assert (found["metric"], told["positives"]) == ("accuracy", None)
    assert values(told)["final_accuracy_cm"] == pytest.approx(accuracy_score(label[rows], scores[rows].argmax(axis=1)))
    assert api.get(address(run), {"metric": "auroc"}).status_code == 400


def test_the_table_as_a_file(api: Client, make_run: MakeRun) -> None:
    table = frame(handicap=1.5)
    table["subgroup_site"] = table["subgroup_site"].replace("a", "=1+1")
    run = made(make_run, table)
    answer = api.get(address(run), {"file": "csv"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    told = asked(api, run)
    assert [row["column"] for row in rows] == [group["column"] for group in told["groups"]]
    assert [row["worst"] for row in rows] == [str(int(place == told["worst"])) for place in range(len(rows))]
    for row, group in zip(rows, told["groups"], strict=True):
        assert row["group"] == (f"'{group['group']}" if group["group"].startswith("=") else group["group"])
        for name, number in group["statistics"].items():
            assert float(row[name]) == number["value"]
        adjusted = group["difference"]["p_holm"] if group["difference"] else ""
        assert row["auroc_difference_p_holm"] == str(adjusted)


@pytest.mark.parametrize(
    ("parameters", "field", "words"),
    [
        ({"by": "gender"}, "by", "kept no column 'gender'; it has 'sex', 'site'"),
        ({"by": "sex", "second": "x"}, "second", "kept no column 'x'"),
        ({"by": "sex", "second": "sex"}, "second", "two different columns"),
        ({"second": "sex"}, "second", "two different columns"),
        ({"metric": "f1"}, "metric", "not a valid choice"),
        ({"threshold": "1e999"}, "threshold", "valid number"),
        ({"label": "1"}, "label", "Unknown parameter"),
    ],
)
def test_wrong_requests_are_told(
    api: Client, make_run: MakeRun, parameters: dict[str, str], field: str, words: str
) -> None:
    answer = api.get(address(made(make_run, frame())), parameters)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert words in error["message"]


def test_runs_without_groups_say_why(api: Client, make_run: MakeRun) -> None:
    table = frame().drop(columns=["subgroup_sex", "subgroup_site"])
    run = made(make_run, table)
    assert asked(api, run)["problem"] == stored_groups.NONE
    (run.folder / "predictions.parquet").write_bytes(b"no table")
    assert asked(api, run)["problem"] == stored_groups.UNREADABLE
    (run.folder / "predictions.parquet").unlink()
    assert asked(api, run)["problem"] == stored_groups.GONE
    Run.objects.update(status="running")
    assert asked(api, run)["problem"] == run_subgroups.NOT_YET


@pytest.mark.parametrize("kind", ["nan", "text", "short"])
def test_broken_predictions_say_so(api: Client, make_run: MakeRun, kind: str) -> None:
    table = frame()
    if kind == "nan":
        table.loc[3, "logit"] = np.nan
    elif kind == "text":
        table["score"] = "x"
    else:
        table = table.drop(columns=["label"])
    assert asked(api, made(make_run, table))["problem"] == stored_groups.UNREADABLE


def test_too_many_samples_are_asked_for_by_column(
    api: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_groups, "MOST_CELLS", SIZE)
    run = made(make_run, frame())
    assert asked(api, run)["problem"] == stored_groups.TOO_MANY
    assert len(asked(api, run, by="sex")["groups"]) == 2


def test_nothing_of_a_run_that_does_not_exist_or_has_no_such_split(api: Client, make_run: MakeRun) -> None:
    run = made(make_run, frame())
    assert api.get(address(run), {"split": "val"}).status_code == 404
    assert api.get("/api/runs/999999/final-subgroups/").status_code == 404


def test_only_for_those_who_are_signed_in(client: Client, make_run: MakeRun) -> None:
    assert client.get(address(made(make_run, frame()))).status_code in (401, 403)


def test_groups_are_told_apart_at_the_saved_operating_point(api: Client, make_run: MakeRun) -> None:
    data = frame(3)
    run = made(make_run, data, threshold=0.5)
    own = asked(api, run)
    point_history.save(run, "ada", "We cannot miss one.", Decision("hand", 0.2, 0.2, None, test_known=True))
    saved = asked(api, run)
    assert (own["threshold"], saved["threshold"]) == (0.5, 0.2)
    assert (own["decides"], saved["decides"]) == ("own", "saved")
    women = data[data["subgroup_sex"] == "F"]
    right = recall_score(women["label"], women["score"] >= 0.2)
    assert values(by_name(saved)["sex", "F"])["final_sensitivity"] == pytest.approx(right)
    assert asked(api, run, threshold=0.5)["groups"] == own["groups"]


@pytest.mark.parametrize("label", [-1, 2, 0.5])
def test_labels_that_are_no_class_say_so(api: Client, make_run: MakeRun, label: float) -> None:
    data = frame()
    data["label"] = data["label"].astype(type(label))
    data.loc[3, "label"] = label
    assert asked(api, made(make_run, data))["problem"] == stored_groups.UNREADABLE


def confident(seed: int = 3) -> pd.DataFrame:
    """Draw predictions whose scores are all 1 in double precision: logits alone tell them apart."""
    data = frame(seed)
    data["logit"] += 60
    return data.assign(score=1.0)


def test_log_odds_decide_where_the_saved_point_has_them(api: Client, make_run: MakeRun) -> None:
    data = confident()
    run = made(make_run, data, threshold=0.5)
    point_history.save(run, "ada", "Few beds.", Decision("youden", None, 1.0, 60.0, test_known=True))
    found = asked(api, run)
    assert (found["threshold"], found["log_odds"], found["decides"]) == (1.0, 60.0, "saved")
    women = data[data["subgroup_sex"] == "F"]
    told = values(by_name(found)["sex", "F"])
    said = women["logit"] >= 60
    assert told["final_sensitivity"] == pytest.approx(recall_score(women["label"], said))
    assert told["final_specificity"] == pytest.approx(recall_score(women["label"], said, pos_label=0))
    assert 0 < told["final_specificity"] < 1
    everything = values(by_name(asked(api, run, threshold=1.0))["sex", "F"])
    assert everything["final_specificity"] == 0


def test_one_file_at_a_time_is_read(api: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bool] = []
    read = stored_groups.read

    def watched(*args: Any) -> Any:
        held.append(run_subgroups._turn.locked())
        return read(*args)

    monkeypatch.setattr(stored_groups, "read", watched)
    run = made(make_run, frame())
    asked(api, run)
    (run.folder / "predictions.parquet").write_bytes(b"no table")
    assert asked(api, run, metric="accuracy")["problem"] == stored_groups.UNREADABLE
    assert held == [True]
    assert not run_subgroups._turn.locked()


def test_comparisons_take_turns_group_by_group() -> None:
    """Between two groups another request has its turn."""
    scores = np.linspace(0, 1, 80)
    targets = np.arange(80) % 2
    groups = ["a", "b", "c", "d"] * 20
    turns: list[str] = []

    class Turns(AbstractContextManager[None]):
        def __enter__(self) -> None:
            turns.append("begins")

        def __exit__(self, *_: object) -> None:
            turns.append("ends")

    split = Split(scores, None, targets, 0.5, None, {"column": groups})
    found = compared(split, ["no", "yes"], "auroc", Turns())
    assert turns == ["begins", "ends"] * 4
    assert found == compared(split, ["no", "yes"], "auroc")
