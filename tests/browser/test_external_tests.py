"""The pages of external tests in real Chromium: the result as on a run's page, and the form."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, expect
from pytest_django.fixtures import Settings

from runs.models import Run
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.browser.test_list_page import overflow
from tests.experiments.external_tests.stored import add_test, evaluated_elsewhere, stored_run
from tests.experiments.training.external_testing.hospitals import hospital
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def run_with_test(owner: User, folder: Path) -> Run:
    """Store a run with an external test."""
    model = hospital(folder)
    (folder / "there").mkdir()
    run = stored_run(model, owner)
    add_test(run, owner, evaluated_elsewhere(model, folder / "there"))
    return run


async def draws_everything(page: Page) -> None:
    await expect(page.locator("#roc svg .curve")).not_to_have_attribute("d", "")
    await expect(page.locator("#decision [data-count=tp]")).not_to_have_text("–")
    await expect(page.locator("#splits article")).to_have_count(2)
    await expect(page.locator("#splits article").first).to_contain_text("External test")
    await expect(page.locator("#operating-points-table")).to_contain_text("External")
    await page.locator("#subgroups").scroll_into_view_if_needed()
    await expect(page.locator("#subgroups-table")).to_contain_text("north", timeout=30_000)  # libraries are loaded


async def test_the_pages_draw_what_was_found(
    visitors: Visitors, owner: User, settings: Settings, tmp_path: Path
) -> None:
    home = visitors.server.log.parent / "home"
    settings.RUNS_ROOT, settings.MODEL_JOBS_ROOT = home / "runs", home / "model-jobs"
    run = await in_thread(run_with_test, owner, tmp_path)
    address = f"/runs/{run.pk}/external-tests/"
    page = await visitors.visit(f"{address}1/")
    await draws_everything(page)
    await page.locator("[data-cell=fp]").click()
    await expect(page.locator("#cell-samples table")).to_be_visible()
    assert await broken_rules(page) == []
    narrow = await visitors.visit(f"{address}1/", size=NARROW, dark=True)
    await draws_everything(narrow)
    assert await overflow(narrow) <= 0
    form = await visitors.visit(address, size=NARROW)
    assert await overflow(form) <= 0
    await form.get_by_label("Show one beside it").check()
    await form.get_by_label("By").select_option("cost")
    await expect(form.locator("#number-words")).to_have_text("a missed positive costs as many false alarms as")
    assert await broken_rules(form) == []
