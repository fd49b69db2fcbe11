"""An operating point is chosen, saved, found again by others, and withdrawn, on a run's page in real Chromium."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from playwright.async_api import Locator, Page, ViewportSize, expect
from sklearn.metrics import confusion_matrix

from runs.describing import descriptions
from runs.events import FinalStats, Split
from runs.models import Run
from runs.statistics.operating_points.applying import applied_points
from runs.statistics.operating_points.choosing import chosen_points
from runs.statistics.predictions import evaluated, scores_from_logits
from runs.statistics.recalibration.fitting import Outputs, recalibrated
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.contexts import Contexts
from tests.browser.final_results import final_result
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_list_page import overflow
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SIZE = 800
FIRST_LOAD = 30_000  # milliseconds: the server loads NumPy and Arrow with the first evaluation
SOON = 15_000  # milliseconds: a quiet page asks every five seconds whether the server is there
NAMES = ("healthy", "ill")
LABELS = (np.arange(SIZE) % 4 == 0).astype(np.int64)


def part(shift: float) -> dict[str, Any]:
    logits = np.random.default_rng(round(10 * shift)).normal(size=SIZE) + shift * LABELS - 1
    logits[:2] = -20, 20  # one that all would find last, and one that all take for ill
    return {"label": LABELS, "logit": logits, "score": scores_from_logits(logits)}


PARTS: dict[Split, dict[str, Any]] = {"val": part(3.0), "test": part(1.5)}


@functools.cache
def results() -> tuple[list[FinalStats], Any]:
    """Return the final results with the points chosen on validation, and the recalibration."""
    splits = {
        name: evaluated(found["score"], LABELS, threshold=0.5, logits=found["logit"]) for name, found in PARTS.items()
    }
    chosen = chosen_points(splits["val"], 0.5)
    finals = []
    for name, found in PARTS.items():
        points = chosen if name == "val" else applied_points(splits[name], chosen)
        final = final_result(name, found["logit"], LABELS, NAMES)
        finals.append(msgspec.structs.replace(final, operating_points=points))
    fitted = recalibrated({name: Outputs(found["logit"], LABELS) for name, found in PARTS.items()}, NAMES)
    return finals, msgspec.to_builtins(fitted)


def evaluated_run(owner: User, home: Path) -> Run:
    """Create a completed run whose scores are far better on validation than on test."""
    finals, fitted = results()
    run = story.start(story.submit(owner))  # its lease begins: what takes long is computed before
    story.train(run, 0)
    story.tell(run, finals)
    story.end(run)
    Run.objects.filter(pk=run.pk).update(recalibration=fitted)
    folder = home / "runs" / str(run.pk)
    folder.mkdir(parents=True, exist_ok=True)
    nobody = pa.array([None] * SIZE, pa.string())
    ids = [f"s{number}" for number in range(SIZE)]
    tables = [
        pa.table(found | {"split": [name] * SIZE, "sample_id": ids, "patient_id": nobody})
        for name, found in PARTS.items()
    ]
    pq.write_table(pa.concat_tables(tables), folder / "predictions.parquet")
    return run


async def made(visitors: Visitors, owner: User) -> Run:
    return await in_thread(evaluated_run, owner, Path(visitors.server.log.parent) / "home")


async def opened(visitors: Visitors, run: Run, **options: Any) -> Page:
    page = await visitors.visit(f"/runs/{run.pk}/", **options)
    await expect(page.locator("#threshold-slider")).to_be_enabled(timeout=FIRST_LOAD)
    return page


async def matrix_of(page: Page) -> list[int]:
    texts = await page.locator("#decision .matrix strong").all_inner_texts()
    return [int(text.replace(",", "")) for text in texts]


def counted(threshold: float, split: Split = "test") -> list[int]:
    found: list[int] = confusion_matrix(LABELS, PARTS[split]["score"] >= threshold).ravel().tolist()
    return found


def fact(page: Page, name: str) -> Locator:
    return page.locator("#facts > div", has=page.locator("dt", has_text=name))


async def test_costs_lead_to_a_point_that_is_saved_and_stays(
    visitors: Visitors, owner: User, contexts: Contexts
) -> None:
    run = await made(visitors, owner)
    page = await opened(visitors, run)
    await expect(page.locator("#saved-line")).to_have_text("None: the run’s own threshold holds.")
    await page.locator("#point-number").fill("9")
    async with page.expect_response(lambda answer: "cost_ratio=9" in answer.url) as answered:
        await page.get_by_role("button", name="Go there").click()
    [cost] = [one for one in (await (await answered.value).json())["points"] if one["rule"] == "cost"]
    await expect(page.locator("#threshold-slider")).to_have_attribute("max", str(SIZE))
    counts = [cost["splits"]["test"][name] for name in ("cm_tn", "cm_fp", "cm_fn", "cm_tp")]
    assert await matrix_of(page) == counted(cost["threshold"]) == counts
    await expect(page.locator("#threshold-probability")).to_contain_text("Recalibrated by Platt’s method")
    await expect(page.locator("#would-save")).to_have_text(
        "To save: least cost, a missed positive costing as much as 9 false alarms, chosen on validation."
    )
    await page.get_by_text("Save, withdraw, history").click()
    await page.get_by_label("Reason").fill("A missed case costs a bed for weeks.")
    await page.get_by_role("button", name="Save this point").click()
    words = page.locator("#saved-words")
    await expect(words).to_contain_text("Saved by ada on 20")
    await expect(words).to_contain_text("Reason: A missed case costs a bed for weeks.")
    await expect(words).to_contain_text("Chosen on the validation split")
    await expect(page.locator("#saved-shifts")).to_contain_text("Sensitivity falls from")
    await expect(page.locator("#saved-shifts")).to_be_visible()
    await expect(page.locator("#saved-line")).to_contain_text("a missed positive costing as much as 9 false alarms")
    share = cost["splits"]["test"]["final_sensitivity"]
    await expect(fact(page, "Sensitivity")).to_contain_text(f"{100 * share:.1f} %")
    await expect(fact(page, "Sensitivity")).to_contain_text("saved threshold")
    await page.reload()
    await expect(words).to_contain_text("Saved by ada on 20")
    await expect(page.locator("#threshold-slider")).to_be_enabled(timeout=FIRST_LOAD)
    assert await matrix_of(page) == counts
    await expect(fact(page, "Sensitivity")).to_contain_text("saved threshold")
    await self_evident_to_another(visitors, contexts, run, counts)
    await page.get_by_text("Save, withdraw, history").click()
    await page.get_by_label("Reason").fill("The ward was closed.")
    await page.get_by_role("button", name="Withdraw").click()
    await expect(page.locator("#saved-line")).to_have_text("None: the run’s own threshold holds.")
    await expect(words).to_be_empty()
    await expect(page.locator("#saved-shifts")).to_be_empty()
    await expect(fact(page, "Sensitivity")).not_to_contain_text("saved threshold")
    await page.get_by_text("All that was decided").click()
    decisions = page.locator("#point-decisions li")
    await expect(decisions).to_have_count(2)
    await expect(decisions.nth(0)).to_contain_text("Withdrawn by ada on 20")
    await expect(decisions.nth(0)).to_contain_text("Reason: The ward was closed.")


async def self_evident_to_another(visitors: Visitors, contexts: Contexts, run: Run, counts: list[int]) -> None:
    """Someone else sees the point, and no way to change it."""
    other = await in_thread(User.objects.create_user, "grace")
    others = Visitors(contexts, visitors.server, other)
    page = await opened(others, run)
    await expect(page.locator("#saved-words")).to_contain_text("Saved by ada on 20")
    assert await matrix_of(page) == counts
    await expect(page.locator("#save-point")).to_have_count(0)
    await others.leave()


async def test_who_watches_sees_what_others_change(visitors: Visitors, owner: User, contexts: Contexts) -> None:
    """A saved point, a tag and a new name reach a page that is open, though no event tells them."""
    run = await made(visitors, owner)
    others = Visitors(contexts, visitors.server, await in_thread(User.objects.create_user, "grace"))
    watched = await opened(others, run)
    await expect(fact(watched, "Sensitivity")).not_to_contain_text("saved threshold")
    page = await opened(visitors, run)
    await page.locator("#threshold-field").fill("0.3")
    await page.get_by_text("Save, withdraw, history").click()
    await page.get_by_label("Reason").fill("The protocol says 0.3.")
    await page.get_by_role("button", name="Save this point").click()
    await expect(watched.locator("#saved-line")).to_contain_text("0.3", timeout=SOON)
    await expect(fact(watched, "Sensitivity")).to_contain_text("saved threshold")
    await expect(watched.get_by_role("button", name="Back to 0.3")).to_be_attached()
    await page.get_by_label("Add a tag").fill("night")
    await page.get_by_label("Add a tag").press("Enter")
    await expect(watched.locator(".tags")).to_contain_text("night", timeout=SOON)
    await in_thread(lambda: descriptions.change(run.pk, owner, name="Ward 3"))
    await expect(watched.locator("h1")).to_have_text("Ward 3", timeout=SOON)
    await others.leave()


async def test_a_threshold_by_hand_says_so(visitors: Visitors, owner: User) -> None:
    run = await made(visitors, owner)
    page = await opened(visitors, run)
    await page.locator("#point-rule").select_option("sensitivity")
    await expect(page.locator("#point-number")).to_have_value("95")
    await page.get_by_role("button", name="Go there").click()
    await expect(page.locator("#would-save")).to_have_text("To save: sensitivity at least 95 %, chosen on validation.")
    await page.locator("#threshold-field").fill("0.3")
    await expect(page.locator("#would-save")).to_have_text("To save: a threshold of 0.3, set by hand.")
    await page.get_by_text("Save, withdraw, history").click()
    await page.get_by_role("button", name="Save this point").click()
    assert await page.locator("#point-reason").evaluate("node => node.validity.valueMissing")
    await page.get_by_label("Reason").fill("The protocol says 0.3.")
    await page.get_by_role("button", name="Save this point").click()
    await expect(page.locator("#saved-words")).to_contain_text("while the numbers of the test split were there to see")
    await expect(page.get_by_role("button", name="Back to 0.3")).to_be_visible()
    await expect(page.locator("#save-problem")).to_have_text("Saved.")


async def test_the_decision_curve_is_drawn_and_told(visitors: Visitors, owner: User) -> None:
    run = await made(visitors, owner)
    page = await opened(visitors, run)
    drawing = page.locator("#net-benefit-drawing svg")
    for look in ("curve", "all", "reference"):
        assert await drawing.locator(f".{look}").get_attribute("d")
    words = page.locator("#net-benefit-words")
    await expect(words).to_contain_text("acting by the model is worth more than acting for all or for none.")
    await expect(words).to_contain_text("recalibrated by Platt's method, fitted on validation.")
    await page.locator("#evaluation-split").select_option("val")
    await expect(words).to_contain_text("on this very split: on new samples the curve is likely to be lower.")


async def test_what_cannot_be_is_said(visitors: Visitors, owner: User) -> None:
    run = await made(visitors, owner)
    page = await opened(visitors, run)
    await page.locator("#point-number").fill("0")
    await page.get_by_role("button", name="Go there").click()
    await expect(page.locator("#point-problem")).to_have_text("Write a number above 0.")
    await page.locator("#point-number").fill("1000")
    await page.get_by_role("button", name="Go there").click()
    await expect(page.locator("#point-problem")).to_contain_text("calling every sample positive costs least")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
async def test_it_breaks_no_rule(visitors: Visitors, owner: User, width: int, dark: bool) -> None:
    run = await made(visitors, owner)
    page = await opened(visitors, run, size=ViewportSize(width=width, height=900), dark=dark)
    await page.get_by_text("Save, withdraw, history").click()
    await page.get_by_label("Reason").fill("x" * 300)
    await page.get_by_role("button", name="Save this point").click()
    await expect(page.locator("#saved-words")).to_contain_text("Saved by ada")
    assert await overflow(page) == 0
    assert await broken_rules(page) == []


async def test_errors_are_those_of_the_saved_point(visitors: Visitors, owner: User) -> None:
    run = await made(visitors, owner)
    page = await opened(visitors, run)
    titles, (_, alarms, missed, _) = page.locator("#error-groups h3"), counted(0.5)
    await expect(titles).to_have_text([f"Missed ({missed})", f"False alarms ({alarms})"], timeout=FIRST_LOAD)
    await page.locator("#threshold-field").fill("0.3")
    await page.get_by_text("Save, withdraw, history").click()
    await page.get_by_label("Reason").fill("The protocol says 0.3.")
    await page.get_by_role("button", name="Save this point").click()
    _, more, fewer, _ = counted(0.3)
    assert (more, fewer) != (alarms, missed)
    await expect(titles).to_have_text([f"Missed ({fewer})", f"False alarms ({more})"], timeout=FIRST_LOAD)
    words = page.locator("#error-groups .error-group header p").first
    await expect(words).to_contain_text("a score below 0.3, at the saved operating point, the lowest first")
