"""External tests over REST: asked for, carried out by a worker, seen, downloaded, removed, counted."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from sklearn import metrics

from experiments.external_tests import queries
from experiments.model_jobs import worker_thread
from experiments.models import ExternalLook, ExternalTest, ModelJob
from experiments.training.contract.reports import Job, Message
from experiments.training.contract.stop import Stop
from experiments.training.recipes.model_jobs import entry
from runs.models import FinalResult, Run
from tests.audit.trail import read_whole
from tests.experiments.external_tests.stored import Evaluated, add_test
from tests.experiments.model_jobs.conftest import Processes, processes  # noqa: F401
from tests.people import VIEWER, Cast
from tests.problems import problem_of

pytestmark = pytest.mark.django_db


def in_this_process(job: Job) -> Iterator[Message]:
    """Carry a job out as its child does."""
    messages: list[Message] = []
    entry.train(job, messages.append, Stop())
    yield from messages


@pytest.mark.django_db(transaction=True)
def test_it_is_carried_out_by_a_worker(
    run: Run,
    elsewhere: Path,
    api: Client,
    processes: Processes,  # noqa: F811
) -> None:
    processes.talk = in_this_process
    body = {"source_path": str(elsewhere), "name": "North clinic", "site": "site", "threshold": "rechosen"}
    answer = api.post(f"/api/runs/{run.pk}/evaluate/", {**body, "rule": "youden"}, "application/json")
    assert answer.status_code == 202, answer.json()
    job = ModelJob.objects.get(pk=answer.json()["model_job_id"])
    assert worker_thread.work_on(job.pk, draining=threading.Event())
    told = api.get(f"/api/model-jobs/{job.pk}/").json()
    assert (told["status"], told["problem"]) == ("done", None)
    number = told["result"]["external_test"]
    found = api.get(f"/api/runs/{run.pk}/external-tests/{number}/").json()
    assert (found["title"], found["samples"], found["site"]) == ("North clinic", 60, "site")
    assert found["internal"]["split"] == "test"
    assert found["overlap"]["level"] == "none"
    assert {path.name for path in job.folder.iterdir()} == {"predictions.parquet"}
    own = FinalResult.objects.get(run=run, split="test").statistics
    assert found["internal"]["statistics"]["final_auroc_cm"] == own["final_auroc_cm"]
    assert found["internal"]["statistics"]["final_auroc_cm_ci_low"] == own["final_auroc_cm_ci_low"]


def test_the_same_request_twice_is_one_job(run: Run, elsewhere: Path, api: Client) -> None:
    answers = [
        api.post(f"/api/runs/{run.pk}/evaluate/", {"source_path": str(elsewhere)}, "application/json").json()
        for _ in range(2)
    ]
    assert answers[0]["model_job_id"] == answers[1]["model_job_id"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"source_path": "dataset:nothing"}, ("source_path", "no data set 'nothing' in the project")),
        ({"threshold": "best"}, ("threshold", "not a valid choice")),
        ({"threshold": "rechosen"}, ("rule", "Say how it is chosen")),
        ({"rule": "youden"}, ("rule", "set threshold to rechosen")),
        ({"threshold": "rechosen", "rule": "sensitivity"}, ("at_least", "needs it")),
        ({"threshold": "rechosen", "rule": "youden", "cost_ratio": 3}, ("cost_ratio", "has none")),
        ({"data": {"val_fraction": 0.3}}, ("data.val_fraction", "says nothing of how other data are read")),
        ({"class_names": ["ill"]}, ("data.class_names", "no label with its name")),
        ({"colour": "red"}, ("colour", "Unknown parameter")),
    ],
)
def test_what_is_wrong_is_named(
    run: Run, elsewhere: Path, api: Client, changed: dict[str, object], said: tuple[str, str]
) -> None:
    field, words = said
    body = {"source_path": str(elsewhere), **changed}
    answer = api.post(f"/api/runs/{run.pk}/evaluate/", body, "application/json")
    assert answer.status_code == 400
    [fault] = problem_of(answer)["errors"]
    assert fault["field"] == field
    assert words in fault["message"]
    assert not ModelJob.objects.exists()


def test_a_run_without_a_checkpoint_says_so(run: Run, elsewhere: Path, api: Client) -> None:
    Run.objects.filter(pk=run.pk).update(best_checkpoint="")
    answer = api.post(f"/api/runs/{run.pk}/evaluate/", {"source_path": str(elsewhere)}, "application/json")
    assert answer.status_code == 409
    assert "no checkpoint" in answer.json()["detail"]


def test_questions_come_with_their_choices(run: Run, elsewhere: Path, api: Client) -> None:
    lines = elsewhere.read_text(encoding="utf-8").splitlines()
    lines[1] = ",".join([*lines[1].split(",")[:-1], ""])  # one label is missing
    elsewhere.write_text("\n".join(lines), encoding="utf-8")
    body: dict[str, object] = {"source_path": str(elsewhere)}
    answer = api.post(f"/api/runs/{run.pk}/evaluate/", body, "application/json")
    assert answer.status_code == 400
    [fault], [question] = problem_of(answer)["errors"], answer.json()["questions"]
    assert fault["field"] == "data.missing_labels"
    assert {"data.missing_labels": "leave_out"} in [choice["options"] for choice in question["choices"]]
    answered = body | {"data": {"missing_labels": "leave_out"}}
    assert api.post(f"/api/runs/{run.pk}/evaluate/", answered, "application/json").status_code == 202


def test_the_list_has_the_numbers_of_its_tests(test: ExternalTest, api: Client) -> None:
    [line] = api.get(f"/api/runs/{test.run_id}/external-tests/").json()["results"]
    assert line["number"] == 1
    assert line["statistics"]["final_auroc_cm"] == test.kept["statistics"]["final_auroc_cm"]
    assert line["rechosen"]["point"].startswith("Highest sensitivity + specificity (Youden)")
    assert api.get(f"/api/external-tests/?runs={test.run_id},999").json()["results"] == [line]
    assert api.get(line["links"]["self"]).json()["links"] == line["links"]


def test_curves_follow_from_the_downloaded_predictions(test: ExternalTest, api: Client) -> None:
    links = api.get(f"/api/runs/{test.run_id}/external-tests/1/").json()["links"]
    table = pq.read_table(io.BytesIO(read_whole(api.get(links["predictions"]))))
    labels, logits = table["label"].to_numpy(), table["logit"].to_numpy()
    curves = api.get(links["curves"]).json()
    assert (curves["problem"], curves["split"]) == (None, "external")
    false, true = (np.array(curves["roc"][name]) for name in ("false", "true"))
    area = metrics.auc([0, *false / (labels == 0).sum()], [0, *true / (labels == 1).sum()])
    assert area == pytest.approx(metrics.roc_auc_score(labels, logits))
    assert curves["auroc"]["value"] == pytest.approx(area)
    assert curves["decision_curve"]["problem"] is None
    assert "fitted on the run's validation split" in curves["decision_curve"]["text"]
    assert curves["threshold"] in curves["stops"]["thresholds"] or curves["stops"]["distinct"] == 120


def test_samples_of_a_cell_are_those_of_the_matrix(test: ExternalTest, api: Client) -> None:
    address = f"/api/runs/{test.run_id}/external-tests/1/samples/"
    [[_, fp], [_, tp]] = test.kept["confusion_matrix"]
    assert api.get(f"{address}?cell=fp").json()["total"] == fp
    found = api.get(f"{address}?cell=tp&split=external&page_size=3").json()
    assert (found["total"], len(found["results"])) == (tp, 3)
    lines = api.get(f"{address}export/?cell=fp").content.decode().splitlines()
    assert len(lines) == fp + 1


def test_sites_are_told_apart_by_any_metric(test: ExternalTest, api: Client) -> None:
    address = f"/api/runs/{test.run_id}/external-tests/1/subgroups/"
    found = api.get(address).json()
    assert found["groups"] == test.details["groups"]["groups"]
    assert api.get(f"{address}?metric=sensitivity&by=site").json()["metric"] == "sensitivity"
    assert api.get(f"{address}?file=csv").content.decode("utf-8-sig").startswith("column,group,samples")
    assert api.get(f"{address}?by=age").status_code == 400


def test_operating_points_of_validation_are_applied(test: ExternalTest, api: Client) -> None:
    points = api.get(f"/api/runs/{test.run_id}/external-tests/1/operating-points/").json()["points"]
    assert set(points[0]["splits"]) == {"val", "test", "external"}
    counts = points[0]["splits"]["external"]
    assert sum(counts[name] for name in ("cm_tp", "cm_tn", "cm_fp", "cm_fn")) == test.samples


def test_each_test_is_a_look_that_stays_counted(run: Run, user: User, evaluated: Evaluated, api: Client) -> None:
    first, second = (add_test(run, user, evaluated) for _ in range(2))
    looks = api.get(f"/api/runs/{run.pk}/external-tests/2/").json()["looks"]
    assert (looks["looks"], looks["runs"]) == (2, 1)
    assert api.delete(f"/api/runs/{run.pk}/external-tests/2/").status_code == 204
    assert not second.job.folder.exists()
    assert not ModelJob.objects.filter(pk=second.job_id).exists()
    assert ExternalLook.objects.filter(identity=first.identity).count() == 2
    assert add_test(run, user, evaluated).number == 3
    assert [test.number for test in queries.of_run(run)] == [1, 3]


def test_viewers_read_and_ask_for_nothing(user: User, evaluated: Evaluated, run: Run) -> None:
    cast = Cast()
    Run.objects.filter(pk=run.pk).update(project=cast.project)
    add_test(Run.objects.get(pk=run.pk), user, evaluated)
    address = f"/api/runs/{run.pk}/external-tests/1/"
    assert cast.client(VIEWER).get(address).json()["may_delete"] is False
    assert cast.client(VIEWER).delete(address).status_code == 403
    body = {"source_path": "x.csv"}
    assert cast.client(VIEWER).post(f"/api/runs/{run.pk}/evaluate/", body, "application/json").status_code == 403
    for path in (address, f"{address}curves/", f"{address}predictions/", f"/runs/{run.pk}/external-tests/1/"):
        assert cast.client("stranger").get(path).status_code == 404


def test_pages_show_both_tests_side_by_side(test: ExternalTest, browser_session: Client) -> None:
    listed = browser_session.get(f"/runs/{test.run_id}/external-tests/").content.decode()
    assert "North clinic" in listed
    assert "Own test split" in listed
    page = browser_session.get(f"/runs/{test.run_id}/external-tests/1/").content.decode()
    for words in ("Internal beside external", "point chosen on it", "Prevalence of ill", "Calibration slope"):
        assert words in page
    assert page.count("<rect") == 60


@pytest.mark.django_db(transaction=True)
def test_the_command_carries_it_out_and_writes_both_tests(
    run: Run,
    elsewhere: Path,
    processes: Processes,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processes.talk = in_this_process
    monkeypatch.setattr("experiments.processes.training_process.warm_up", lambda: None)
    monkeypatch.setattr("experiments.cli.stop_signals.StopSignals.install", lambda _: None)
    written = io.StringIO()
    call_command("evaluate", run.pk, str(elsewhere), "--site=site", "--name=North", stdout=written)
    assert f"External test 1 of run {run.pk}: North, 60 samples" in written.getvalue()
    assert "AUROC: own " in written.getvalue()
    assert "Prevalence of ill" in written.getvalue()
    with pytest.raises(CommandError, match="There is no run 999"):
        call_command("evaluate", 999, str(elsewhere))
    with pytest.raises(CommandError, match="Say how it is chosen"):
        call_command("evaluate", run.pk, str(elsewhere), "--threshold=rechosen")
