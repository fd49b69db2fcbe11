"""The table of epochs of a run that has more of them than a chart has points: its rows follow each other, whole."""

from __future__ import annotations

import random

import msgspec
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.async_api import Page, expect

from runs.events import EpochEnd, format_time
from runs.models import Run, RunEvent
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EPOCHS, ROWS = 1_700, 500
UNKNOWN = 1_500
"""The index of the one epoch whose AUROC is not a number."""
PATIENCE = 20_000  # milliseconds


def epoch_end(number: int, chance: random.Random) -> list[EpochEnd]:
    """Make the events of an epoch; each number is noise, so that every curve is thinned in its own way."""
    auroc = None if number == UNKNOWN else chance.random()
    train = {"train_loss": chance.random(), "train_acc": chance.random()}
    val = {"val_loss": chance.random(), "val_recall": chance.random(), "val_auroc": auroc}
    return [
        EpochEnd(epoch=number, phase="train", metrics=train, timestamp=""),
        EpochEnd(epoch=number, phase="val", metrics=val, timestamp=""),
    ]


def many_epochs(owner: User) -> Run:
    run = story.start(story.submit(owner, max_epochs=2_000))
    first, chance = story.last_seq(run) + 1, random.Random(3)
    events = [event for number in range(EPOCHS) for event in epoch_end(number, chance)]
    moment = format_time(timezone.now())
    RunEvent.objects.bulk_create(
        RunEvent(
            run=run,
            seq=seq,
            attempt=1,
            type=event.type,
            timestamp=moment,
            data=msgspec.json.encode(event).decode(),
        )
        for seq, event in enumerate(events, first)
    )
    Run.objects.filter(pk=run.pk).update(last_seq=first + len(events) - 1)
    return run


async def rows_of(page: Page) -> tuple[list[int], list[list[str]]]:
    numbers = await page.locator("#epochs tbody th").evaluate_all("all => all.map(one => parseInt(one.textContent))")
    cells = await page.locator("#epochs tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent))"
    )
    return numbers, cells


async def test_the_last_500_epochs_follow_each_other_whole(visitors: Visitors, owner: User) -> None:
    run = await in_thread(many_epochs, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await page.locator("#epochs summary").click()
    await expect(page.locator("#epochs tbody tr")).to_have_count(ROWS, timeout=PATIENCE)
    numbers, cells = await rows_of(page)
    assert numbers == list(range(EPOCHS, EPOCHS - ROWS, -1))
    assert {len(row) for row in cells} == {5}
    unknown = [(number, row.index("–")) for number, row in zip(numbers, cells, strict=True) if "–" in row]
    assert unknown == [(UNKNOWN + 1, 4)]
    assert "" not in {cell for row in cells for cell in row}
    await expect(page.locator("#epochs .note")).to_have_text("The newest of 1,700 epochs; all are in metrics.csv.")

    await in_thread(story.tell, run, epoch_end(EPOCHS, random.Random(4)))
    await expect(page.locator("#epochs tbody th").first).to_have_text(str(EPOCHS + 1), timeout=PATIENCE)
    numbers, cells = await rows_of(page)
    assert numbers == list(range(EPOCHS + 1, EPOCHS + 1 - ROWS, -1))
    assert "" not in cells[0]
    await expect(page.locator("#epochs .note")).to_have_text("The newest of 1,701 epochs; all are in metrics.csv.")
