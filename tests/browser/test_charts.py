"""A chart is zoomed, panned and read by hand and from the keyboard; charts along one axis move together."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Locator, Page, expect

from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_live_page import chart, has_drawn
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
EPOCHS = 6
COLOURED = """(canvas, [left, right]) => {
    const along = (share, i) => share * (i % 2 ? canvas.height : canvas.width);
    const [x, y, width, height] = [left, 0.15, right - left, 0.6].map(along);
    const { data } = canvas.getContext("2d").getImageData(x, y, width, height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) found += data[i + 3] > 200 && Math.abs(data[i] - data[i + 2]) > 60;
    return found;
}"""
"""Pixels of a strong colour between two places, as shares of the width; axes are grey."""
SEVERAL_AT_ONCE = """
window.IntersectionObserver = class extends IntersectionObserver {
    constructor(told, options) {
        const place = (target) => target.getBoundingClientRect();
        const away = ({ target }) => ({ target, isIntersecting: false, boundingClientRect: place(target) });
        super((entries, observer) => told([away(entries[0]), ...entries], observer), options);
    }
};
"""
"""Each time that something is seen, the page is told at once that it was not, and that it is."""
INSIDE = [0.2, 0.95]
"""Away from the mark of the best epoch, if that is the first."""


async def opened(visitors: Visitors, owner: User) -> Page:
    """Open the page of a run with six epochs: the losses are 1, 1/2, … 1/6."""
    run = await in_thread(lambda: story.start(story.submit(owner)))
    for number in range(EPOCHS):
        await in_thread(story.train, run, number)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    return page


def whole(card: Locator) -> Locator:
    return card.get_by_role("button", name="Reset zoom")


async def test_a_drag_zooms_every_chart_along_the_axis_and_a_button_undoes_it(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors, owner)
    loss, auroc, batches = (chart(page, title) for title in ("Loss", "AUROC", "Batches"))
    await loss.evaluate("card => card.scrollIntoView({ block: 'center' })")
    box = await loss.locator(".u-over").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + box["width"] * 0.3, y)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.7, y, steps=4)
    await page.mouse.up()
    await expect(whole(loss)).to_be_visible()
    await expect(whole(auroc)).to_be_visible()
    await expect(whole(batches)).to_be_hidden()  # it runs along steps
    await whole(auroc).click()
    await expect(whole(loss)).to_be_hidden()
    await expect(whole(auroc)).to_be_hidden()


async def test_values_are_read_and_zoomed_from_the_keyboard(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors, owner)
    loss = chart(page, "Loss")
    await expect(loss.locator(".readout")).to_contain_text("train 0.1667")
    await loss.locator(".plot").focus()
    await page.keyboard.press("Home")
    await expect(loss.locator(".readout")).to_contain_text("train 1.0000")
    await page.keyboard.press("ArrowRight")
    await expect(loss.locator(".at")).to_have_text("epoch 2")
    await expect(loss.locator(".readout")).to_contain_text("train 0.5000")
    await page.keyboard.press("+")
    await expect(whole(loss)).to_be_visible()
    await page.keyboard.press("Shift+ArrowRight")
    await page.keyboard.press("0")
    await expect(whole(loss)).to_be_hidden()


async def test_a_chart_can_be_made_larger(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors, owner)
    loss = chart(page, "Loss")
    await loss.get_by_role("button", name="Loss: larger").click()
    await expect(loss.locator(".uplot")).to_have_css("height", "420px")
    card, curves = await loss.bounding_box(), await page.locator("#curves").bounding_box()
    assert card
    assert curves
    assert card["width"] == curves["width"]


async def test_one_value_between_gaps_is_drawn(visitors: Visitors, owner: User) -> None:
    """Unknown, known, unknown: no line has an end there."""
    run = await in_thread(lambda: story.start(story.submit(owner)))
    for number, loss in enumerate((None, 0.5, None)):
        await in_thread(story.tell, run, story.epoch(number, loss=loss, auroc=0.9))
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    assert "train: 1 values, newest –" in (await chart(page, "Loss").locator(".plot").get_attribute("aria-label") or "")
    assert await chart(page, "Loss").locator("canvas").evaluate(COLOURED, INSIDE) > 10


async def test_a_busy_page_is_told_at_once_that_a_chart_was_away_and_is_back(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    await in_thread(story.train, run, 0)
    page = await visitors.visit(f"/runs/{run.pk}/", script=SEVERAL_AT_ONCE)
    await has_drawn(page, await in_thread(story.last_seq, run))
    canvas = chart(page, "AUROC").locator("canvas")
    before = await canvas.evaluate("node => node.toDataURL()")
    await in_thread(story.train, run, 1)
    await has_drawn(page, await in_thread(story.last_seq, run))
    assert await canvas.evaluate("node => node.toDataURL()") != before


async def test_a_first_value_that_nothing_follows_is_seen_and_a_curve_of_none_says_so(
    visitors: Visitors, owner: User
) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    first, step = story.STEPS // 2, story.STEPS
    batches = [story.batch(0, first, 0.5), *(story.batch(0, at, None) for at in range(first + 1, step + 1))]
    await in_thread(story.tell, run, [*batches, *story.epoch_ends(0, None, None)])
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    assert await chart(page, "Batches").locator("canvas").evaluate(COLOURED, [0.1, 0.9]) > 4
    await expect(chart(page, "AUROC")).to_contain_text("None of its values is a number.")


async def test_values_that_differ_by_rounding_alone_are_drawn(visitors: Visitors, owner: User) -> None:
    """One batch and its smoothed value: no number lies between the two, so an axis could look for ticks forever."""
    run = await in_thread(lambda: story.start(story.submit(owner)))
    await in_thread(story.tell, run, [story.batch(0, 1, 1.284576177597046), story.batch(0, 11, None)])
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(chart(page, "Batches").locator("canvas")).to_be_visible()
    await page.set_viewport_size({"width": 900, "height": 700})
    await expect(chart(page, "Batches").locator("canvas")).to_be_visible()
