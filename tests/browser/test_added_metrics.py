"""Metrics that a run adds, in real Chromium: asked for in the form, drawn on the run's page, in the list, compared."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, expect

from experiments import metric_list
from experiments.training.metrics import inspection
from runs.events import EpochEnd, utc_now
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_new_run_page import control, field, fill, opened, shown_json
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PATIENCE = 30_000  # milliseconds
FBETA = '{"name": "fbeta_score", "options": {"beta": 2}, "suffix": "b2"}'


def told(owner: User, distances: Sequence[float | None]) -> Run:
    """Create a run with a Hamming distance in each epoch, which decides."""
    run = story.start(story.submit(owner))
    Run.objects.filter(pk=run.pk).update(monitor="val_hamming_distance", config=run.config | LOWEST)
    for number, distance in enumerate(distances):
        metrics = {"val_loss": 1.0, "val_auroc": 0.9, "val_hamming_distance": distance}
        train = EpochEnd(epoch=number, phase="train", metrics={"train_loss": 1.0}, timestamp=utc_now())
        story.tell(run, [train, EpochEnd(epoch=number, phase="val", metrics=metrics, timestamp=utc_now())])
    return run


LOWEST = {"callbacks": {"monitor": "val_hamming_distance", "mode": "min", "metrics": [{"name": "hamming_distance"}]}}


async def description(page: Page, title: str) -> str:
    """Return the text alternative of a chart."""
    chart = page.locator("article.chart", has=page.get_by_role("heading", name=title))
    await expect(chart).to_be_visible(timeout=PATIENCE)
    await chart.scroll_into_view_if_needed()
    await expect(chart.locator(".plot")).to_have_attribute("aria-label", re.compile("."), timeout=PATIENCE)
    return await chart.locator(".plot").get_attribute("aria-label") or ""


async def test_the_form_takes_metrics_and_offers_their_numbers(visitors: Visitors, owner: User) -> None:
    await in_thread(lambda: metric_list.store(inspection.encoded()))
    visitors.expected = re.compile("400")
    page = await opened(visitors)
    await fill(page)
    await page.locator("#more > summary").click()
    await expect(field(page, "callbacks.metrics")).to_contain_text("cohen_kappa")
    await control(page, "callbacks.metrics").fill(f"cohen_kapa, {FBETA}")
    await page.get_by_role("button", name="Start training").click()
    await expect(field(page, "callbacks.metrics")).to_contain_text("did you mean 'cohen_kappa'?", timeout=PATIENCE)
    await control(page, "callbacks.metrics").fill(f"cohen_kappa, {FBETA}")
    await control(page, "callbacks.monitor").select_option("val_fbeta_score_b2")
    body = await shown_json(page)
    assert body["callbacks"]["metrics"][0] == "cohen_kappa"
    await page.get_by_role("button", name="Start training").click()
    await expect(page).to_have_url(re.compile(r"/runs/\d+/$"), timeout=PATIENCE)
    run = await in_thread(Run.objects.get)
    assert [asked["name"] for asked in run.config["callbacks"]["metrics"]] == ["cohen_kappa", "fbeta_score"]
    assert (run.monitor, run.config["callbacks"]["mode"]) == ("val_fbeta_score_b2", "max")
    again = await opened(visitors, f"/new/?from={run.pk}")
    await expect(again.locator("#changed")).to_have_text(f"Nothing differs from run {run.pk} yet.")
    await expect(control(again, "callbacks.monitor")).to_have_value("val_fbeta_score_b2")


async def test_the_page_of_a_run_draws_them_with_their_gaps(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: told(owner, [0.4, None, 0.1, 0.2]))
    page = await visitors.visit(f"/runs/{run.pk}/")
    text = await description(page, "Hamming distance")
    assert "val" in text
    assert "0.2000" in text
    await expect(page.locator("#facts")).to_contain_text("Best val hamming distance0.1000epoch 3", timeout=PATIENCE)


async def test_a_metric_that_comes_later_gets_its_chart_too(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: told(owner, []))
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.get_by_role("heading", name="AUROC")).to_be_visible(timeout=PATIENCE)
    await expect(page.get_by_role("heading", name="Hamming distance")).to_have_count(0)
    event = EpochEnd(epoch=0, phase="val", metrics={"val_loss": 1.0, "val_hamming_distance": 0.3}, timestamp=utc_now())
    await in_thread(lambda: story.tell(run, [event]))
    assert "0.3000" in await description(page, "Hamming distance")


async def test_the_comparison_says_which_way_is_better_and_marks_no_noise(visitors: Visitors, owner: User) -> None:
    runs = [await in_thread(told, owner, values) for values in ([0.4, 0.3], [0.2, 0.25])]
    for run, best in zip(runs, (0.3, 0.2), strict=True):
        await in_thread(Run.objects.filter(pk=run.pk).update, best_value=best, best_epoch=0)
    address = f"/compare/?runs={runs[0].pk},{runs[1].pk}&metrics=epoch/val_hamming_distance"
    page = await visitors.visit(address)
    row = page.locator('#scores tr[data-name="val_hamming_distance"]')
    await expect(row.locator("td")).to_have_text(["0.3000epoch 1", "0.2000epoch 1"], timeout=PATIENCE)
    await expect(row.locator("th")).to_contain_text("lower is better")
    await expect(page.locator("#scores .is-best")).to_have_count(0)
    await description(page, "Validation hamming distance")
