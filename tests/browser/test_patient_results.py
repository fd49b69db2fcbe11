"""The final result per sample and per patient, in real Chromium."""

from __future__ import annotations

import msgspec
import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, expect

from runs.events import FinalStats, PatientStats
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WORDS = "Each of 90 patients counts once, with the mean of the scores of its samples"


def of_patients() -> FinalStats:
    rows = {
        "final_sensitivity": 8 / 9,
        "final_sensitivity_ci_low": 0.565,
        "final_sensitivity_ci_high": 0.98,
        "final_f1_cm": None,
    }
    found = PatientStats(patients=90, mixed=2, confusion_matrix=[[77, 4], [1, 8]], statistics=rows)
    return msgspec.structs.replace(story.final(0), patients=90, by_patient=found)


def complete(run: Run, final: FinalStats) -> Run:
    taken = story.start(run)
    story.train(taken, 0)
    story.tell(taken, [final])
    story.end(taken)
    return taken


async def check_both(page: Page) -> None:
    card, switch = page.locator('#splits [data-split="val"]'), page.locator("#counting")
    sample, patient = (switch.get_by_role("button", name=name) for name in ("Per sample", "Per patient"))
    row = card.locator('tr[data-name="final_sensitivity"]')
    await expect(sample).to_have_attribute("aria-pressed", "true")
    await expect(row).to_contain_text("75.0 %")
    await patient.focus()
    await page.keyboard.press("Enter")
    await expect(patient).to_have_attribute("aria-pressed", "true")
    await expect(row).to_contain_text("88.9 %")
    await expect(row).to_contain_text("56.5 to 98.0 %")
    await expect(card.locator("table.matrix")).to_contain_text("77")
    await expect(card.locator("header")).to_contain_text("90 patients")
    await expect(card.locator("header")).to_contain_text(f"{WORDS}, and is positive if any of them is (2 patients have")
    await expect(patient).to_be_focused()
    await sample.click()
    await expect(row).to_contain_text("75.0 %")
    await expect(card.locator("header")).not_to_contain_text(WORDS)


async def test_the_result_of_an_ended_run_can_count_patients(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: complete(story.submit(owner), of_patients()))
    await check_both(await visitors.visit(f"/runs/{run.pk}/"))


async def test_a_result_that_comes_can_count_patients(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator("#counting")).to_be_hidden()
    await in_thread(complete, run, of_patients())
    await check_both(page)


async def test_without_repeated_patients_there_is_no_choice(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: complete(story.submit(owner), story.final(0)))
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator('#splits [data-split="val"]')).to_be_visible()
    await expect(page.locator("#counting")).to_be_hidden()
