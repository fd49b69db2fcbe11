"""The queue in real Chromium: its page, places that follow without a reload, and pausing, which is for staff."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.async_api import ViewportSize, expect

from runs import lifecycle
from runs.models import Queue
from runs.scheduling import workers
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.browser.test_pages_stay_still import MOST, WATCH
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_staff_pause_the_queue_and_let_it_go_on(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    await in_thread(_promote, owner)
    page = await visitors.visit("/")
    await page.get_by_role("button", name="Pause the queue").click()
    await expect(page.locator("#queue")).to_contain_text("ada paused the queue")
    assert await in_thread(_paused)
    waiting = await visitors.visit(f"/runs/{run.pk}/")
    await expect(waiting.locator("#queue")).to_contain_text("ada paused the queue", timeout=15_000)
    await page.get_by_role("button", name="Resume the queue").click()
    await expect(page.locator("#queue")).to_be_hidden()
    assert not await in_thread(_paused)
    await expect(waiting.locator("#queue")).to_be_hidden(timeout=15_000)


async def test_others_only_read_of_it(visitors: Visitors, owner: User) -> None:
    page = await visitors.visit("/")
    await expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    await expect(page.get_by_role("button", name="Pause the queue")).to_have_count(0)


def _promote(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)


def _paused() -> bool:
    return Queue.objects.filter(paused=True).exists()


async def test_a_waiting_run_shows_its_place_and_is_moved(visitors: Visitors, owner: User) -> None:
    """Two pages: one moves its run, the other one, whose run was before it, follows without a reload."""
    runs = [await in_thread(story.submit, owner) for _ in range(2)]
    first, second = [await visitors.visit(f"/runs/{run.pk}/") for run in runs]
    await expect(first.locator("#facts dt:visible")).to_have_text(["Data", "Model"])  # the rest is not known yet
    await expect(first.locator("#doing")).to_contain_text("Number 1 in the queue")
    await expect(first.locator("#doing")).to_contain_text("No worker is running")
    await expect(second.locator("#doing")).to_contain_text("Number 2 in the queue")
    await second.get_by_role("button", name="To the front of the queue").click()
    await expect(second.locator("#doing")).to_contain_text("Number 1 in the queue")
    await expect(first.locator("#doing")).to_contain_text("Number 2 in the queue", timeout=4_000)
    await in_thread(workers.register, "here:1", "here", 1, [])
    await expect(second.locator("#doing")).to_contain_text("starts within a minute", timeout=15_000)
    await expect(second.locator("#doing")).to_contain_text("waiting since")


async def test_staff_move_runs_in_the_list(visitors: Visitors, owner: User) -> None:
    runs = [await in_thread(story.submit, owner) for _ in range(2)]
    await in_thread(_promote, owner)
    page = await visitors.visit("/")
    row = page.locator(f"tr[data-run='{runs[1].pk}']")
    await expect(row).to_contain_text("Number 2 in the queue")
    await row.get_by_role("button", name="Up by one: before the run in front of it").click()
    await expect(row).to_contain_text("Number 1 in the queue")
    await page.set_viewport_size({"width": 390, "height": 844})
    menu = page.get_by_role("navigation", name="Main").get_by_role("link")
    await expect(menu).to_have_count(8)
    assert len(set(await menu.evaluate_all("links => links.map((link) => link.offsetTop)"))) == 1  # one line
    await expect(page.locator(f"tr[data-run='{runs[0].pk}']")).to_contain_text("Number 2 in the queue")


async def test_the_page_says_in_words_that_nothing_is_there(visitors: Visitors) -> None:
    page = await visitors.visit("/queue/")
    await expect(page.locator("#waiting .none")).to_contain_text("No run waits")
    await expect(page.locator("#running .none")).to_have_text("No run trains.")
    await expect(page.locator("#workers .none")).to_contain_text("No worker is running, so nothing starts")
    await expect(page.locator("#gpus .none")).to_contain_text("No GPU is known")
    await expect(page.locator("#connection")).to_have_text("Live")


async def test_the_page_follows_a_run_from_the_queue_to_its_end(visitors: Visitors, owner: User) -> None:
    page = await visitors.visit("/queue/")
    await expect(page.locator("#connection")).to_have_text("Live")
    first, second = [await in_thread(story.submit, owner, f"Number {number}") for number in (1, 2)]
    waiting, running = page.locator("#waiting tbody tr"), page.locator("#running tbody tr")
    await expect(waiting).to_have_count(2, timeout=15_000)
    await expect(waiting.nth(1)).to_contain_text("Number 2")
    await expect(waiting.nth(1)).to_contain_text("No worker is running")
    await in_thread(workers.register, "here:1", "here", 1, ["GPU-1"])
    taken = await in_thread(lifecycle.claim, first.pk, "here:1 GPU GPU-1")
    assert taken
    await in_thread(story.tell, taken, [story.training_start(taken), story.progress(0, 3), story.usage()])
    await expect(running).to_have_count(1, timeout=15_000)
    await expect(running).to_contain_text("3 % of 6 epochs · about 1 min 15 s left")
    await expect(running).to_contain_text("here:1", timeout=15_000)
    await expect(waiting).to_contain_text("All slots are busy (1 slot).", timeout=15_000)
    await expect(waiting).to_have_attribute("data-run", str(second.pk))
    worker, gpu = page.locator("#workers tbody tr"), page.locator("#gpus tbody tr")
    await expect(worker).to_contain_text("1 of 1 busy")
    await expect(worker).to_contain_text("Alive, last heartbeat at")
    await expect(worker.get_by_role("link", name=f"Run {first.pk}")).to_be_visible()
    await expect(gpu).to_contain_text("2.0 GiB of 80.0 GiB", timeout=15_000)
    await in_thread(story.end, taken)
    await expect(running).to_have_count(0, timeout=15_000)
    await expect(waiting).to_contain_text("A worker will start it shortly.", timeout=15_000)
    await in_thread(workers.deregister, "here:1")
    await expect(page.locator("#workers .none")).to_be_visible(timeout=15_000)


async def test_owners_move_their_own_runs_and_are_told_what_they_may_not(visitors: Visitors, owner: User) -> None:
    other = await in_thread(User.objects.create_user, "lin")
    foreign = await in_thread(story.submit, other)
    mine = [await in_thread(story.submit, owner) for _ in range(2)]
    page = await visitors.visit("/queue/")
    rows = page.locator("#waiting tbody tr")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(0).get_by_role("button")).to_have_count(0)  # another user's
    up = rows.nth(2).get_by_role("button", name="Up by one: before the run in front of it")
    assert "Up" in await up.inner_text()  # words, no bare sign
    await up.click()
    await expect(rows.nth(1)).to_have_attribute("data-run", str(mine[1].pk))
    await expect(rows.nth(0)).to_have_attribute("data-run", str(foreign.pk))
    visitors.expected = re.compile("403")
    await rows.nth(1).get_by_role("button", name="To the front of the queue").click()
    await expect(rows.nth(1).get_by_role("alert")).to_contain_text(
        f"Run {foreign.pk}, the one before it, belongs to lin"
    )


async def test_staff_pause_it_on_its_page(visitors: Visitors, owner: User) -> None:
    await in_thread(_promote, owner)
    run = await in_thread(story.submit, owner)
    page = await visitors.visit("/queue/")
    await page.get_by_role("button", name="Pause the queue").click()
    await expect(page.locator("#queue")).to_contain_text("ada paused the queue")
    await expect(page.locator(f"tr[data-run='{run.pk}']")).to_contain_text("The queue is paused.")
    await page.get_by_role("button", name="Resume the queue").click()
    await expect(page.locator("#queue")).to_be_hidden()


@pytest.mark.parametrize("dark", [False, True])
async def test_it_breaks_no_rule_and_stays_still(visitors: Visitors, owner: User, dark: bool) -> None:
    await in_thread(_fill, owner)
    for size in (NARROW, ViewportSize(width=1024, height=768), ViewportSize(width=1440, height=900)):
        page = await visitors.visit("/queue/", dark=dark, size=size, script=WATCH)
        await expect(page.locator("#waiting tbody tr")).to_have_count(2)
        await page.wait_for_load_state("networkidle")
        assert await page.evaluate("window.shifted") <= MOST
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
        assert await broken_rules(page) == []


def _fill(owner: User) -> None:
    """Make all four tables have rows."""
    workers.register("here:1", "here", 2, ["GPU-1", "GPU-2"])
    taken = lifecycle.claim(story.submit(owner, "It trains").pk, "here:1 GPU GPU-1")
    assert taken is not None
    story.tell(taken, [story.training_start(taken), story.progress(0, 3), story.usage()])
    for number in (1, 2):
        story.submit(owner, f"It waits {number}, with a rather long name that has to be broken somewhere")
