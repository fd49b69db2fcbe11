"""What a report and a model card claim: of which data, at which threshold, and of whom."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from experiments.model_files.run_facts import facts_of
from runs.models import FinalResult
from tests.experiments.reports.conftest import READING, add_external_test, binary_run
from tests.experiments.reports.test_reports import content, made, page_of, saved_point, tables, texts
from tests.runs.conftest import MakeRun

pytestmark = pytest.mark.usefixtures("draws_nothing")


def test_an_external_test_stands_beside_the_own_split_at_the_same_point(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    saved_point(run)
    numbers = {"final_auroc_cm": 0.8123, "final_sensitivity": 0.9, "final_specificity": 0.75}
    test = add_external_test(run, internal={"split": "test", "statistics": numbers})
    test.kept |= {"rule": "sensitivity", "threshold": 0.25, "statistics": {"final_sensitivity": 0.6}}
    test.save()
    made(api, run)
    [rows] = [rows for name, rows in tables(content(api, run)["report"], "comparison").items()]
    assert rows == [["Sensitivity (recall)", "60.0 %", "90.0 %"]], "not the 80 % at the run's own threshold"

    test.details |= {"internal": None}
    test.save()
    made(api, run)
    [section] = [one for one in content(api, run, 2)["report"]["sections"] if one["id"] == "comparison"]
    [table] = [block for block in section["blocks"] if block["type"] == "table"]
    assert table["head"] == ["Statistic", "External", "Test, at the run's own threshold"]


def test_a_test_on_the_data_of_the_training_is_no_external_one(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    add_external_test(run, overlap="same")
    made(api, run)
    report = content(api, run)["report"]
    assert "The numbers are no external test." in texts(report, "comparison")
    assert "was not tested on data of another place" in texts(report, "summary")
    assert "The model was not tested on data of another place." in report["card"]["known_limits"]
    assert report["card"]["performance"]["external_tests"][0]["overlap"] == "same"
    items = {item["number"]: item for one in report["checklists"] if one["id"] == "claim" for item in one["items"]}
    assert (items["33"]["status"], items["33"]["why"]) == ("missing", "No external test on other data was made.")


def test_no_sample_and_no_patient_is_named(api: Client, make_run: MakeRun) -> None:
    leaks = {"code": "leakage_allowed", "text": "Trained with leaks between splits: Muster-77 (train, test)."}
    run = binary_run(make_run, notes=[leaks, {"code": "starting_weights", "text": "They fit."}])
    patients = {"count": 40, "source": "ids", "name": "Muster-77", "why": "Such as 'Muster-77' of 'Muster-77_1'."}
    finding = {"code": "patients", "level": "info", "text": "40 patients. Such as 'Muster-77'."}
    reading = READING | {"patients": patients, "findings": [finding, *READING["findings"]]}
    (run.folder / "reading.json").write_text(json.dumps(reading))
    found = {"train": 3, "val": 1, "test": 0, "examples": ["Muster-77"]}
    texts_of_overlap = ["4 patients (Muster-77) occur in it."]
    level = {"level": "likely", "patients": found, "texts": texts_of_overlap, "unchecked": ["No ids."]}
    test = add_external_test(run, overlap="likely")
    test.details |= {"overlap": level}
    test.save()
    made(api, run)
    report = content(api, run)["report"]
    assert "4 patients of these data occur in the training or validation split" in texts(report, "comparison")
    assert "No ids." in texts(report, "comparison")
    assert "One file was cut off." in texts(report, "data")
    assert "Told apart by the codes with which the ids begin." in page_of(api, run)
    assert "leaks between splits: samples or patients of one split are in another" in texts(report, "results")
    assert report["card"]["notes"][1] == "They fit."
    for told in (page_of(api, run), json.dumps(report), json.dumps(facts_of(run, "MIT").model_card)):
        assert "Muster-77" not in told


def test_what_an_old_run_does_not_know_is_not_claimed(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    (run.folder / "preflight.json").unlink()
    (run.folder / "predictions.parquet").unlink()
    made(api, run)
    report = content(api, run)["report"]
    assert "No patient is in more than one split." not in texts(report, "data")
    assert "no record of whether a patient is in more than one split" in texts(report, "data")
    rows = tables(report, "data")["Samples, patients and classes by split"]
    assert rows[0] == ["Samples", "120", "120"], "no sum without the training samples"
    items = {item["number"]: item for one in report["checklists"] if one["id"] == "tripod-ai" for item in one["items"]}
    assert items["23b"]["status"] == "missing", "the groups cannot be told apart any more"
    assert "predictions.parquet any more" in items["23b"]["why"]


def test_the_card_lists_external_tests_and_what_they_share_with_the_training(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    add_external_test(run)
    add_external_test(run, overlap="same")
    text = api.get(f"/api/runs/{run.pk}/model-card/", {"file": "md"}).content.decode()
    line = "- Chur, 100 samples at a threshold of 0.5: AUROC 0.710 (0.600 to 0.800)."
    assert f"{line}\n{line} These are the data of the training: it is no external test.\n" in text


def test_numbers_in_a_model_file_are_those_of_its_own_decision(make_run: MakeRun) -> None:
    run = binary_run(make_run)
    final = FinalResult.objects.get(run=run, split="test")
    final.statistics |= {"final_accuracy_cm": 0.9, "final_f1_cm": 0.8}
    final.save()
    assert facts_of(run, "MIT").metrics["test"]["final_sensitivity"] == 0.8
    saved_point(run)
    found = facts_of(run, "MIT").metrics["test"]
    assert (found["final_sensitivity"], found["final_specificity"], found["cm_tp"]) == (0.9, 0.75, 36)
    assert (found["final_auroc_cm"], found["final_auroc_cm_ci_low"]) == (0.8123, 0.7011)
    assert found.keys().isdisjoint({"final_accuracy_cm", "final_f1_cm"}), "they are of the run's own threshold"


def test_external_tests_of_this_model_stand_beside_the_own_split(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    add_external_test(run, attempt=0)
    made(api, run)
    assert "No external test was made" in texts(content(api, run)["report"], "comparison")
    add_external_test(run)
    [listed] = api.get(f"/api/runs/{run.pk}/reports/").json()["results"]
    assert listed["changes"] == ["There are other external tests since."]
    made(api, run)
    report = content(api, run, 2)["report"]
    assert "Another scanner. Prevalence rises." in texts(report, "comparison")
    rows = tables(report, "comparison")["External test 2, Chur"]
    assert rows == [["AUROC", "0.710 (0.600 to 0.800)", "0.812 (0.701 to 0.890)"]]
    assert "The model was not tested on data of another place." not in page_of(api, run, 2)
    assert "secret" not in page_of(api, run, 2)
    assert report["card"]["performance"]["external_tests"][0]["statistics"]["final_auroc_cm"]["value"] == 0.71
    items = {item["number"]: item for one in report["checklists"] if one["id"] == "claim" for item in one["items"]}
    assert items["33"]["status"] == "shown"


def test_the_card_is_markdown_too(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run, experiment_name="a_b <c>")
    saved_point(run)
    text = api.get(f"/api/runs/{run.pk}/model-card/", {"file": "md"}).content.decode()
    assert text.startswith("# Model card: a\\_b \\<c\\>\n")
    assert "| AUROC | 0.812 (0.701 to 0.890) |" in text
    assert "8 from a score of 0.25 on, the saved operating point: Sensitivity at least 90 %." in text
    assert "In the table, what depends on a threshold is at the run's own, 0.5." in text
    assert "## External tests" not in text
    assert "ada" not in text
    assert "## Ethics\n\nNot stated." in text


def test_model_files_have_the_card(make_run: MakeRun) -> None:
    card = facts_of(binary_run(make_run), "MIT").model_card
    assert card is not None
    assert (
        json.loads(json.dumps(card, allow_nan=False))["performance"]["statistics"]["final_auroc_cm"]["value"] == 0.8123
    )
    assert facts_of(make_run(status="failed"), "MIT").model_card is None


def test_without_a_test_split_it_is_said_first(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run, "val")
    made(api, run)
    report = content(api, run)["report"]
    assert "There is no test split" in texts(report, "summary")
    assert "There is no test split" in texts(report, "results")
    items = {item["number"]: item for one in report["checklists"] if one["id"] == "claim" for item in one["items"]}
    assert (items["32"]["status"], items["32"]["why"]) == (
        "missing",
        "There is no test split: the numbers are of validation.",
    )


def test_without_predictions_the_stored_numbers_are_shown(api: Client, make_run: MakeRun) -> None:
    run = binary_run(make_run)
    (run.folder / "predictions.parquet").unlink()
    made(api, run)
    report = content(api, run)["report"]
    assert {"roc", "scores", "subgroups"}.isdisjoint(figure["name"] for figure in report["figures"])
    assert "predictions.parquet any more" in texts(report, "subgroups")
    assert "0.812 (0.701 to 0.890)" in page_of(api, run)
