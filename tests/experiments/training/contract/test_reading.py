"""The reading of a data set: its numbers add up, and its questions forbid a training until they are answered."""

import pytest

from experiments.training.contract.preflight_report import verdict
from experiments.training.contract.reading import (
    Choice,
    Finding,
    Question,
    Reading,
    Unused,
    Usage,
    asked,
    require_answers,
)
from experiments.training.contract.source_errors import SourceError

QUESTION = Question(
    code="positive_class",
    text="Which class is the positive one? Set model.positive_class.",
    choices=[
        Choice(options={"model.positive_class": "b"}, consequence="Scores are those of b."),
        Choice(options={"model.positive_class": "a"}, consequence="Scores are those of a."),
    ],
)


def test_a_usage_whose_numbers_do_not_add_up_cannot_be_made() -> None:
    left_out = Unused(kind="extension", what=".txt", count=2, examples=["a.txt"])
    assert Usage(total=5, used=3, unused=[left_out]).used == 3
    with pytest.raises(ValueError, match="are not 6"):
        Usage(total=6, used=3, unused=[left_out])


def test_open_questions_forbid_a_training_and_name_the_option() -> None:
    require_answers(Reading())
    with pytest.raises(SourceError) as refused:
        require_answers(Reading(questions=[QUESTION]))
    assert refused.value.field == "model.positive_class"
    assert refused.value.message == QUESTION.text


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], "ready"),
        (["info"], "ready"),
        (["info", "warning"], "warnings"),
        (["warning", "confirm"], "confirm"),
        (["confirm", "blocks"], "blocked"),
    ],
)
def test_the_worst_finding_decides_the_verdict(levels: list[str], expected: str) -> None:
    findings = [Finding(code="any", level=level, text="Words.") for level in levels]  # type: ignore[arg-type]
    assert verdict(findings) == expected


def test_questions_are_findings_to_confirm() -> None:
    assert [(finding.level, finding.text) for finding in asked([QUESTION])] == [("confirm", QUESTION.text)]
