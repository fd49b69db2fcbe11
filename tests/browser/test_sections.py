"""How the page of a run is composed: what comes first, and sections that have an address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, ViewportSize, expect

from runs.models import Run
from tests.browser import story
from tests.browser.conftest import WIDE, Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_live_page import chart, has_drawn
from tests.browser.test_saved_point import FIRST_LOAD, made
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PHONE = ViewportSize(width=390, height=844)
SETTLED = "html[data-settled]"
LOWER = {"curves.js", "uPlot.iife.min.js", "net_benefit_diagram.js", "machine.js", "event_log.js", "train_log.js"}
MOST_OF_PHONE = 8_000  # pixels, with two sections open
LEAD = "#lead-curves article.chart:visible h3"


def completed(owner: User) -> Run:
    run = story.start(story.submit(owner))
    for number in range(4):
        story.train(run, number)
    story.tell(run, [story.usage(), story.usage(), story.final(3)])
    story.end(run)
    return run


async def bottom(page: Page, selector: str) -> float:
    box = await page.locator(selector).first.bounding_box()
    assert box, selector
    return box["y"] + box["height"]


async def test_the_first_screen_of_an_ended_run_is_its_result(visitors: Visitors, owner: User) -> None:
    run = await in_thread(completed, owner)
    page = await visitors.visit(f"/runs/{run.pk}/", size=WIDE)
    await expect(page.locator(SETTLED)).to_be_attached()
    headline = page.locator("#facts .headline dt")
    await expect(headline).to_have_text(["Validation AUROC", "Sensitivity", "Specificity"])
    await expect(page.locator("#facts .headline dd").nth(1)).to_have_text("75.0 %58.9 to 86.3 % · threshold 0.5")
    for part in ("#decision .matrix", "#threshold-slider", "#roc", "#saved-point", "#errors-title", ".error-group h3"):
        assert await bottom(page, part) <= 900, part
    await expect(page.locator(LEAD)).to_have_text([re.compile("^Loss"), re.compile("^AUROC"), re.compile("^Recall")])
    order = ["#result", "#curves-part", "#statistics", "#machine", "#train-log-part"]
    tops = [await page.locator(part).evaluate("node => node.getBoundingClientRect().top") for part in order]
    assert tops == sorted(tops)


async def test_the_server_writes_the_result_as_the_scripts_do(visitors: Visitors, owner: User) -> None:
    """Nothing of it changes when the scripts have come, but the time in the reader's own zone."""
    run = await in_thread(completed, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    html = await (await page.request.get(f"{visitors.server.url}/runs/{run.pk}/")).text()
    parts = {
        "facts": "#facts > div",
        "matrix": "#decision .matrix tr",
        "caveat": "#caveat",
        "errors": "#error-groups h3",
    }
    seen = """async ([html, parts]) => {
        const sent = new DOMParser().parseFromString(html, "text/html");
        const of = (root) => Object.fromEntries(Object.entries(parts).map(([name, selector]) =>
            [name, [...root.querySelectorAll(selector)].map((node) => node.textContent.trim())]));
        return [of(sent), of(document)];
    }"""
    await expect(page.locator("#facts > div", has_text="Started")).not_to_have_text("Started–")
    await expect(page.locator("#evaluation-problem")).not_to_be_empty()  # without the file there is nothing to try
    sent, shown = await page.evaluate(seen, [html, parts])
    started = [fact for fact in sent["facts"] if fact.startswith("Started")]
    assert started == ["Started–"]
    sent["facts"] = [fact for fact in sent["facts"] if not fact.startswith("Started")]
    shown["facts"] = [fact for fact in shown["facts"] if not fact.startswith("Started")]
    assert len(sent["facts"]) == 7
    assert sent == shown


async def test_other_curves_are_one_press_away_and_on_paper(visitors: Visitors, owner: User) -> None:
    run = await in_thread(completed, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator(SETTLED)).to_be_attached()
    button = page.get_by_role("button", name="All curves")
    await expect(button).to_have_attribute("aria-expanded", "false")
    await expect(chart(page, "Batches")).to_have_count(0)
    await page.emulate_media(media="print")
    await expect(chart(page, "Batches")).to_be_visible()
    await page.emulate_media(media="screen")
    await button.press("Enter")
    await expect(chart(page, "Batches").locator("canvas")).to_be_visible()
    await page.get_by_role("button", name="Fewer curves").click()
    await expect(chart(page, "Batches")).to_have_count(0)


async def test_a_run_that_trains_begins_with_the_curve_it_is_judged_by(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    await in_thread(story.train, run, 0)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.train, run, 1))
    await expect(page.locator(LEAD)).to_have_text([re.compile("^AUROC")])
    await expect(page.get_by_role("button", name="All curves")).to_have_count(0)
    await expect(chart(page, "Batches").locator("canvas")).to_be_visible()
    width = "node => node.getBoundingClientRect().width"
    assert await chart(page, "AUROC").evaluate(width) > 1.9 * await chart(page, "Loss").evaluate(width)
    await in_thread(story.tell, run, [story.final(1)])
    await in_thread(story.end, run)
    await expect(page.locator(LEAD)).to_have_text([re.compile("^Loss"), re.compile("^AUROC"), re.compile("^Recall")])
    await expect(page.locator("#result #decision")).to_be_visible()
    await expect(page.get_by_role("button", name="All curves")).to_be_visible()


async def test_an_address_opens_its_section(visitors: Visitors, owner: User) -> None:
    run = await in_thread(completed, owner)
    page = await visitors.visit(f"/runs/{run.pk}/#machine")
    await expect(page.locator("#machine-title")).to_be_in_viewport()
    await expect(page.locator("#machine-title")).to_be_focused()
    await expect(page.locator("#sections a[aria-current]")).to_have_text("Machine")
    index = page.get_by_role("navigation", name="Sections of this run")
    await index.get_by_role("link", name="Files").click()
    await expect(page).to_have_url(re.compile("#files$"))
    await expect(page.locator("#about [data-title=Files] summary")).to_be_in_viewport()
    await page.go_back()
    await expect(page).to_have_url(re.compile("#machine$"))
    await expect(page.locator("#machine-title")).to_be_in_viewport()
    await page.reload()
    await expect(page.locator("#machine-title")).to_be_in_viewport()


async def test_sections_are_reached_by_keyboard_and_never_hidden_by_the_bar(visitors: Visitors, owner: User) -> None:
    run = await in_thread(completed, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator(SETTLED)).to_be_attached()
    index = page.get_by_role("navigation", name="Sections of this run")
    assert (await index.get_by_role("link").all_inner_texts())[0] == "Result"
    for name, heading in (("Curves", "#curves-title"), ("Log", "#train-log-title"), ("Result", "#evaluation-title")):
        await index.get_by_role("link", name=name).press("Enter")
        await expect(page.locator(heading)).to_be_focused()
        below: Any = await page.evaluate(
            """(heading) => document.querySelector(heading).getBoundingClientRect().top
                - document.querySelector("#status-bar").getBoundingClientRect().bottom""",
            heading,
        )
        assert below >= 0, name
        await expect(index.locator("a[aria-current]")).to_have_text(name)


async def test_what_no_first_screen_needs_waits_for_a_reader(visitors: Visitors, owner: User) -> None:
    run = await made(visitors, owner)
    page = await visitors.visit("/datasets/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
    await expect(page.locator("#threshold-slider")).to_be_enabled(timeout=FIRST_LOAD)
    await expect(page.locator(SETTLED)).to_be_attached()
    assert {"final_curves.js", "error_gallery.js"} <= set(asked)
    assert LOWER & set(asked) == set()
    await page.mouse.move(40, 40)
    await expect(page.locator("html[data-complete]")).to_be_attached()
    assert set(asked) >= LOWER


async def test_a_section_that_waits_for_its_scripts_opens_when_they_are_there(visitors: Visitors, owner: User) -> None:
    run = await made(visitors, owner)
    page = await visitors.visit("/datasets/")
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
    await page.locator("#sections a", has_text="Operating points").click()
    await expect(page.locator("#operating-points-title")).to_be_in_viewport(timeout=FIRST_LOAD)
    await expect(page.locator("#sections a[aria-current]")).to_have_text("Operating points")


async def test_a_section_that_is_not_there_has_no_link(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    page = await visitors.visit(f"/runs/{run.pk}/#machine")
    await expect(page.locator(SETTLED)).to_be_attached()
    await expect(page.locator("#sections a:visible")).to_have_text(["Log", "Events", "Configuration", "Files"])


async def test_on_a_phone_the_index_is_one_line(visitors: Visitors, owner: User) -> None:
    run = await in_thread(completed, owner)
    page = await visitors.visit(f"/runs/{run.pk}/", size=PHONE)
    await expect(page.locator(SETTLED)).to_be_attached()
    index = page.locator("#sections")
    height = await index.evaluate("node => node.getBoundingClientRect().height")
    assert height <= 48
    await index.get_by_role("link", name="Configuration").click()
    await expect(page.locator("#about-title")).to_be_in_viewport()
    await expect(index.get_by_role("link", name="Configuration")).to_be_in_viewport(ratio=0.9)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_on_a_phone_what_is_below_the_result_is_folded(visitors: Visitors, owner: User) -> None:
    run = await in_thread(completed, owner)
    page = await visitors.visit(f"/runs/{run.pk}/#machine", size=PHONE)
    await expect(page.locator(SETTLED)).to_be_attached()
    await expect(page.locator("#machine-charts")).to_be_visible()  # its address opens it
    await expect(page.locator("#facts .headline").first).to_be_visible()
    heading = page.get_by_role("button", name="About this run")
    await expect(heading).to_have_attribute("aria-expanded", "false")
    await expect(page.locator("#about")).to_be_hidden()
    await heading.press("Enter")
    await expect(page.locator("#about")).to_be_visible()
    await heading.press("Enter")
    await page.get_by_role("navigation", name="Sections of this run").get_by_role("link", name="Files").click()
    await expect(page.locator("#about [data-title=Files] summary")).to_be_in_viewport()
    await expect(page.locator("#train-log")).to_be_hidden()
    height = await page.evaluate("document.documentElement.scrollHeight")
    await page.emulate_media(media="print")
    await expect(page.locator("#statistics .split")).to_be_visible()  # paper has all of it
    assert height < MOST_OF_PHONE
    await page.emulate_media(media="screen")
    assert await broken_rules(page) == []
    await page.set_viewport_size(ViewportSize(width=PHONE["height"], height=PHONE["width"]))  # it is turned
    await expect(page.locator("#train-log")).to_be_hidden()
    await page.get_by_role("button", name="Training log").press("Enter")
    await expect(page.locator("#train-log")).to_be_visible()


async def test_every_group_of_the_configuration_is_shown(visitors: Visitors, owner: User) -> None:
    run = await in_thread(completed, owner)
    groups = {name for name, value in run.config.items() if isinstance(value, dict)}
    assert {"loss", "augmentation", "data", "model", "optimizer", "trainer", "callbacks"} <= groups
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator("#about details[data-title]").first).to_be_attached()
    titles = await page.locator("#about details").evaluate_all("all => all.map(node => node.dataset.title)")
    assert {name.replace("_", " ").capitalize() for name in groups} <= set(titles)
