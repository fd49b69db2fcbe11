"""Questions that the data raise, as a request is answered with them: each with its choices, nothing is queued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.test import Client

from experiments import launch
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reading import Question, Unanswered
from runs.errors import MOST_ERRORS
from runs.models import Run
from tests.experiments.api.test_endpoint import URL, post
from tests.experiments.training.datasets import with_csv
from tests.experiments.training.readings import extreme

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def body(tmp_path: Any, settings: Any) -> dict[str, Any]:
    """Ask for a training on data that leave two things open."""
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path / "data"]
    labels = {f"{number:03d}": ("cat", "dog", "NA")[number % 3] for number in range(60)}
    with_csv(tmp_path / "data" / "pets", labels)
    return {"experiment_name": "Pets", "source_path": "pets", "data": {"batch_size": 8}}


def test_a_request_is_refused_with_the_choices_until_all_are_made(api: Client, body: dict[str, Any]) -> None:
    refused = post(api, body)
    assert refused.status_code == 400
    answer = json.loads(refused.content)
    questions = msgspec.convert(answer["questions"], list[Question])
    assert [question.field for question in questions] == ["data.missing_labels", "model.positive_class"]
    found = [(error["pointer"], error["detail"]) for error in answer["errors"]]
    assert found == [(f"#/{question.field.replace('.', '/')}", question.text) for question in questions]
    assert questions[0].text in answer["detail"]
    assert not Run.objects.exists()
    for question in questions:
        for path, value in question.choices[0].options.items():
            group, _, name = path.partition(".")
            body.setdefault(group, {})[name] = value
    assert post(api, body).status_code == 202


def test_a_dry_run_is_made_with_open_questions_and_says_its_request(api: Client, body: dict[str, Any]) -> None:
    response = post(api, body, f"{URL}?dry_run=true&wait=0")
    assert response.status_code == 202
    answer = json.loads(response.content)
    assert answer["config"] == TrainingConfig.model_validate(body).model_dump(mode="json")


def test_the_answer_stays_small_however_much_is_asked(
    api: Client, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: Any, **__: Any) -> None:
        raise Unanswered(extreme().questions * 10)

    monkeypatch.setattr(launch, "inspect", ask)
    answer = json.loads(post(api, body).content)
    assert (len(answer["questions"]), len(answer["errors"]), answer["more"]) == (MOST_ERRORS, MOST_ERRORS, 180)


def test_another_mistake_has_no_questions(api: Client) -> None:
    assert "questions" not in json.loads(post(api, {"experiment_name": "x"}).content)


@pytest.mark.parametrize("option", ["target_column", "id_column", "patient_column"])
def test_a_column_that_is_not_there_is_answered_with_those_that_are(
    api: Client, body: dict[str, Any], option: str
) -> None:
    body["data"][option] = "nobody"
    response = post(api, body)
    assert response.status_code == 400
    answer = json.loads(response.content)
    assert answer["errors"][0]["field"] == f"data.{option}"
    assert answer["possible"] == {f"data.{option}": ["patientId", "Target"]}


def test_a_column_of_subgroups_that_is_not_there_is_answered_with_those_that_may_be(
    api: Client, body: dict[str, Any], tmp_path: Path
) -> None:
    table = next(tmp_path.rglob("*.csv"))
    lines = table.read_text().splitlines()
    table.write_text("\n".join([f"{lines[0]},sex", *(f"{line},{'FM'[at % 2]}" for at, line in enumerate(lines[1:]))]))
    body["data"]["subgroup_columns"] = ["gender"]
    answer = json.loads(post(api, body).content)
    assert answer["errors"][0]["field"] == "data.subgroup_columns"
    assert answer["possible"] == {"data.subgroup_columns": ["sex"]}
    body["data"] |= {"subgroup_columns": ["sex"], "missing_labels": "leave_out"}
    body["model"] = {"positive_class": "cat"}
    assert post(api, body).status_code == 202


def test_another_mistake_has_nothing_else_to_choose(api: Client) -> None:
    assert "possible" not in json.loads(post(api, {"experiment_name": "x", "source_path": "nowhere"}).content)
