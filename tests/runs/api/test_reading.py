"""How the data of a run were read, over REST: as the training wrote it, and null where it wrote nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from django.test import Client

from experiments.training.contract.reading import Reading
from runs.files import reading_file
from runs.models import Run
from tests.experiments.training.readings import EVERY_SHAPE, class_folders
from tests.runs.conftest import MakeRun, add_final, completed_columns


def write(run: Run, reading: Reading) -> None:
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / reading_file.NAME).write_bytes(msgspec.json.encode(reading))


@pytest.mark.parametrize("shape", EVERY_SHAPE)
def test_it_is_what_the_training_wrote(api: Client, make_run: MakeRun, shape: str) -> None:
    run = make_run(**completed_columns())
    write(run, EVERY_SHAPE[shape])
    answer = api.get(f"/api/runs/{run.pk}/reading/").json()
    assert (answer["run_id"], answer["status"]) == (run.pk, "completed")
    assert msgspec.convert(answer["reading"], Reading) == EVERY_SHAPE[shape]


def test_a_run_without_the_file_has_none(api: Client, make_run: MakeRun) -> None:
    run = make_run()
    assert api.get(f"/api/runs/{run.pk}/reading/").json() == {"run_id": run.pk, "status": "queued", "reading": None}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": NaN}', "\udcff", '"' + "x" * reading_file.MOST_BYTES + '"'])
def test_a_file_that_is_none_of_them_is_none(api: Client, make_run: MakeRun, content: str) -> None:
    run = make_run()
    run.folder.mkdir(parents=True)
    (run.folder / reading_file.NAME).write_bytes(content.encode(errors="surrogateescape"))
    assert api.get(f"/api/runs/{run.pk}/reading/").json()["reading"] is None


def test_a_large_one_is_not_read_into_memory(api: Client, make_run: MakeRun) -> None:
    run = make_run()
    run.folder.mkdir(parents=True)
    with (run.folder / reading_file.NAME).open("wb") as file:
        file.write(b'{"why": "')
        file.truncate(10**12)  # sparse
    assert api.get(f"/api/runs/{run.pk}/reading/").json()["reading"] is None


def test_a_link_leads_nowhere(api: Client, make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    run.folder.mkdir(parents=True)
    (tmp_path / "secret.json").write_text('{"why": "secret"}')
    (run.folder / reading_file.NAME).symlink_to(tmp_path / "secret.json")
    assert api.get(f"/api/runs/{run.pk}/reading/").json()["reading"] is None


def test_nobody_reads_without_a_login(client: Client, make_run: MakeRun) -> None:
    run = make_run()
    write(run, class_folders())
    assert client.get(f"/api/runs/{run.pk}/reading/").status_code == 401


def test_a_run_and_its_results_name_the_positive_class(api: Client, make_run: MakeRun) -> None:
    run = make_run(**completed_columns() | {"dataset": {"name": "x", "classes": ["well", "ill"], "sizes": {}}})
    add_final(run, "test", {})
    add_final(run, "val", {}, class_names=["a", "b", "c"], confusion_matrix=[[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    detail = api.get(f"/api/runs/{run.pk}/").json()
    assert detail["positive_class"] == "ill"
    splits = api.get(detail["links"]["final_stats"]).json()["splits"]
    assert (splits["test"]["positive_class"], splits["val"]["positive_class"]) == ("8", None)
    assert api.get(f"/api/runs/{make_run().pk}/").json()["positive_class"] is None
