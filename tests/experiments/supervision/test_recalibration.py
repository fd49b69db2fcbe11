"""A recalibration stays with its run: in the row, the API, the files and the admin; a new attempt voids it."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments.files.uploader import Uploader
from experiments.supervision.batch_writer import BatchWriter
from experiments.training.contract.reports import REPORT_TYPES, Recalibrated
from runs import lifecycle, recorder
from runs.events import DatasetSummary, ModelSummary, Stamped, TrainingStart, utc_now
from runs.files.exports import export
from runs.models import Run
from runs.statistics.recalibration.fitting import Outputs, recalibrated
from tests.runs.statistics.recalibration.test_platt import drawn

HOSTILE = "<b>yes</b>"


def report() -> Recalibrated:
    (logits, targets), (more, others) = drawn(3, 300), drawn(4, 100)
    return Recalibrated(
        found=recalibrated({"val": Outputs(logits, targets), "test": Outputs(more, others)}, ["no", HOSTILE])
    )


@pytest.fixture
def run(queued: Run) -> Run:
    """Make a run whose training has reported it, in a batch that was stored twice as after a broken connection."""
    claimed = lifecycle.claim_next("a worker")
    assert claimed is not None
    writer = BatchWriter(claimed, Uploader(claimed), None)
    sent = report()
    for again in (False, True):
        writer.store_batch([Stamped(sent, utc_now(), msgspec.json.encode(sent).decode())], again)
    queued.refresh_from_db()
    return queued


def read(run: Run, name: str) -> Any:
    return msgspec.json.decode((run.folder / name).read_bytes())


def test_the_report_survives_its_way_from_the_training() -> None:
    sent = report()
    assert msgspec.json.decode(msgspec.json.encode(sent), type=REPORT_TYPES["recalibrated"]) == sent


def test_files_and_api_have_it(run: Run, api: Client) -> None:
    assert run.recalibration == msgspec.to_builtins(report().found)
    export(run)
    assert read(run, "recalibration.json") == run.recalibration
    shown = api.get(f"/api/runs/{run.pk}/").json()["recalibration"]
    assert shown == read(run, "results.json")["recalibration"]
    knots = run.recalibration["methods"][1]["parameters"]["logits"]
    assert shown["methods"][1]["parameters"] == {
        "knots": len(knots),
        "lowest": 1 / 302,
        "highest": 1 - 1 / 302,
    }
    assert shown["splits"] == run.recalibration["splits"]


def test_a_logit_is_recalibrated_by_hand_from_the_file_alone(run: Run) -> None:
    export(run)
    platt, isotonic, temperature = (one["parameters"] for one in read(run, "recalibration.json")["methods"])
    test = read(run, "recalibration.json")["splits"]["test"]
    logits, targets = drawn(4, 100)
    for name, scores in (
        ("platt", 1 / (1 + np.exp(-(platt["intercept"] + platt["slope"] * logits)))),
        (
            "isotonic",
            np.clip(np.interp(logits, isotonic["logits"], isotonic["scores"]), isotonic["lowest"], isotonic["highest"]),
        ),
        ("temperature", 1 / (1 + np.exp(-logits / temperature["temperature"]))),
    ):
        assert test[name]["brier"] == pytest.approx(((scores - targets) ** 2).mean(), abs=1e-12)


def test_runs_without_one_have_neither_file_nor_section(queued: Run, api: Client, admin_page: Any) -> None:
    export(queued)
    assert not (queued.folder / "recalibration.json").exists()
    assert read(queued, "results.json")["recalibration"] is None
    assert api.get(f"/api/runs/{queued.pk}/").json()["recalibration"] is None
    assert "Recalibration" not in admin_page(queued)


def test_a_new_attempt_voids_it(run: Run) -> None:
    start = TrainingStart(
        run_id=run.pk,
        experiment_name="a test",
        max_epochs=2,
        training_mode="centralized",
        resumed_from_epoch=0,
        total_steps=None,
        dataset=DatasetSummary(name="small", classes=["no", "yes"], sizes={}),
        model=ModelSummary(name="mlp", parameters=1, trainable=1),
    )
    recorder.record(run.pk, run.attempt, [recorder.stamp(start)])
    run.refresh_from_db()
    assert run.recalibration is None


@pytest.fixture
def admin_page() -> Any:
    """Return what reads the admin's page of a run."""
    client = Client()

    def read_page(run: Run) -> str:
        client.force_login(User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("root"))
        response = client.get(f"/admin/runs/run/{run.pk}/change/")
        assert response.status_code == 200
        return response.content.decode()

    return read_page


def test_the_admin_has_each_method_over_each_split(run: Run, admin_page: Any) -> None:
    text = admin_page(run)
    [section] = re.findall(r"<h2>Recalibration (.*?)</section>", text, re.DOTALL)
    assert "fitted on the 300 samples of the validation split, where it looks better than it is" in section
    heads = re.findall(r'<th scope="row"[^>]*>(.*?)</th>', section)
    kinds = ("as they are", "platt&#x27;s method", "isotonic regression", "temperature")
    assert heads == [f"{split}: {kind}" for split in ("test", "validation") for kind in kinds]
    stored: Any = run.recalibration
    cells = re.findall(r"<td\b[^>]*>(.*?)</td>", section)
    assert len(cells) == 8 * 9
    assert cells[0] == f"{stored['splits']['test']['none']['mean_score']:.4f}"
    slope = stored["methods"][0]["parameters"]["slope"]
    assert f"slope {slope:.4f}" in section
    assert HOSTILE not in text
    assert cells[5 * 9 + 6 : 5 * 9 + 8] == ["1.0000", "0.0000"]  # slope and intercept where Platt's method was fitted


@pytest.mark.parametrize("kept", [{}, {"splits": {"val": {}}}])
def test_a_row_that_is_none_of_ours_costs_nothing_but_its_section(queued: Run, kept: Any, admin_page: Any) -> None:
    queued.recalibration = kept
    queued.save(update_fields=["recalibration"])
    assert "Recalibration" not in admin_page(queued)
