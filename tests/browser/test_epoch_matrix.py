"""The slider over the matrices of the epochs, in real Chromium: exact, by keyboard, live, of few and many classes."""

from __future__ import annotations

import numpy as np
import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, ViewportSize, expect

from experiments.training.metrics.epoch_matrix import epoch_matrix
from runs.events import DatasetSummary, EpochEnd, ModelSummary, TrainingStart, utc_now
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PATIENCE = 15_000  # milliseconds
WORDS, SLIDER = "#epoch-matrix-words", "#epoch-matrix-slider"


def counts(epoch: int) -> dict[str, float | None]:
    return {"val_cm_tp": 20.0 + epoch, "val_cm_tn": 300.0, "val_cm_fp": 24.0, "val_cm_fn": 16.0 - epoch}


def add_epoch(run: Run, epoch: int) -> None:
    metrics = {"val_loss": 1 / (epoch + 1), "val_auroc": 0.9 if epoch == 2 else 0.5} | counts(epoch)
    columns = {"best_epoch": min(epoch, 2), "best_value": 0.9}
    event = EpochEnd(epoch=epoch, phase="val", metrics=metrics, timestamp=utc_now())
    story.tell(run, [event], columns=columns)


def trained(owner: User, epochs: int, *, end: bool) -> Run:
    run = story.start(story.submit(owner, max_epochs=40))
    for epoch in range(epochs):
        add_epoch(run, epoch)
    if end:
        story.end(run)
    return run


def of_many_classes(owner: User, classes: int, epochs: int, *, kept: bool = True) -> Run:
    """Make a run whose scores take every label for the next one, of `epoch` samples of each class."""
    run = story.start(story.submit(owner))
    names = [f"class {label}" for label in range(classes)]
    start = TrainingStart(
        run_id=run.pk,
        experiment_name="many",
        max_epochs=epochs,
        training_mode="centralized",
        resumed_from_epoch=None,
        total_steps=None,
        dataset=DatasetSummary(name="many", classes=names, sizes={"train": 10, "val": 10}),
        model=ModelSummary(name="cnn", parameters=1, trainable=1),
    )
    story.tell(run, [start])
    for epoch in range(epochs):
        targets = np.arange(classes).repeat(3)
        predicted = np.where(np.arange(len(targets)) % 3 <= epoch, (targets + 1) % classes, targets)
        found = epoch_matrix(np.eye(classes)[predicted], targets) if kept else None
        event = EpochEnd(epoch=epoch, phase="val", metrics={"val_loss": 0.5}, timestamp=utc_now(), matrix=found)
        story.tell(run, [event])
    story.end(run)
    return run


async def cells(page: Page) -> list[str]:
    return await page.locator("#epoch-matrix-place td b").all_text_contents()


async def opened(visitors: Visitors, run: Run) -> Page:
    page = await visitors.visit(f"/runs/{run.pk}/")
    await page.locator("#epoch-matrix").scroll_into_view_if_needed(timeout=PATIENCE)
    await expect(page.locator(SLIDER)).to_be_enabled(timeout=PATIENCE)
    return page


async def test_arrows_move_through_the_epochs_of_an_ended_run(visitors: Visitors, owner: User) -> None:
    run = await in_thread(trained, owner, 6, end=True)
    page = await opened(visitors, run)
    await expect(page.locator(WORDS)).to_have_text("Epoch 3 of 6, the best one · 322 of 360 right (89.4 %)")
    assert await cells(page) == ["300", "24", "14", "22"]
    await page.locator(SLIDER).focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator(WORDS)).to_contain_text("Epoch 4 of 6")
    assert await cells(page) == ["300", "24", "13", "23"]
    await page.keyboard.press("Home")
    assert await cells(page) == ["300", "24", "16", "20"]
    await page.get_by_role("button", name="Last epoch").click()
    assert await cells(page) == ["300", "24", "11", "25"]
    await page.get_by_role("button", name="Best epoch").click()
    await expect(page.locator(WORDS)).to_contain_text("the best one")
    await expect(page.locator("#epoch-matrix-mark")).to_be_visible()
    assert await broken_rules(page) == []


async def test_nothing_is_asked_for_until_the_section_comes_near(visitors: Visitors, owner: User) -> None:
    run = await in_thread(trained, owner, 6, end=True)
    asked: list[str] = []
    page = await visitors.visit("/datasets/", size=ViewportSize(width=390, height=400))
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
    await expect(page.locator("html[data-settled]")).to_be_attached(timeout=PATIENCE)
    assert [url for url in asked if "epoch-matrices" in url] == []
    await page.locator("#epoch-matrix").scroll_into_view_if_needed()
    await expect(page.locator(SLIDER)).to_be_enabled()
    await page.locator(SLIDER).focus()
    for _ in range(4):
        await page.keyboard.press("ArrowRight")
    await expect(page.locator(WORDS)).to_contain_text("Epoch 6 of 6")
    assert len([url for url in asked if "epoch-matrices" in url]) == 1  # once for all


async def test_a_live_run_is_followed_unless_moved(visitors: Visitors, owner: User) -> None:
    run = await in_thread(trained, owner, 3, end=False)
    page = await opened(visitors, run)
    await expect(page.locator(WORDS)).to_contain_text("Epoch 3 of 3, the best one, the newest: follows the training")
    await in_thread(add_epoch, run, 3)
    await expect(page.locator(WORDS)).to_contain_text("Epoch 4 of 4, the newest", timeout=PATIENCE)
    await expect(page.locator("#epoch-matrix-place td b").nth(3)).to_have_text("23")
    await page.locator(SLIDER).focus()
    await page.keyboard.press("Home")
    await in_thread(add_epoch, run, 4)
    await expect(page.locator(WORDS)).to_contain_text("Epoch 1 of 5", timeout=PATIENCE)
    assert await cells(page) == ["300", "24", "16", "20"]


@pytest.mark.parametrize("classes", [5, 40])
async def test_several_classes(visitors: Visitors, owner: User, classes: int) -> None:
    run = await in_thread(of_many_classes, owner, classes, 2)
    page = await opened(visitors, run)
    await expect(page.locator(WORDS)).to_contain_text(f"{count(classes)} of {3 * classes} right (33.3 %)")
    place = page.locator("#epoch-matrix-place")
    if classes == 5:
        assert (await cells(page))[:5] == ["1", "2", "0", "0", "0"]
    else:
        await expect(place.locator("caption")).to_have_text("The 40 pairs of 40 classes that are mistaken")
        await expect(place.locator("tbody tr").first).to_have_text("class 0class 1266.7 %")
    await page.locator(SLIDER).focus()
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator(WORDS)).to_contain_text("Epoch 1 of 2")
    await expect(page.locator(WORDS)).to_contain_text("right (66.7 %)")


def count(number: int) -> str:
    return f"{number:,}"


async def test_a_run_of_several_classes_without_matrices_has_no_section(visitors: Visitors, owner: User) -> None:
    run = await in_thread(of_many_classes, owner, 4, 2, kept=False)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await page.get_by_role("heading", name="Events").scroll_into_view_if_needed()
    await expect(page.locator("#epoch-matrix")).to_be_hidden(timeout=PATIENCE)
