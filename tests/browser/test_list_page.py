"""The list of runs in real Chromium: true without reload."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, Route, ViewportSize, expect

from runs.models import Run
from runs.summaries import metric_summaries
from tests.browser import story
from tests.browser.conftest import NEXT_TRY, Visitors
from tests.browser.test_accessibility import broken_rules
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CONTRAST_PAIRS = [
    ("--text", "--bg"),
    ("--text", "--surface"),
    ("--muted", "--bg"),
    ("--muted", "--surface"),
    ("--accent", "--bg"),
    ("--accent", "--surface"),
    ("--accent-text", "--accent"),
    ("--ok", "--ok-bg"),
    ("--run", "--run-bg"),
    ("--warn", "--warn-bg"),
    ("--bad", "--bad-bg"),
    ("--bad", "--bg"),
    ("--idle", "--idle-bg"),
    ("--best", "--surface"),
]
LUMINANCES = """names => {
    const probe = document.body.appendChild(document.createElement("i"));
    return names.map(name => {
        probe.style.color = `var(${name})`;
        const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(part => {
            const share = part / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    });
}"""


async def test_runs_come_and_change_without_reload(visitors: Visitors, owner: User) -> None:
    page = await visitors.visit("/")
    await expect(page.locator("#empty")).to_be_visible()
    await expect(page.locator("#empty")).to_contain_text("curl http://127.0.0.1")
    await expect(page.get_by_role("button", name="Start the example (1 min)")).to_be_visible()
    await expect(page.get_by_role("link", name="Use my data")).to_have_attribute("href", "/datasets/")
    await expect(page.get_by_role("link", name="New run").last).to_be_visible()
    for tools in ("#toolbar", "#narrowing"):
        await expect(page.locator(tools)).to_be_hidden()
    run = await in_thread(story.submit, owner)
    row = page.locator(f'tr[data-run="{run.pk}"]')
    await expect(row.locator(".pill")).to_have_text("Queued")
    await expect(page.locator("#empty")).to_be_hidden()
    run = await in_thread(story.start, run)
    await expect(row.locator(".pill")).to_have_text("In progress")
    await in_thread(story.train, run, 2)
    await expect(row.locator(".wide")).to_contain_text("42 % of 6 epochs · about 1 min 15 s left")
    await expect(row.locator("progress")).to_have_attribute("value", re.compile(r"^0\.41"))
    await in_thread(story.tell, run, [story.final(2)])
    await in_thread(story.end, run)
    await expect(row.locator(".pill")).to_have_text("Completed")
    await expect(row.locator("[data-label='Final AUROC']")).to_have_text("0.931val")
    await expect(row.locator("[data-label='Final recall']")).to_have_text("75.0 %val")
    await expect(row.locator("progress")).to_be_hidden()


async def test_the_example_is_started_by_its_button_alone(visitors: Visitors) -> None:
    page = await visitors.visit("/")
    await page.get_by_role("button", name="Start the example (1 min)").dblclick()
    await expect(page).to_have_url(re.compile(r"/runs/\d+/$"))
    run = await in_thread(Run.objects.get)
    assert (run.source_path, run.config["data"]["test_fraction"]) == ("builtin:digits-is-8", 0.2)


async def test_an_example_that_cannot_be_started_says_why(visitors: Visitors) -> None:
    visitors.expected = re.compile("503")
    page = await visitors.visit("/")

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, json={"detail": "The database is away; try again."})

    await page.route("**/api/experiments/centralized/train", refuse)
    example = page.get_by_role("button", name="Start the example (1 min)")
    await example.click()
    await expect(page.get_by_role("alert").filter(has_text="The database is away")).to_be_visible()
    await expect(example).to_be_enabled()
    assert await broken_rules(page) == []


async def test_results_on_a_test_split_are_told_from_those_on_validation(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: trained(owner, "Validated", 2))
    other = await in_thread(lambda: trained(owner, "Tested", 3))
    await in_thread(lambda: Run.objects.filter(pk=run.pk).update(final_split="val"))
    await in_thread(lambda: Run.objects.filter(pk=other.pk).update(final_split="test"))
    page = await visitors.visit("/")
    await page.locator("[data-facet=final_split] summary").click()
    await page.get_by_label("On a test split").check()
    await expect(page).to_have_url(re.compile(r"\?final_split=test$"))
    await expect(page.locator("tbody th a")).to_have_text(["Tested"])
    await expect(page.locator("#chips")).to_contain_text("Final result: on a test split")
    await page.get_by_label("On validation only").check()
    await expect(page.locator("tbody tr")).to_have_count(2)


async def test_filters_stand_in_the_address_and_the_way_back_works(visitors: Visitors, owner: User) -> None:
    eight = await in_thread(story.submit, owner, "Is it an eight?")
    nine = await in_thread(lambda: story.start(story.submit(owner, "Nine & more")))
    page = await visitors.visit("/")
    await expect(page.locator("tbody tr")).to_have_count(2)
    await expect(page.locator("#count")).to_have_text("2")
    await page.locator("[data-facet=status] summary").click()
    choice = page.locator("[data-facet=status] label", has_text="In progress")
    await expect(choice.locator("small")).to_have_text("1")
    await choice.locator("input").check()
    await expect(page).to_have_url(re.compile(r"\?status=in_progress$"))
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator(f'tr[data-run="{nine.pk}"]')).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-facet=status]")).not_to_have_attribute("open", "")
    await in_thread(story.end, nine)
    await expect(page.locator("#none")).to_be_visible()
    await page.get_by_role("button", name="Clear all").click()
    await expect(page.locator("tbody tr")).to_have_count(2)
    await page.keyboard.press("/")
    await page.keyboard.type("EIGHT digits")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"\?search=EIGHT%20digits$"))
    await page.go_back()
    await expect(page.locator("tbody tr")).to_have_count(2)
    await expect(page.get_by_label("Search runs")).to_have_value("")
    await page.go_back()
    await expect(page.get_by_role("button", name="Remove the filter Status: In progress")).to_be_visible()
    await page.go_forward()
    await page.go_forward()
    await expect(page.get_by_label("Search runs")).to_have_value("EIGHT digits")
    await page.get_by_role("link", name="Is it an eight?").click()
    await expect(page).to_have_url(re.compile(rf"/runs/{eight.pk}/$"))


async def test_columns_are_sorted_chosen_and_remembered(visitors: Visitors, owner: User) -> None:
    """The second run is the best one; its learning rate is the default, 0.001."""
    runs = await in_thread(lambda: [trained(owner, f"Run {epochs}", epochs) for epochs in (2, 4, 3)])
    page = await visitors.visit("/")
    names = page.locator("tbody th a")
    await expect(names).to_have_text(["Run 3", "Run 4", "Run 2"])
    await page.get_by_role("button", name="Best", exact=True).click()
    await expect(names).to_have_text(["Run 4", "Run 3", "Run 2"])
    await expect(page.get_by_role("columnheader", name="Best")).to_have_attribute("aria-sort", "descending")
    await page.get_by_role("button", name="Best", exact=True).click()
    await expect(names).to_have_text(["Run 2", "Run 3", "Run 4"])
    await page.locator("[data-facet=columns] summary").click()
    await page.get_by_label("Find a column").fill("optimizer.learning_rate")
    await page.get_by_label("optimizer · learning rate").check()
    row = page.locator(f'tr[data-run="{runs[1].pk}"]')
    await expect(row.locator("[data-label='optimizer · learning rate']")).to_have_text("0.001")
    await page.get_by_label("Find a column").fill("validation loss, best")
    await page.get_by_label("validation loss, best").check()
    await expect(row.locator("[data-label='validation loss, best']")).to_have_text("0.2500")  # 1 / 4, by hand
    assert await broken_rules(page) == []
    await expect(row.locator("svg title")).to_have_text(
        "validation AUROC, 4 values: first 0.500, last 0.875, lowest 0.500, highest 0.875"
    )
    again = await page.context.new_page()
    await again.goto(f"{visitors.server.url}/")
    await expect(again.get_by_role("columnheader", name="optimizer · learning rate")).to_be_visible()
    await expect(again).to_have_url(re.compile("columns=.*config.optimizer.learning_rate"))


async def test_new_runs_wait_behind_a_button_where_they_would_move_others(visitors: Visitors, owner: User) -> None:
    first = await in_thread(trained, owner, "First", 2)
    page = await visitors.visit("/?ordering=experiment_name")
    await expect(page.locator(f'tr[data-run="{first.pk}"]')).to_be_visible()
    await expect(page.locator("#connection")).to_contain_text("Live")
    another = await in_thread(story.submit, owner, "Another")
    await expect(page.get_by_role("button", name="1 new run – show")).to_be_visible()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await page.get_by_role("button", name="1 new run – show").click()
    await expect(page.locator("tbody th a")).to_have_text(["Another", "First"])
    await expect(page.locator("#fresh")).to_be_hidden()
    sorted_by_best = await visitors.visit("/?ordering=-best_value")
    await expect(sorted_by_best.locator("tbody th a")).to_have_text(["First", "Another"])
    run = await in_thread(story.start, another)
    for number in range(4):
        await in_thread(story.train, run, number)
    await expect(sorted_by_best.locator(f'tr[data-run="{run.pk}"] [data-label=Best]')).to_contain_text("0.875")
    await sorted_by_best.get_by_role("button", name="The order has changed – sort again").click(timeout=15_000)
    await expect(sorted_by_best.locator("tbody th a")).to_have_text(["Another", "First"])


async def test_runs_that_do_not_fit_the_filters_do_not_come(visitors: Visitors, owner: User) -> None:
    page = await visitors.visit("/?search=eight%20digits&owner=ada")
    await expect(page.locator("#none")).to_be_visible()
    await expect(page.locator("#connection")).to_contain_text("Live")
    await in_thread(story.submit, owner, "Nine")
    fitting = await in_thread(story.submit, owner, "Is it an EIGHT?")
    await expect(page.locator(f'tr[data-run="{fitting.pk}"]')).to_be_visible()
    await expect(page.locator("tbody tr")).to_have_count(1)


async def test_selected_runs_are_tagged_deleted_and_brought_back_without_a_mouse(
    visitors: Visitors, owner: User
) -> None:
    runs = await in_thread(lambda: [trained(owner, "Ended", 1), story.start(story.submit(owner, "Going on"))])
    page = await visitors.visit("/")
    other = await visitors.visit("/")
    for key in ("j", "x", "j", "x"):
        await page.keyboard.press(key)
        await expect(page.locator("tbody tr")).to_have_count(2)
    await expect(page.locator("#selection")).to_contain_text("2 runs selected")
    await page.get_by_role("button", name="Tag", exact=True).click()
    await page.keyboard.type("Baseline")
    await page.keyboard.press("Enter")
    for view in (page, other):
        await expect(view.locator("tbody .tag")).to_have_text(["baseline", "baseline"])
    await page.get_by_role("button", name="Delete", exact=True).click()
    results = page.get_by_role("dialog", name="1 of 2 runs done")
    await expect(results).to_contain_text(f"Run {runs[1].pk} is in progress: cancel it first, then delete it.")
    assert await broken_rules(page) == []
    await page.keyboard.press("Escape")
    for view in (page, other):
        await expect(view.locator(f'tr[data-run="{runs[0].pk}"]')).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    for view in (page, other):
        await expect(view.locator(f'tr[data-run="{runs[0].pk}"]')).to_have_count(1)
    await page.get_by_label("Select all runs on this page").check()
    await page.keyboard.press("c")
    await expect(page).to_have_url(f"{visitors.server.url}/compare/?runs={runs[1].pk},{runs[0].pk}")


async def test_a_chosen_final_number_says_of_which_split_it_is(visitors: Visitors, owner: User) -> None:
    """Those of test and validation do not compare, whichever column they stand in."""

    def told() -> list[Run]:
        runs = [trained(owner, "Tested", 1), trained(owner, "Validated", 2)]
        for run, split in zip(runs, ("test", "val"), strict=True):
            Run.objects.filter(pk=run.pk).update(final_split=split)
            metric_summaries.add_final(run.pk, 1, {"final_mcc": 0.8125})
        return runs

    runs = await in_thread(told)
    page = await visitors.visit("/?columns=status,metric.final_mcc")
    for run, split in zip(runs, ("test", "val"), strict=True):
        cell = page.locator(f'tr[data-run="{run.pk}"] .final-value')
        await expect(cell.locator("span")).to_have_text(["0.813", split])


async def test_groups_say_mean_and_spread_and_open(visitors: Visitors, owner: User) -> None:
    """0.9 and 0.7: mean 0.8, standard deviation 0.2 / sqrt(2) = 0.1414."""

    def told() -> list[Run]:
        runs = [trained(owner, "Twice", 1), trained(owner, "Twice", 2)]
        for run, auroc in zip(runs, (0.9, 0.7), strict=True):
            Run.objects.filter(pk=run.pk).update(final_auroc=auroc)
        return [*runs, story.submit(owner, "Once, with a comma")]

    runs = await in_thread(told)
    page = await visitors.visit("/")
    await page.get_by_label("Group by").select_option("Experiment")
    await expect(page).to_have_url(re.compile(r"\?by=experiment$"))
    group = page.locator("tr[data-group='Twice']")
    await expect(group.locator("[data-label=AUROC]")).to_have_text("0.800 ± 0.141")
    await expect(group.locator("[data-label='Status']")).to_have_text("2 completed")
    await page.keyboard.press("j")
    await expect(page.get_by_role("button", name="Once, with a comma")).to_be_focused()
    await page.keyboard.press("Enter")
    queued = page.locator(f'tr[data-run="{runs[2].pk}"]')
    await expect(queued.locator(".pill")).to_have_text("Queued")
    await in_thread(story.start, runs[2])
    await expect(queued.locator(".pill")).to_have_text("In progress")
    assert await broken_rules(page) == []
    await page.get_by_role("button", name="Show them as a list").click()
    await expect(page).to_have_url(re.compile("experiment=Once%5C,%20with%20a%20comma$"))
    await expect(page.locator("#shown tbody tr:visible")).to_have_count(1)


async def test_what_cannot_be_shown_is_said_with_a_way_out(visitors: Visitors, owner: User) -> None:
    visitors.expected = re.compile("400")
    run = await in_thread(story.submit, owner)
    page = await visitors.visit("/?columns=status,config.nothing.such")
    await expect(page.locator("#problem")).to_contain_text("config.nothing.such: no run has had that")
    await page.get_by_role("button", name="Show all runs with the defaults").click()
    await expect(page.locator(f'tr[data-run="{run.pk}"]')).to_be_visible()
    await expect(page.locator("#problem")).to_be_hidden()


async def test_older_runs_are_on_further_pages(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(lambda: [story.submit(owner, f"Run {number}") for number in range(60)])
    page = await visitors.visit("/")
    newest = page.locator(f'tr[data-run="{runs[-1].pk}"]')
    await expect(newest).to_be_visible()
    shown = await page.locator("tbody tr").count()
    assert 0 < shown < 60
    await page.get_by_role("link", name="Next page").click()
    await expect(page.locator(f'tr[data-run="{runs[-1 - shown].pk}"]')).to_be_visible()
    await expect(newest).to_have_count(0)
    await page.get_by_role("link", name="Previous page").click()
    await expect(newest).to_be_visible()


async def test_the_list_and_a_group_outlive_their_server(visitors_of_own_server: Visitors, owner: User) -> None:
    visitors = visitors_of_own_server
    run, _ = await in_thread(lambda: [story.start(fold) for fold in story.submit_folds(owner, 2)])
    pages = [await visitors.visit_with_clock(path) for path in ("/", f"/groups/{run.group_id}/")]
    rows = [page.locator(f'tr[data-run="{run.pk}"]') for page in pages]
    for row in rows:
        await expect(row.locator(".pill")).to_have_text("In progress")
    await in_thread(visitors.server.kill)
    for page in pages:
        await expect(page.locator("#connection")).to_contain_text("Reconnecting")
    await in_thread(story.tell, run, [story.final(0)])
    await in_thread(story.end, run)
    await in_thread(visitors.server.start)
    for page in pages:
        await page.clock.fast_forward(NEXT_TRY)
    for row in rows:
        await expect(row.locator(".pill")).to_have_text("Completed", timeout=20_000)
    await expect(pages[1].locator("tfoot")).to_contain_text("over 1 of 2 folds")


async def test_text_can_be_read_in_light_and_dark(visitors: Visitors) -> None:
    """WCAG AA: 4.5 to 1."""
    for dark in (False, True):
        page = await visitors.visit("/", dark=dark)
        names = sorted({name for pair in CONTRAST_PAIRS for name in pair})
        light = dict(zip(names, await page.evaluate(LUMINANCES, names), strict=True))
        for pair in CONTRAST_PAIRS:
            low, high = sorted(light[name] for name in pair)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (pair, dark)


@pytest.mark.parametrize("width", [1440, 1024, 390])
async def test_no_page_is_wider_than_the_screen(visitors: Visitors, owner: User, width: int) -> None:
    def told() -> int:
        run = story.start(story.submit(owner, "Name-without-a-space" * 10, max_epochs=6))
        story.train(run, 0)
        story.tell(run, [story.final(0)])
        story.end(run, "failed", "SomeVeryLongExceptionNameWithoutASpace" * 5)
        return run.pk

    run_id = await in_thread(told)
    size = ViewportSize(width=width, height=900)
    listed = await visitors.visit("/", size=size)
    await expect(listed.locator("tbody tr")).to_have_count(1)
    live = await visitors.visit(f"/runs/{run_id}/", size=size)
    await expect(live.locator("#results")).to_be_visible()
    for page in (listed, live):
        assert await overflow(page) == 0


@pytest.mark.parametrize("width", [1440, 1024])
async def test_the_usual_columns_are_all_in_sight(visitors: Visitors, owner: User, width: int) -> None:
    await in_thread(trained, owner, "Is it an eight?", 24)
    await in_thread(story.submit, owner, "Waits for its turn", 50)
    page = await visitors.visit("/", size=ViewportSize(width=width, height=900))
    await expect(page.locator("tbody tr")).to_have_count(2)
    hidden = "table => table.parentElement.scrollWidth - table.parentElement.clientWidth"
    assert await page.locator("#table").evaluate(hidden) <= 0


def trained(owner: User, name: str, epochs: int) -> Run:
    """Create a completed run; its best AUROC is 1 - 0.5 / epochs, its best loss 1 / epochs."""
    run = story.start(story.submit(owner, name))
    for number in range(epochs):
        story.train(run, number)
    story.tell(run, [story.final(epochs - 1)])
    story.end(run)
    return run


async def overflow(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
