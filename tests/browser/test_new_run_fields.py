"""The fields of the form of a new run in real Chromium: what is seen first, in which words, and what may be picked."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Route, expect

from experiments.models import Dataset
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_datasets_pages import overflow
from tests.browser.test_new_run_page import SENT, control, field, fill, opened, shown_json, unfold
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_first_visit_shows_few_fields_and_usual_bounds(visitors: Visitors) -> None:
    page = await opened(visitors)
    await expect(page.locator("#form .field:visible")).to_have_count(9)
    await expect(field(page, "trainer.max_epochs").locator("label")).to_have_text("Epochs")
    await expect(field(page, "data.test_fraction")).to_contain_text("0 = no test result")
    await unfold(page)
    rate = field(page, "optimizer.learning_rate")
    await expect(rate.locator(".help")).to_have_text("How far a step goes; the first option to try. A number above 0.")
    await control(page, "optimizer.learning_rate").fill("1e13")
    await control(page, "experiment_name").press("Enter")
    await expect(rate.locator(".fault")).to_contain_text("at most 1,000,000,000,000")  # who exceeds it is told
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


async def test_a_preset_sets_options_that_are_seen_and_can_be_taken_back(visitors: Visitors) -> None:
    page = await opened(visitors)
    presets, words = page.get_by_role("group", name="Presets"), page.locator("#preset-words")
    await expect(presets.get_by_role("button", name="Fine-tune")).to_be_disabled()
    await expect(words).to_contain_text("the models folder of the server holds none")
    quick, careful = (presets.get_by_role("button", name=name) for name in ("Quick look", "Careful"))
    await quick.click()
    await expect(quick).to_have_attribute("aria-pressed", "true")
    await expect(words).to_contain_text("Set: Epochs 3, Size of the network 8.")
    await expect(control(page, "trainer.max_epochs")).to_have_value("3")
    await expect(field(page, "model.options.width")).to_have_class(re.compile("changed"))
    await careful.click()
    sent = await shown_json(page)
    assert (sent["trainer"], sent["callbacks"]) == ({"max_epochs": 100}, {"patience": 15})
    assert "model" not in sent
    assert await broken_rules(page) == []
    await control(page, "trainer.max_epochs").fill("50")
    await expect(careful).to_have_attribute("aria-pressed", "false")
    await control(page, "trainer.max_epochs").fill("100")
    await careful.click()
    assert "callbacks" not in await shown_json(page)


async def test_fine_tuning_begins_from_the_weights_that_there_are(visitors: Visitors) -> None:
    page = await visitors.visit("/")

    async def with_weights(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(json=await answer.json() | {"weights": ["chest.pt"]})

    await page.route("**/api/experiments/options/", with_weights)
    await page.goto(f"{visitors.address}/new/")
    await expect(page.locator("#form[data-ready]")).to_be_visible()
    await page.get_by_role("button", name="Fine-tune").click()
    sent = (await shown_json(page))["model"]
    assert sent == {"weights_file": "chest.pt", "trainable": "head", "unfreeze_every": 3}


async def test_a_test_is_kept_where_there_are_enough_samples(visitors: Visitors, owner: User) -> None:
    def registered() -> None:
        for name, ill in (("few", 99), ("enough", 100)):
            shared: dict[str, Any] = {"owner": owner, "kind": "folder", "path": f"/data/{name}", "layout": "directory"}
            Dataset.objects.create(name=name, state="ready", classes=[["well", 900], ["ill", ill]], **shared)

    await in_thread(registered)
    page = await opened(visitors)
    data, share, words = page.get_by_label("Data set", exact=True), control(page, "data.test_fraction"), "#share-words"
    await data.select_option("dataset:enough")
    await expect(share).to_have_value("0.2")
    await expect(page.locator(words)).to_contain_text("each class has at least 100 samples")
    await data.select_option("dataset:few")
    await expect(share).to_have_value("")
    await expect(page.locator(words)).to_contain_text("the class ill has 99 samples")
    await data.select_option("dataset:enough")
    await share.fill("0.3")
    await data.select_option("dataset:few")
    await expect(share).to_have_value("0.3")  # what the reader wrote stays
    await expect(page.locator(words)).to_be_hidden()
    await page.reload()
    await expect(share).to_have_value("0.3")
    await page.get_by_role("button", name="Start over").click()
    await data.select_option("dataset:enough")
    await expect(share).to_have_value("0.2")
    page = await opened(visitors, "/new/?dataset=enough&set=data.test_fraction=0.1")
    await expect(control(page, "data.test_fraction")).to_have_value("0.1")


async def test_a_path_is_picked_from_the_data_folders(visitors: Visitors) -> None:
    page = await opened(visitors)

    def entry(kind: str, name: str, path: str) -> dict[str, str]:
        return {"kind": kind, "name": name, "path": path}

    top = [entry("folder", "/data", "/data")]
    inner = [entry("folder", "scans", "/data/scans"), entry("file", "labels.csv", "/data/labels.csv")]
    known = {
        "": {"path": "", "parent": None, "entries": top, "others": 0, "is_cut": False},
        "/data": {"path": "/data", "parent": "", "entries": inner, "others": 1204, "is_cut": True},
        "/data/scans": {"path": "/data/scans", "parent": "/data", "entries": [], "others": 0, "is_cut": False},
    }

    async def answer(route: Route) -> None:
        [path] = parse_qs(urlsplit(route.request.url).query, keep_blank_values=True)["path"]
        await route.fulfill(json=known[path])

    await page.route("**/api/experiments/data-roots/*", answer)
    await page.get_by_label("Data set", exact=True).select_option("(path)")
    browse, panel = page.get_by_role("button", name="Browse …"), page.locator("#root-browser")
    await browse.click()
    await panel.get_by_role("button", name="/data/").click()
    await expect(panel).to_contain_text("1,204 other files beside; only 2 of the names are shown")
    assert await broken_rules(page) == []
    assert await overflow(page) == 0
    await panel.get_by_role("button", name="scans/").click()
    await panel.get_by_role("button", name="↑ Up").click()
    await panel.get_by_role("button", name="labels.csv").click()
    await expect(panel).to_be_hidden()
    await expect(browse).to_be_focused()
    assert (await shown_json(page))["source_path"] == "/data/labels.csv"
    await browse.press("Enter")
    await panel.get_by_role("button", name="/data/").press("Enter")
    await expect(panel.get_by_role("button", name="↑ Up")).to_be_focused()
    await panel.get_by_role("button", name="Use this folder").press("Enter")
    assert (await shown_json(page))["source_path"] == "/data"


async def test_the_data_folders_of_the_server_itself_are_listed(visitors: Visitors) -> None:
    page = await opened(visitors)
    await page.get_by_label("Data set", exact=True).select_option("(path)")
    await page.get_by_role("button", name="Browse …").click()
    await expect(page.locator("#root-browser .help")).to_have_text(re.compile("data folder"))
