"""The fields of the form of a new run in real Chromium: what is seen first, in which words, and what may be picked."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_new_run_page import SENT, control, field, fill, opened, shown_json

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_first_visit_shows_few_fields_and_usual_bounds(visitors: Visitors) -> None:
    page = await opened(visitors)
    await expect(page.locator("#form .field:visible")).to_have_count(18)
    await expect(field(page, "trainer.max_epochs").locator("label")).to_have_text("Epochs")
    rate = field(page, "optimizer.learning_rate")
    await expect(rate.locator(".help")).to_have_text("How far a step goes; the first option to try. A number above 0.")
    await control(page, "optimizer.learning_rate").fill("1e13")
    await control(page, "experiment_name").press("Enter")
    await expect(rate.locator(".fault")).to_contain_text("at most 1,000,000,000,000")  # who exceeds it is told
    await expect(field(page, "data.test_fraction")).to_contain_text("0 = no test result")
    await page.locator("#more > summary").click()
    headings = page.locator("#groups h3")
    await expect(headings.filter(has_text="This run")).to_have_count(1)


async def test_a_column_that_is_not_there_is_chosen_from_those_that_are(visitors: Visitors) -> None:
    visitors.expected = re.compile("400")
    page = await opened(visitors)
    await fill(page)
    columns = ["image, id", "none", "Finding"]
    words = "labels.csv has no column 'nope'; it has some."

    async def refuse(route: Route) -> None:
        errors = [{"field": "data.target_column", "message": words}]
        possible = {"data.target_column": columns}
        await route.fulfill(status=400, json={"detail": words, "errors": errors, "more": 0, "possible": possible})

    await page.route(f"{SENT}?*", refuse)
    await page.get_by_label("Data set", exact=True).select_option("(path)")
    await control(page, "source_path").fill("scans")
    await page.get_by_text("How the data are read").click()
    await control(page, "data.target_column").fill("nope")
    await page.get_by_role("button", name="Check (dry run)").click()
    offers = page.get_by_role("list", name="Possible for Column of classes").get_by_role("button")
    await expect(offers).to_have_text(columns)
    assert await broken_rules(page) == []
    await offers.nth(1).click()
    assert (await shown_json(page))["data"] == {"target_column": "none"}
    await expect(offers).to_have_count(0)
    await expect(field(page, "data.target_column").locator(".fault")).to_be_hidden()
    known = await control(page, "data.patient_column").evaluate("({ list }) => [...list.options].map((o) => o.value)")
    assert known == columns


async def test_a_list_goes_back_to_none(visitors: Visitors) -> None:
    page = await opened(visitors)
    await page.get_by_text("How the data are read").click()
    await control(page, "data.ignore_columns").fill("age, sex")
    await expect(field(page, "data.ignore_columns").get_by_role("button")).to_have_text("Changed; back to none")
