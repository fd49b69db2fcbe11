"""The page of a run of a thousand classes: searched, not drawn cell by cell, and about as quick as one of forty."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, expect

from runs.events import FinalStats
from runs.models import Run
from runs.statistics.matrix_statistics import matrix_statistics
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PATIENCE = 30_000  # milliseconds
TRIES = 3


def evaluated(owner: User, number: int) -> Run:
    """Make a completed run: each class is taken once for each other one, class 7 most often for class 3."""
    classes = [f"class {label:04}" for label in range(number)]
    matrix = [[50 if true == predicted else 1 for predicted in range(number)] for true in range(number)]
    matrix[7][3] = 40
    run = story.start(story.submit(owner))
    story.train(run, 0)
    statistics = matrix_statistics(matrix, classes)
    ends = [
        FinalStats(
            split=split,
            epoch=0,
            threshold=None,
            confusion_matrix=matrix,
            class_names=classes,
            statistics=statistics,
        )
        for split in ("val", "test")
    ]
    story.tell(run, ends)
    story.end(run)
    return run


async def test_classes_and_confusions_are_searched(visitors: Visitors, owner: User) -> None:
    run = await in_thread(evaluated, owner, 200)
    page = await visitors.visit(f"/runs/{run.pk}/")
    test = page.locator('.split[data-split="test"]')
    confusions = test.locator(".confusions")
    await expect(confusions.locator("tbody tr")).to_have_count(100, timeout=PATIENCE)
    await expect(confusions.locator("tbody tr").first).to_have_text("class 0007class 00034013.9 %")  # of 288
    await expect(confusions.locator("caption")).to_contain_text("The 100 most frequent of 39,800 pairs of 200 classes")
    field = test.get_by_label("Search the confusions, Test")
    await field.fill("0123")
    await expect(confusions.locator("caption")).to_contain_text("of 398 pairs with “0123” that are mistaken")
    pairs = await confusions.locator("tbody tr").all_inner_texts()
    assert all("class 0123" in pair for pair in pairs)
    await field.fill("no such class")
    await expect(confusions.locator("tbody tr")).to_have_count(0)

    table = test.get_by_label("Statistics per class, Test", exact=True)
    await expect(table.locator("tbody tr")).to_have_count(50)
    await expect(table.locator("tbody th").first).to_have_text("class 0007")  # of the lowest recall
    await test.get_by_label("Search the classes, Statistics per class, Test").fill("0042")
    await expect(table.locator("tbody th")).to_have_text(["class 0042"])

    await field.fill("")
    await page.set_viewport_size({"width": 390, "height": 844})
    cut = "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth + 1).length"
    assert await test.locator(".scroll").evaluate_all(cut) == 0  # each class is a block of its numbers
    cell = table.locator("tbody td").first
    assert await cell.evaluate("node => getComputedStyle(node, '::before').content") == '"Sensitivity (recall)"'
    await expect(cell).to_have_attribute("role", "cell")  # which not every browser says of a block


async def main_thread_seconds(visitors: Visitors, run: Run) -> float:
    """Return for how long scripts, style and layout kept the page busy until it stood."""
    page = await visitors.visit("/datasets/")
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")

    async def busy() -> float:
        found = await session.send("Performance.getMetrics")
        return float(next(one["value"] for one in found["metrics"] if one["name"] == "TaskDuration"))

    before = await busy()
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
    await stands(page)
    return await busy() - before


async def stands(page: Page) -> None:
    await expect(page.locator('.split[data-split="test"] .classes tbody tr').first).to_be_visible(timeout=PATIENCE)
    await expect(page.locator("html[data-settled]")).to_be_attached(timeout=PATIENCE)
    await page.wait_for_timeout(300)


async def test_a_thousand_take_less_than_three_times_as_long_as_forty(visitors: Visitors, owner: User) -> None:
    runs = {number: await in_thread(evaluated, owner, number) for number in (40, 1_000)}
    found = {
        number: min([await main_thread_seconds(visitors, run) for _ in range(TRIES)]) for number, run in runs.items()
    }
    assert found[1_000] < 3 * found[40], found
