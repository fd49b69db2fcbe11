"""The main job as a person sees it: a real training, from its start to `completed`, in real Chromium."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_live_page import in_words
from tests.installation import Installation, Server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
EPOCHS = 8  # enough for a fast machine to be seen at work
REQUEST = {
    "experiment_name": "watched",
    "source_path": "builtin:digits-is-8",
    "data": {"test_fraction": 0.2},
    "trainer": {"max_epochs": EPOCHS},
    "callbacks": {"batch_metrics_every": 5, "gradient_stats_every": 5},
}
PATIENCE = 120_000


async def test_a_real_run_is_watched_from_start_to_completed(browser: Browser, tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    with installation.serve() as server:
        run_id = await asyncio.to_thread(lambda: server.train(**REQUEST))
        link = await asyncio.to_thread(
            installation.manage, "loginlink", "tester", "--address", server.address, "--next", f"/runs/{run_id}/"
        )
        visit = Visit(await browser.new_page())
        await visit.page.goto(link)
        await visit.page.get_by_role("button", name="Log in as tester").click()
        await watch(visit.page)
        await check_numbers(visit.page, server, run_id)
        await check_preflight(visit.page)
        assert visit.problems == []
        await visit.page.close()


async def watch(page: Page) -> None:
    """Watch the page from queued to the end, with growing curves; it is never reloaded."""
    await expect(page.locator("#status")).to_have_text("In progress", timeout=PATIENCE)
    loss = page.locator("article.chart", has=page.get_by_role("heading", name="Loss")).locator(".plot")
    await expect(loss).to_have_attribute("aria-label", re.compile("train: [1-9]"), timeout=PATIENCE)
    assert await page.locator("#status").inner_text() == "In progress"
    await expect(page.locator("#progress")).to_be_visible()
    await expect(page.locator("#status")).to_have_text("Completed", timeout=PATIENCE)
    await expect(page.locator("#connection")).to_have_text("Ended, all events received")
    await expect(page).to_have_title("✓ watched · Livetrain")


async def check_numbers(page: Page, server: Server, run_id: int) -> None:
    """Require that the page shows what the REST API returns."""
    detail = server.get(f"/api/runs/{run_id}/")
    final = server.get(f"/api/runs/{run_id}/final-stats/")["splits"]["test"]
    split = page.locator('[data-split="test"]')
    await expect(split).to_be_visible()
    counts = await split.locator(".matrix b").all_inner_texts()
    assert [int(count) for count in counts] == [cell for row in final["confusion_matrix"] for cell in row]
    auroc = split.locator('[data-name="final_auroc_cm"] td').first
    await expect(auroc).to_have_text(f"{final['statistics']['final_auroc_cm']:.3f}")
    await expect(page.locator("#facts > .headline").first).to_contain_text(
        f"Test AUROC{final['statistics']['final_auroc_cm']:.3f}"
    )
    await expect(page.locator("#facts > .headline").first).to_contain_text(f"epoch {detail['best']['epoch'] + 1}")
    await page.get_by_role("button", name="All curves").click()
    assert f"train: {EPOCHS} values" in await in_words(page, "Loss")
    assert re.search(r"single batches: (?!0)\d+ values", await in_words(page, "Batches"))
    for name in ("metrics.csv", "results.json", "predictions.parquet"):
        await expect(page.locator(".files").get_by_role("link", name=name, exact=True)).to_be_visible()


async def check_preflight(page: Page) -> None:
    """Require that the page shows what the run wrote into its report before it trained."""
    await page.locator("#data").get_by_role("link", name="Pre-flight report").click()
    await expect(page.locator("#verdict")).to_have_text("Ready")
    await expect(page.locator('[data-title="Samples per class and split"] tbody tr').last).to_contain_text("1,797")
    await expect(page.locator('[data-title="Trial"]')).to_contain_text(f"{EPOCHS} epochs")
