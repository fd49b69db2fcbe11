"""No reason takes data along: names of samples, patients and files, or what an exception said."""

from __future__ import annotations

import pytest

from experiments.supervision import end_messages
from notifications.safe_reasons import LONGEST, safe_reason
from runs.failures import storage_errors

SECRETS = ("4711", "MRN00012", "Doe", "IMG_001", "patients", "Anna", "Meyer")


@pytest.mark.parametrize(
    "reason",
    [
        "ValueError: bad patient Doe^Jane",
        "my.package.BrokenSample: 4711",
        "The image 'IMG_001.png' in /data/patients/4711/x.dcm cannot be read.",
        "Sample 4711 is broken.",
        "Sample 4711, epoch 4711x is broken.",
        "The loss of MRN00012 was not finite.",
        "The file could not be fetched: Anna's folder. Resume the run when that is repaired.",
        "The class “Doe” (4711) has no samples.",
        "It was stopped after patient Meyer.",
        "KeyError: 'Doe'",
        r"C:\patients\4711 is missing.",
        "trainer.max_epochs: Doe; data.x: 4711",
    ],
)
def test_nothing_that_may_be_data_is_left(reason: str) -> None:
    said = safe_reason(reason)
    assert said
    assert [secret for secret in SECRETS if secret in said] == []


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (end_messages.DID_NOT_FINISH, end_messages.DID_NOT_FINISH),
        (end_messages.NOTHING_COMPLETE, end_messages.NOTHING_COMPLETE),
        (end_messages.DRAINED, end_messages.DRAINED),
        (
            "The GPU ran out of memory. Lower data.batch_size or data.image_size, or choose a smaller network.",
            "The GPU ran out of memory. Lower data.batch_size or data.image_size, or choose a smaller network.",
        ),
        (
            storage_errors._OF_A_RUN[storage_errors.Trouble.FULL],
            storage_errors._OF_A_RUN[storage_errors.Trouble.FULL],
        ),
        ("That happened 5 times, so it is not started again.", "That happened 5 times, so it is not started again."),
        ("It ended with exit code 137 (killed).", "It ended with exit code 137."),
        ("ValueError: x", "ValueError; the run's page has the message."),
        ("a.b.OddError", "OddError; the run's page has the message."),
        ("Cancelled by ada.", "Cancelled by ada."),
        ("", ""),
        (None, ""),
    ],
)
def test_what_the_server_itself_says_stays(reason: str | None, said: str) -> None:
    assert safe_reason(reason) == said


def test_it_is_short() -> None:
    assert len(safe_reason("it is too long " * 200)) == LONGEST
