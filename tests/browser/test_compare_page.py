"""Runs side by side in real Chromium: what differs, what came out, and an address that holds it all."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, ViewportSize, expect

from experiments.training.contract.config import TrainingConfig
from runs import lifecycle
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import WIDE, Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_list_page import overflow
from tests.browser.test_live_page import in_words
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def submitted(owner: User, rate: float) -> Run:
    config = TrainingConfig.model_validate(
        {
            "experiment_name": f"Rate {rate}",
            "source_path": "builtin:digits-is-8",
            "trainer": {"max_epochs": 6},
            "optimizer": {"learning_rate": rate},
        }
    )
    return Run.objects.get(pk=lifecycle.create(owner, config.model_dump(mode="json")).pk)


def trained(owner: User, rate: float, epochs: int) -> Run:
    """Create a completed run; the more epochs, the better: its AUROC is 1 - 0.5 / epochs."""
    run = story.start(submitted(owner, rate))
    for number in range(epochs):
        story.train(run, number)
    story.tell(run, [story.final(epochs - 1)])
    story.end(run)
    return run


async def compared(visitors: Visitors, runs: list[Run], size: ViewportSize = WIDE) -> Page:
    page = await visitors.visit(f"/compare/?runs={','.join(str(run.pk) for run in runs)}", size=size)
    await expect(page.locator("#chips li")).to_have_count(len(runs))
    return page


async def test_only_what_differs_is_shown_and_the_best_is_marked(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(lambda: [trained(owner, 0.01, 2), trained(owner, 0.001, 4)])
    page = await compared(visitors, runs)
    rows = page.locator("#options tbody tr")
    names = await rows.locator("th").all_inner_texts()
    assert names == ["experiment_name", "optimizer.learning_rate"]
    await expect(rows.nth(1).locator("td")).to_have_text(["0.01", "0.001"])
    await page.get_by_label("Equal options too").check()
    await expect(page.locator("#options tr.differs")).to_have_count(2)
    assert await rows.count() > 20
    best = page.locator("#scores tr[data-name='val_auroc']")
    await expect(best.locator("td")).to_have_text(["0.7500epoch 1", "0.8750 bestepoch 3"])
    loss = page.locator("#scores tr[data-name='val_loss'] td")
    await expect(loss).to_have_text(["0.5000epoch 1", "0.2500 bestepoch 3"])
    equal = page.locator("#scores tr[data-name='final_auroc_cm'] td")
    await expect(equal).to_have_text(["0.9312", "0.9312"])  # nobody is best where all are equal
    await expect(page.locator("#matrices article")).to_have_count(2)
    await expect(page.locator("#parallel path.run")).to_have_count(2)
    words = await in_words(page, "Validation loss")
    assert (
        f"#{runs[0].pk} Rate 0.01: 2 values, newest 0.5000; #{runs[1].pk} Rate 0.001: 4 values, newest 0.2500" in words
    )
    assert await broken_rules(page) == []


async def test_the_address_holds_what_was_chosen(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(lambda: [trained(owner, 0.01 / n, n) for n in (1, 2, 3)])
    page = await compared(visitors, runs[:2])
    await page.get_by_label("Add runs").fill(str(runs[2].pk))
    await page.get_by_label("Add runs").press("Enter")
    await expect(page.locator("#chips li")).to_have_count(3)
    await page.locator("#by").select_option("step")
    await page.get_by_label("Smoothing").fill("0.6")
    await page.get_by_text("Which curves").click()
    await page.get_by_label("Batch loss").check()
    await page.get_by_role("button", name=f"Curves of #{runs[0].pk}").click()
    await expect(page).to_have_url(re.compile(r"by=step.*smooth=0\.6.*metrics=.*batch/loss.*hidden="))
    shared = await visitors.visit(page.url.removeprefix(visitors.server.url))
    for view in (page, shared):
        await expect(view.locator("#chips li")).to_have_count(3)
        await expect(view.locator("article.chart", has_text="Batch loss")).to_be_visible()
        assert "Batch loss by step, 10 to 60" in await in_words(view, "Batch loss")
        assert f"#{runs[0].pk}" not in await in_words(view, "Batch loss")
        await expect(view.get_by_label("Smoothing")).to_have_value("0.6")
    await page.get_by_role("button", name=f"Remove #{runs[1].pk}").click()
    await expect(page.locator("#chips li")).to_have_count(2)
    assert f"runs={runs[0].pk},{runs[2].pk}" in page.url


async def test_a_training_run_goes_on_without_reload(visitors: Visitors, owner: User) -> None:
    done = await in_thread(trained, owner, 0.01, 2)
    run = await in_thread(lambda: story.start(submitted(owner, 0.001)))
    page = await compared(visitors, [done, run])
    pill = page.locator(f'#chips li[data-run="{run.pk}"] .pill')
    await expect(pill).to_have_text("In progress")
    for number in range(3):
        await in_thread(story.train, run, number)
    await expect(page.locator("article.chart", has_text="Validation loss").locator(".readout")).to_contain_text(
        "0.3333"
    )
    await in_thread(story.end, run)
    await expect(pill).to_have_text("Completed")
    await expect(page.locator("#scores tr[data-name='val_auroc'] td").nth(1)).to_contain_text("0.8333")


async def test_what_cannot_be_compared_is_said(visitors: Visitors, owner: User) -> None:
    visitors.expected = re.compile("404")
    page = await visitors.visit("/compare/")
    await expect(page.locator("#few")).to_be_visible()
    assert await broken_rules(page) == []
    await page.get_by_label("Add runs").fill("seven")
    await page.get_by_label("Add runs").press("Enter")
    await expect(page.locator("#problem")).to_have_text("Give the numbers of runs: 12, or 12 15 20.")
    run = await in_thread(trained, owner, 0.01, 1)
    await page.goto(f"{visitors.server.url}/compare/?runs={run.pk},999999,x")
    await expect(page.locator("#gone")).to_contain_text("There is no run 999999 (any more).")
    await expect(page.locator("#chips li")).to_have_count(1)


@pytest.mark.parametrize("width", [1024, 390])
async def test_it_fits_the_screen(visitors: Visitors, owner: User, width: int) -> None:
    runs = await in_thread(lambda: [trained(owner, 0.01 / n, 1) for n in range(1, 5)])
    page = await compared(visitors, runs, size=ViewportSize(width=width, height=900))
    await expect(page.locator("#matrices article")).to_have_count(4)
    assert await overflow(page) == 0
