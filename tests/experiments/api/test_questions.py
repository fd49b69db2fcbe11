"""Questions that the data raise, as a request is answered with them: each with its choices, nothing is queued."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from django.test import Client

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reading import Question
from experiments.training.data import sources
from runs.errors import MOST_ERRORS
from runs.models import Run
from tests.experiments.api.test_endpoint import URL, post
from tests.experiments.training.datasets import with_csv
from tests.experiments.training.readings import QUESTIONS, class_folders, extreme

pytestmark = pytest.mark.django_db(transaction=True)


def raise_questions(monkeypatch: pytest.MonkeyPatch, questions: list[Question]) -> None:
    """Let all data raise these questions, until the request has an option of each."""
    read = sources.read

    def read_with_questions(files: Any, config: TrainingConfig, **how: Any) -> Any:
        given = {f"{group}.{name}" for group in ("data", "model") for name in getattr(config, group).model_fields_set}
        left = [one for one in questions if not given & {path for choice in one.choices for path in choice.options}]
        return replace(read(files, config, **how), reading=class_folders(left))

    monkeypatch.setattr(sources, "read", read_with_questions)


@pytest.fixture
def body(tmp_path: Any, settings: Any) -> dict[str, Any]:
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path / "data"]
    with_csv(tmp_path / "data" / "lungs", {f"{number:03d}": number % 2 for number in range(60)})
    return {"experiment_name": "Lungs", "source_path": "lungs"}


def test_a_request_is_refused_with_the_choices_until_all_are_made(
    api: Client, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_questions(monkeypatch, QUESTIONS)
    refused = post(api, body)
    assert refused.status_code == 400
    answer = json.loads(refused.content)
    assert answer["errors"] == [{"field": question.field, "message": question.text} for question in QUESTIONS]
    assert msgspec.convert(answer["questions"], list[Question]) == QUESTIONS
    assert QUESTIONS[0].text in answer["detail"]
    assert not Run.objects.exists()
    options = {path: value for one in QUESTIONS for path, value in one.choices[0].options.items()}
    for path, value in options.items():
        group, _, name = path.partition(".")
        body.setdefault(group, {})[name] = value
    assert post(api, body).status_code == 202


def test_a_dry_run_is_made_with_open_questions_and_says_its_request(
    api: Client, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_questions(monkeypatch, QUESTIONS)
    response = post(api, body, f"{URL}?dry_run=true&wait=0")
    assert response.status_code == 202
    answer = json.loads(response.content)
    assert answer["config"] == TrainingConfig.model_validate(body).model_dump(mode="json")


def test_the_answer_stays_small_however_much_is_asked(
    api: Client, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_questions(monkeypatch, extreme().questions * 10)
    answer = json.loads(post(api, body).content)
    assert (len(answer["questions"]), len(answer["errors"]), answer["more"]) == (MOST_ERRORS, MOST_ERRORS, 180)


def test_another_mistake_has_no_questions(api: Client) -> None:
    assert "questions" not in json.loads(post(api, {"experiment_name": "x"}).content)
