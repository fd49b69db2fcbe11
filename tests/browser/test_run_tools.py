"""What a reader does with the page of a run: looks closely, searches its log, tags, deletes, prints it."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, Route, expect

from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_live_page import SPIKE, a_long_story, chart, has_drawn, in_words
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
NOTIFICATION = """{
    class Fake { static permission = "default"; static told = [];
        static async requestPermission() { return (Fake.permission = ANSWER); }
        constructor(title, options) { Fake.told.push([title, options.body]); } }
    window.Notification = Fake;
}"""
LIGHT = "getComputedStyle(document.documentElement).colorScheme"
ASKED_BEFORE_IT_WAS_DELETED = re.compile(r"^404 .*/api/runs/\d+/|status of 404")
"""What changed tags make the page ask for is answered so, if the run is deleted meanwhile."""


def running(owner: User, epochs: int = 2, most: int = 6) -> Run:
    run = story.start(story.submit(owner, max_epochs=most))
    for number in range(epochs):
        story.train(run, number)
    return run


async def test_a_zoomed_part_of_a_long_curve_is_shown_in_full(visitors: Visitors, owner: User) -> None:
    """50,000 batches are thinned, but the one spike is drawn; closely looked at, each batch is there."""
    run = await in_thread(a_long_story, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    batches = chart(page, "Batches")
    plot = batches.locator(".u-over")
    await plot.scroll_into_view_if_needed()
    box = await plot.bounding_box()
    assert box
    at = box["x"] + box["width"] * SPIKE / 50_000
    y = box["y"] + box["height"] / 2
    await page.mouse.move(at, y)
    async with page.expect_response(re.compile(r"/series/\?.*from=")) as answer:
        await page.mouse.move(at - 4, y)
        await page.mouse.down()
        await page.mouse.move(at + 4, y, steps=4)
        await page.mouse.up()
    [loss] = [one for one in (await (await answer.value).json())["series"] if one["name"] == "batch/loss"]
    assert loss["exact"]
    assert [y for y in loss["y"] if y != 0.5] == [9.0]
    thinned = int(re.search(r"single batches: (\d+) values", await in_words(page, "Batches"))[1])  # type: ignore[index]
    await expect(batches.locator(".plot")).not_to_have_attribute(
        "aria-label", re.compile(f"single batches: {len(loss['x'])} values, .* by step, 0")
    )
    assert thinned >= len(loss["x"]) - 2  # all of the range, and around it what is kept anyway


async def test_axis_and_smoothing_are_chosen_and_kept_in_the_address(visitors: Visitors, owner: User) -> None:
    run = await in_thread(running, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    await page.get_by_label("Horizontal axis").select_option("step")
    await expect(chart(page, "Loss").locator(".plot")).to_have_attribute("aria-label", re.compile("by step, 20 to 40"))
    await has_drawn(page, await in_thread(story.train, run, 2))
    assert "Loss by step, 20 to 60. train: 3 values, newest 0.3333" in await in_words(page, "Loss")
    await page.get_by_label("Smoothing").fill("0.6")
    await expect(page).to_have_url(re.compile(r"\?by=step&smooth=0.6$"))
    await page.reload()
    await has_drawn(page, await in_thread(story.last_seq, run))
    assert "Loss by step, 20 to 60. train: 3 values, newest 0.3333" in await in_words(page, "Loss")
    await page.get_by_label("Horizontal axis").select_option("epoch")
    await expect(chart(page, "Batches").locator(".plot")).to_have_attribute(
        "aria-label", re.compile("by epoch, 1.5 to 4")
    )
    await page.get_by_label("Horizontal axis").select_option("time")
    await expect(chart(page, "Loss").locator(".plot")).to_have_attribute("aria-label", re.compile("by time, 0:0"))
    await page.get_by_label("Horizontal axis").select_option("")
    await expect(chart(page, "Loss").locator(".plot")).to_have_attribute("aria-label", re.compile("by epoch, 1 to 3"))


async def test_patience_counts_down_and_hints_come(visitors: Visitors, owner: User) -> None:
    """The default patience is ten epochs; an epoch without improvement leaves nine."""
    run = await in_thread(running, owner, most=30)
    page = await visitors.visit(f"/runs/{run.pk}/")
    words = page.locator("#countdown")
    await expect(words).to_have_text("Stops in 10 epochs unless validation AUROC improves on 0.750.")
    await in_thread(story.tell, run, story.epoch(2, loss=None, auroc=None))
    hint = page.locator("#hint-cards [data-code=diverged]")
    await expect(hint).to_contain_text("Problem", timeout=15_000)
    await expect(hint.locator(".cure")).not_to_be_empty()
    await expect(words).to_have_text("Stops in 9 epochs unless validation AUROC improves on 0.750.")
    assert await broken_rules(page) == []
    await in_thread(story.tell, run, story.epoch(3, loss=0.1, auroc=0.99))
    await expect(hint).to_have_count(0, timeout=15_000)
    await expect(words).to_have_text("Stops in 10 epochs unless validation AUROC improves on 0.990.")


async def test_the_log_is_followed_and_searched(visitors: Visitors, owner: User) -> None:
    run = await in_thread(running, owner)
    log = Path(visitors.server.log.parent) / "home" / "runs" / str(run.pk) / "train.log"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {number}\n" for number in range(1000)))
    page = await visitors.visit(f"/runs/{run.pk}/")
    panel = page.locator("#train-log")
    await panel.scroll_into_view_if_needed()
    await expect(panel.locator(".lines li").last).to_have_text("line 999")
    with log.open("a") as file:
        file.write("a Warning <b>in bold</b>\n")
    await expect(panel.locator(".lines li").last).to_have_text("a Warning <b>in bold</b>")
    await panel.locator(".lines").evaluate("lines => { lines.scrollTop = 0 }")
    with log.open("a") as file:
        file.write("more\n")
    await expect(panel.get_by_role("button", name="1 new line")).to_be_visible()
    await panel.get_by_role("button", name="1 new line").click()
    await expect(panel.locator(".lines li").last).to_be_in_viewport()
    await panel.get_by_role("button", name="Show older lines").click()
    await expect(panel.locator(".lines li")).to_have_count(602)
    await panel.get_by_label("Search the log").fill("warning")
    await panel.get_by_role("button", name="Search", exact=True).click()
    await expect(panel.locator(".note")).to_have_text("1 line has “warning”.")
    await expect(panel.locator("mark")).to_have_text("Warning")
    assert await broken_rules(page) == []
    await panel.locator(".matches button").click()
    await expect(panel.locator(".lines li").first).to_have_text("a Warning <b>in bold</b>")


async def test_the_log_is_followed_from_where_it_is_shown(visitors: Visitors, owner: User) -> None:
    """Not from its beginning, where the page is told that it is looked at before the server has answered."""
    run = await in_thread(running, owner)
    log = Path(visitors.server.log.parent) / "home" / "runs" / str(run.pk) / "train.log"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"line {number}\n" for number in range(400)))
    page = await visitors.visit("/datasets/")
    answered = asyncio.Event()
    asked: list[str] = []

    async def first_late(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            await answered.wait()
        await route.continue_()

    await page.route("**/log/?*", first_late)
    async with page.expect_request("**/log/?*"):
        await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
        await page.locator("#train-log").scroll_into_view_if_needed()
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    async with page.expect_request(lambda request: "after=" in request.url) as followed:
        answered.set()
    await expect(page.locator("#train-log .lines li").last).to_have_text("line 399")
    await expect(page.locator("#train-log .lines li")).to_have_count(300)
    assert f"after={log.stat().st_size}" in (await followed.value).url
    assert [address for address in asked if re.search("after=0(&|$)", address)] == []


async def test_tags_are_edited_and_an_ended_run_is_deleted_and_brought_back(visitors: Visitors, owner: User) -> None:
    run = await in_thread(running, owner)
    await in_thread(story.end, run)
    visitors.expected = ASKED_BEFORE_IT_WAS_DELETED
    page = await visitors.visit(f"/runs/{run.pk}/")
    await page.get_by_label("Add a tag").fill("Baseline")
    await page.get_by_label("Add a tag").press("Enter")
    await expect(page.locator(".tag")).to_contain_text("baseline")
    assert await in_thread(lambda: list(run.tag_rows.values_list("name", flat=True))) == ["baseline"]
    await page.get_by_role("button", name="Remove the tag baseline").click()
    await expect(page.locator(".tag")).to_have_count(0)
    await page.get_by_role("button", name="Delete").click()
    await expect(page.locator("#deleted")).to_contain_text("This run was deleted")
    assert await in_thread(lambda: Run.objects.get(pk=run.pk).deleted_at) is not None
    assert await broken_rules(page) == []
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#deleted")).to_be_empty()
    assert await in_thread(lambda: Run.objects.get(pk=run.pk).deleted_at) is None


async def test_what_happens_while_hints_are_on_their_way_is_asked_for_too(visitors: Visitors, owner: User) -> None:
    run = await in_thread(running, owner)
    page = await visitors.visit("/")
    answered, told = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        answered.set()
        await told.wait()
        await route.fulfill(response=answer)

    await page.route(re.compile(f"/api/runs/{run.pk}/hints/$"), late, times=1)
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
    await answered.wait()
    await has_drawn(page, await in_thread(story.tell, run, story.epoch(2, loss=None, auroc=None)))
    told.set()
    await expect(page.locator("#hint-cards [data-code=diverged]")).to_contain_text("Problem", timeout=15_000)


async def test_an_answer_from_before_a_tag_takes_it_not_away(visitors: Visitors, owner: User) -> None:
    run = await in_thread(running, owner)
    await in_thread(story.end, run)
    page = await visitors.visit("/")
    answered, tagged, shown = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        """Deliver the first answer when the reader has set a tag that it does not know of."""
        answer = await route.fetch()
        if not answered.is_set():
            answered.set()
            await tagged.wait()
            await route.fulfill(response=answer)
        else:
            await shown.wait()
            await route.fulfill(response=answer)

    await page.route(re.compile(f"/api/runs/{run.pk}/$"), late)
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
    await answered.wait()
    await page.get_by_label("Add a tag").fill("baseline")
    await page.get_by_label("Add a tag").press("Enter")
    await expect(page.locator(".tag")).to_contain_text("baseline")
    async with page.expect_event("requestfinished", lambda request: request.url.endswith(f"/runs/{run.pk}/")):
        tagged.set()
    with pytest.raises(AssertionError, match="not to have count '1'"):  # in twice the longest time between two drawings
        await expect(page.locator(".tag")).not_to_have_count(1, timeout=2_000)
    shown.set()
    await page.unroute_all(behavior="wait")


@pytest.mark.parametrize(("answer", "told"), [("granted", 1), ("denied", 0)])
async def test_the_browser_tells_the_end_if_it_may(visitors: Visitors, owner: User, answer: str, told: int) -> None:
    run = await in_thread(running, owner)
    page = await visitors.visit("/")
    await page.add_init_script(NOTIFICATION.replace("ANSWER", f'"{answer}"'))
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
    await page.get_by_role("button", name="Notify me at the end").click()
    if not told:
        await expect(page.locator("#end-notification")).to_contain_text("Your browser blocks messages of this site")
    await in_thread(story.end, run)
    await expect(page.locator("#status")).to_have_text("Completed")
    await page.wait_for_function(f"Notification.told.length >= {told}")  # it is told a moment after
    found: list[Any] = await page.evaluate("Notification.told")
    assert [title for title, _ in found] == ["Completed: Is it an eight?"] * told


async def test_on_paper_it_is_a_light_report_without_controls(visitors: Visitors, owner: User) -> None:
    run = await in_thread(running, owner)
    await in_thread(story.tell, run, [story.final(1)])
    await in_thread(story.end, run)
    page = await visitors.visit(f"/runs/{run.pk}/", dark=True)
    await has_drawn(page, await in_thread(story.last_seq, run))
    assert await page.evaluate(LIGHT) != "light"
    await page.emulate_media(media="print")
    assert await page.evaluate(LIGHT) == "light"
    await expect(page.locator("#results .matrix")).to_be_visible()
    await expect(chart(page, "Loss").locator("canvas")).to_be_visible()
    await expect(page.locator("#about")).to_be_visible()
    assert [button for button in await page.get_by_role("button").all() if await button.is_visible()] == []
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await page.set_viewport_size({"width": 794, "height": 1123})  # A4 at 96 pixels an inch
    box = await chart(page, "Loss").locator("canvas").bounding_box()
    assert box
    assert 150 < box["width"] < 794 / 3  # three in a row, whatever it was drawn with
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert (await page.pdf()).startswith(b"%PDF")


async def test_two_runs_in_two_tabs_do_not_mix(visitors: Visitors, owner: User) -> None:
    first, second = await in_thread(lambda: [running(owner, 1), running(owner, 1)])
    one = await visitors.visit(f"/runs/{first.pk}/")
    two: Page = await one.context.new_page()
    await two.goto(f"{visitors.server.url}/runs/{second.pk}/")
    await has_drawn(two, await in_thread(story.train, second, 1))
    await has_drawn(one, await in_thread(story.train, first, 1))
    await has_drawn(one, await in_thread(story.train, first, 2))
    assert "train: 3 values" in await in_words(one, "Loss")
    assert "train: 2 values" in await in_words(two, "Loss")


async def test_the_status_stays_in_sight(visitors: Visitors, owner: User) -> None:
    run = await in_thread(running, owner)
    page = await visitors.visit(f"/runs/{run.pk}/", size={"width": 390, "height": 844})
    await has_drawn(page, await in_thread(story.last_seq, run))
    await page.locator("#about").scroll_into_view_if_needed()
    await expect(page.locator("#status")).to_be_in_viewport()
    await expect(page.locator("#actions").get_by_role("button", name="Cancel")).to_be_in_viewport()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_the_configuration_is_copied_as_json_and_as_a_command(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy as JSON").click()
    await expect(page.locator(".toast")).to_contain_text("The configuration is in the clipboard.")
    assert json.loads(await page.evaluate("navigator.clipboard.readText()")) == run.config
    await page.get_by_role("button", name="Copy as curl").click()
    await expect(page.locator(".toast").last).to_contain_text("The command is in the clipboard.")
    words = shlex.split((await page.evaluate("navigator.clipboard.readText()")).replace("\\\n", ""))
    assert json.loads(words[-1]) == run.config
