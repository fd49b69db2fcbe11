"""The page of a run shows how its scores become probabilities, once the run has it."""

from __future__ import annotations

import msgspec
import pytest
from django.contrib.auth.models import User
from playwright.async_api import ViewportSize, expect

from runs.models import Run
from runs.statistics.recalibration.fitting import Outputs, recalibrated
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_datasets_pages import overflow
from tests.experiments.training.readings import HOSTILE
from tests.realtime.writing import in_thread
from tests.runs.statistics.recalibration.test_platt import drawn

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_page_of_a_run_shows_what_recalibration_makes_of_its_scores(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page = await visitors.visit(f"/runs/{run.pk}/")
    section = page.locator("#recalibration")
    await expect(section).to_be_hidden()  # it is not known yet
    splits = {"val": Outputs(*drawn(3, 300)), "test": Outputs(*drawn(4, 200))}
    found = recalibrated(splits, ["no", HOSTILE])  # type: ignore[arg-type]

    def report() -> None:
        Run.objects.filter(pk=run.pk).update(recalibration=msgspec.to_builtins(found))
        story.end(run)

    await in_thread(report)
    test = found.splits["test"]
    words = (
        f"the mean score of “{HOSTILE}” is {test['none'].mean_score:.4f} at a prevalence of {test['none'].share:.4f}."
    )
    await expect(section).to_contain_text(words)
    share = found.splits["val"]["none"].share
    await expect(section).to_contain_text(
        f"Recalibrated by Platt’s method, fitted at a prevalence of {share:.4f} on the validation split, it is "
        f"{test['platt'].mean_score:.4f}."
    )
    await expect(section).to_contain_text("Fitted to the 300 samples of the validation split")
    for _ in range(2):  # as it came, and with the page
        rows = section.locator("#recalibration-tables tbody tr")
        await expect(rows).to_have_count(8)
        await expect(rows.nth(1)).to_contain_text(f"Platt’s method{test['platt'].mean_score:.4f}")
        await expect(section.locator("caption").nth(1)).to_contain_text("it looks better than it is")
        await expect(section.locator("#recalibration-methods")).to_contain_text("Temperaturetemperature ")
        await page.reload()
    await section.locator("summary").click()
    await expect(section.locator("#recalibration-bins table")).to_have_count(8)
    await page.set_viewport_size(ViewportSize(width=390, height=900))
    assert await overflow(page) == 0
    assert await broken_rules(page) == []
