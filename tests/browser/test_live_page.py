"""The live page in real Chromium: what it shows, and that it shows the same whenever it is opened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.async_api import Locator, Page, expect

from runs import lifecycle
from runs.events import EVENT_TYPES, format_time
from runs.models import Run, RunEvent
from tests.browser import story
from tests.browser.conftest import NEXT_TRY, Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PATIENCE, STALE, TOLD_FOR = 30_000, 10_000, 8_000  # milliseconds
SPIKE = 31_337
"""The step of the one batch with another loss."""
KINDS_HIDDEN_AT_FIRST = ("Batches", "Gradients", "Progress", "Machine")


def whole_story(owner: User) -> Run:
    """Create a completed run with events of every type."""
    run = story.start(story.submit(owner))
    for number in range(4):
        story.train(run, number)
    story.tell(run, [story.usage(), story.usage(), story.early_stop(3), story.final(3)])
    story.end(run)
    return run


def a_long_story(owner: User) -> Run:
    """Create a run of 50,000 batches of loss 0.5 but one, written as the recorder leaves them."""
    run = story.start(story.submit(owner))
    first = story.last_seq(run) + 1
    moment = format_time(timezone.now())
    batches = (story.batch(0, step, 9.0 if step == SPIKE else 0.5) for step in range(1, 50_001))
    RunEvent.objects.bulk_create(
        (
            RunEvent(
                run=run,
                seq=first + number,
                attempt=1,
                type=event.type,
                timestamp=moment,
                data=msgspec.json.encode(event).decode(),
            )
            for number, event in enumerate(batches)
        ),
        batch_size=5_000,
    )
    Run.objects.filter(pk=run.pk).update(last_seq=first + 49_999)
    story.tell(run, story.epoch_ends(0, 0.5, 0.5))
    return run


async def show_all_events(page: Page) -> None:
    for kind in KINDS_HIDDEN_AT_FIRST:
        await page.locator("#log").get_by_role("button", name=kind).click()


async def has_drawn(page: Page, seq: int) -> None:
    """Wait until the page shows the event with that number, and so everything before it."""
    await expect(page.locator(f'#log li[data-seq="{seq}"]')).to_be_attached(timeout=PATIENCE)


def chart(page: Page, title: str) -> Locator:
    return page.locator("article.chart", has=page.get_by_role("heading", name=title))


async def in_words(page: Page, title: str) -> str:
    """Return the chart's text alternative: how many values each curve has, and the newest."""
    return await chart(page, title).locator(".plot").get_attribute("aria-label") or ""


async def everything(page: Page) -> dict[str, Any]:
    """Return all that the page shows of its run, except how long it took."""
    await page.locator("#epochs").evaluate("details => { details.open = true }")
    await expect(page.locator("#epochs tbody tr").first).to_be_attached()
    await expect(page.locator("#about")).to_contain_text("No files.", timeout=PATIENCE)  # drawn after all else
    facts = await page.locator("#facts > div").all_inner_texts()
    return {
        "title": await page.title(),
        "status": await page.locator(".status-line").inner_text(),
        "facts": [fact for fact in facts if not fact.startswith("Duration")],
        "charts": [await plot.get_attribute("aria-label") for plot in await page.locator(".plot").all()],
        "epochs": await page.locator("#epochs table").inner_text(),
        "events": await page.locator("#log li").all_inner_texts(),
        "results": await page.locator("#results").inner_text(),
        "about": await page.locator("#about").inner_text(),
    }


async def test_every_event_is_told_and_drawn(visitors: Visitors, owner: User) -> None:
    run = await in_thread(whole_story, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    await show_all_events(page)
    await page.get_by_role("button", name="All curves").click()
    await expect(page.locator("#connection")).to_have_text("Ended, all events received")
    rows = await page.locator("#log li").evaluate_all("rows => rows.map(row => [row.dataset.type, row.innerText])")
    assert {type_ for type_, _ in rows} == set(EVENT_TYPES)
    assert all(len(text.split()) > 3 for _, text in rows)
    assert await in_words(page, "Loss") == (
        "Loss by epoch, 1 to 4. train: 4 values, newest 0.2500; val: 4 values, newest 0.2500; "
        "best epoch 4; early stop epoch 4."
    )
    assert "single batches: 8 values, newest 0.2500" in await in_words(page, "Batches")
    assert "features: 4 values" in await in_words(page, "Gradient norm")
    assert "rate: 5 values, newest 2.5e-4" in await in_words(page, "Learning rate")
    assert "samples/s: 4 values, newest 1,234" in await in_words(page, "Samples per second")
    assert "this run: 2 values, newest 1.5000; whole machine: 2 values, newest 1.8000" in await in_words(
        page, "Processor"
    )
    assert "GPU 0: 2 values, newest 2.0000" in await in_words(page, "GPU memory")
    await expect(page.locator("#machine-facts")).to_contain_text("1.5 of 2 cores")
    await expect(chart(page, "Precision")).to_contain_text("None of its values is a number.")
    assert await page.locator(".plot canvas").count() == 13


async def test_one_measurement_is_words_and_no_curve(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    await in_thread(story.tell, run, [story.usage()])
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator("#machine-facts")).to_contain_text("1.5 of 2 cores")
    await expect(page.locator("#machine-charts .chart")).to_have_count(0)
    await in_thread(story.tell, run, [story.usage()])
    await expect(page.locator("#machine-charts .chart")).to_have_count(4)


async def test_final_result_is_shown_as_it_was_sent(visitors: Visitors, owner: User) -> None:
    run = await in_thread(whole_story, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    split = page.locator('[data-split="val"]')
    cells = split.locator(".matrix tbody td")
    await expect(cells).to_have_text([r"TN30092.6 %", r"FP247.4 %", r"FN925.0 %", r"TP2775.0 %"])
    await expect(split.locator(".matrix tbody th")).to_have_text(["not 8", "8"])
    await expect(split.locator(".matrix thead th")).to_have_text(["not 8", "8"])
    await expect(split.locator('[data-name="final_sensitivity"] td')).to_have_text(["75.0 %", "58.9 to 86.3 %"])
    await expect(split.locator('[data-name="final_auroc_cm"] td')).to_have_text(["0.931", ""])
    await expect(split.locator('[data-name="final_f1_cm"] td')).to_have_text(["–", ""])
    await expect(split.locator("header")).to_contain_text("360 samples · checkpoint of epoch 4 · threshold 0.5")


async def test_a_page_opened_late_shows_what_one_opened_early_shows(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    early = await visitors.visit(f"/runs/{run.pk}/")
    await expect(early.locator("#status")).to_have_text("Queued")
    await expect(early.locator("#doing")).to_contain_text("Number 1 in the queue")
    run = await in_thread(story.start, run)
    await expect(early.locator("#status")).to_have_text("In progress")
    for number in range(4):
        await has_drawn(early, await in_thread(story.train, run, number))
    await expect(early.locator("#doing")).to_have_text(
        "4 of 6 epochs done · batch 10 of 20 · 1,234 samples/s · about 1 min 15 s left"
    )
    await expect(early).to_have_title(re.compile(r"^58 % Is it an eight\?"))
    recall = early.locator("#facts > div", has_text="Val recall then")
    await expect(recall).to_have_text("Val recall then75.0 %epoch 4")  # of the epoch with the best AUROC
    await in_thread(story.tell, run, [story.usage(), story.usage(), story.early_stop(3), story.final(3)])
    last = await in_thread(story.end, run)
    late = await visitors.visit(f"/runs/{run.pk}/")
    for page in (early, late):
        await has_drawn(page, last)
        await show_all_events(page)
        await expect(page.locator("#doing")).to_contain_text("4 of 6 epochs done in")
    assert await everything(early) == await everything(late)
    await late.reload()
    await has_drawn(late, last)
    await show_all_events(late)
    assert await everything(early) == await everything(late)


async def test_a_page_outlives_its_server_without_gap_or_duplicate(
    visitors_of_own_server: Visitors, owner: User
) -> None:
    visitors, run = visitors_of_own_server, await in_thread(lambda: story.start(story.submit(owner)))
    page = await visitors.visit_with_clock(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.train, run, 0))
    await in_thread(visitors.server.kill)
    await expect(page.locator("#connection")).to_contain_text("Reconnecting")
    for number in (1, 2):
        await in_thread(story.train, run, number)
    await page.clock.fast_forward(STALE)
    await expect(page.locator("#connection")).to_contain_text("Stale: no connection for", timeout=PATIENCE)
    await in_thread(visitors.server.start)
    await page.clock.fast_forward(NEXT_TRY)
    await has_drawn(page, await in_thread(story.train, run, 3))
    await expect(page.locator("#connection")).to_have_text(re.compile(r"^Connected again: caught up \d+ events$"))
    await page.clock.fast_forward(TOLD_FOR)
    await expect(page.locator("#connection")).to_have_text("Live", timeout=PATIENCE)
    await show_all_events(page)
    seqs = await page.locator("#log li").evaluate_all("rows => rows.map(row => Number(row.dataset.seq))")
    assert seqs == list(range(await in_thread(story.last_seq, run), 0, -1))
    assert "train: 4 values" in await in_words(page, "Loss")


async def test_a_resumed_run_drops_what_is_void(visitors: Visitors, owner: User) -> None:
    """Epochs 2 and 3 of the first attempt came after the checkpoint: they are trained again, with other numbers."""
    run = await in_thread(lambda: story.start(story.submit(owner)))
    for number in range(4):
        await in_thread(story.train, run, number)
    early = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(early, await in_thread(story.last_seq, run))
    assert "train: 4 values" in await in_words(early, "Loss")
    await in_thread(lifecycle.release, run.pk, run.attempt, "The server was stopped.")
    await expect(early.locator("#notices")).to_contain_text("The server was stopped.")
    run = await in_thread(lambda: story.start(run, resumed_from_epoch=1))
    await has_drawn(early, await in_thread(story.tell, run, story.epoch(2, loss=7.0, auroc=0.5)))
    late = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(late, await in_thread(story.last_seq, run))
    for page in (early, late):
        assert await in_words(page, "Loss") == (
            "Loss by epoch, 1 to 3. train: 3 values, newest 7.0000; val: 3 values, newest 7.0000; "
            "best epoch 2; attempt 2 after epoch 2."
        )
        assert "single batches: 6 values, newest 7.0000" in await in_words(page, "Batches")
        assert "features: 3 values" in await in_words(page, "Gradient norm")
        assert "by step, 0 to 60" in await in_words(page, "Learning rate")
        await expect(page.locator("#doing")).to_contain_text("3 of 6 epochs done")
        await expect(page.locator("#facts")).to_contain_text("2resumed")


async def test_a_run_that_starts_again_from_scratch_drops_everything(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    await in_thread(story.train, run, 0)
    await in_thread(lifecycle.release, run.pk, run.attempt, "The server was stopped.")
    run = await in_thread(lambda: story.start(run))
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    for title in ("Loss", "Batches", "Gradient norm", "Learning rate"):
        await expect(chart(page, title).locator(".empty")).to_be_visible()
        await expect(chart(page, title).locator(".plot")).to_be_hidden()


async def test_unknown_numbers_are_gaps(visitors: Visitors, owner: User) -> None:
    """A diverged run: nulls in every kind of number."""

    def diverging() -> Run:
        run = story.start(story.submit(owner))
        story.train(run, 0)
        story.tell(run, story.epoch(1, loss=None, auroc=None))
        story.tell(run, [], notes=[{"code": "diverged", "text": "The loss is not finite since epoch 1."}])
        return run

    run = await in_thread(diverging)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    await expect(page.locator("#notices")).to_have_text("The loss is not finite since epoch 1.")
    assert "train: 1 values, newest –; val: 1 values, newest –; best epoch 1." in await in_words(page, "Loss")
    assert "single batches: 2 values, newest –" in await in_words(page, "Batches")
    assert "total: 1 values, newest –; features: 1 values, newest –; head: 2 values" in await in_words(
        page, "Gradient norm"
    )
    await expect(chart(page, "Gradient norm").locator(".note")).to_contain_text(
        "1 sample had gradients that are not finite"
    )
    await page.locator("#epochs summary").click()
    await expect(page.locator("#epochs tbody tr").first).to_be_attached()
    head = await page.locator("#epochs thead th").all_inner_texts()
    cells = await page.locator("#epochs tbody tr").first.locator("th, td").all_inner_texts()
    row = dict(zip(head, cells, strict=True))
    assert row | {"Epoch": "2", "Validation loss": "–", "Validation AUROC": "–"} == row
    text = await page.locator("body").inner_text()
    assert not re.search(r"NaN|undefined|Infinity|null", text)


async def test_a_failed_run_begins_with_the_cure_and_the_last_lines(visitors: Visitors, owner: User) -> None:
    cure = "The training diverged. Lower optimizer.learning_rate (try 0.01), or limit the steps."

    def told() -> Run:
        run = story.start(story.submit(owner))
        story.tell(run, story.epoch_ends(0, None, 0.5), notes=[{"code": "diverged", "text": cure}])
        log = Path(visitors.server.log.parent) / "home" / "runs" / str(run.pk) / "train.log"
        log.parent.mkdir(parents=True)
        log.write_text("".join(f"line {number}\n" for number in range(1, 101)))
        story.end(run, "failed", cure)
        return run

    run = await in_thread(told)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator("#actions :is(a, button)").first).to_have_text("Change and run again")
    await expect(page.locator("#clone")).to_be_hidden()
    lines = page.locator("#log-tail-lines li")
    await expect(lines).to_have_count(30)
    await expect(lines.first).to_have_text("line 71")
    await expect(lines.last).to_have_text("line 100")
    log, curves = await page.locator("#log-tail").bounding_box(), await page.locator("#curves-part").bounding_box()
    assert log
    assert curves
    assert log["y"] < 600 < curves["y"]  # in the first screen
    await expect(page.locator("article.chart:visible h3")).to_contain_text(["Loss"])
    await expect(page.locator("article.chart:visible", has_text="No epoch has ended yet")).to_have_count(0)
    assert "diverged" not in await page.locator("#hint-cards li").evaluate_all("all => all.map(li => li.dataset.code)")
    await page.get_by_role("link", name="Try again with learning rate 0.01").click()
    await expect(page.locator("#f-optimizer-learning_rate")).to_have_value("0.01")


async def test_one_page_counts_epochs_in_one_way(visitors: Visitors, owner: User) -> None:
    """The story has four epochs, 0 to 3 as data have them; the best one is the last."""
    run = await in_thread(whole_story, owner)
    for path in (f"/runs/{run.pk}/", "/?columns=best,best_epoch", f"/compare/?runs={run.pk}"):
        page = await visitors.visit(path)
        await expect(page.get_by_text(re.compile("epoch 4")).first).to_be_visible(timeout=PATIENCE)
        texts = [await page.locator("main").inner_text()]
        texts += await page.locator("main [aria-label]").evaluate_all("all => all.map(node => node.ariaLabel)")
        texts += await page.locator("main [title]").evaluate_all("all => all.map(node => node.title)")
        numbers = {int(found) for found in re.findall(r"\b[Ee]poch (\d+)", "\n".join(texts))}
        assert numbers <= {1, 2, 3, 4}
        assert 4 in numbers


async def test_a_failed_run_says_why(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page = await visitors.visit(f"/runs/{run.pk}/")
    await in_thread(story.end, run, "failed", "The training was killed by SIGKILL.")
    await expect(page.locator("#status")).to_have_text("Failed")
    notice = page.get_by_role("alert")
    await expect(notice).to_contain_text("The training was killed by SIGKILL.")
    await expect(notice.get_by_role("link", name="Pre-flight report")).to_have_attribute(
        "href", f"/runs/{run.pk}/preflight/"
    )
    await expect(page.locator("#curves-part")).to_be_hidden()  # without a value there is nothing to draw
    await expect(page.locator("#connection")).to_have_text("Ended, all events received")
    assert "live" not in (await page.locator("#connection").get_attribute("class") or "").split()
    await expect(page).to_have_title(re.compile("^✕ "))
    icon = await page.locator("#favicon").get_attribute("href")
    assert icon is not None
    assert icon.startswith("data:image/svg+xml,")


async def test_a_name_stays_text(visitors: Visitors, owner: User) -> None:
    name = "<img src=x onerror=alert(1)> & </script>"
    run = await in_thread(story.submit, owner, name)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    await expect(page).to_have_title(f"… {name} · Livetrain")
    listed = await visitors.visit("/")
    await expect(listed.locator("tbody a")).to_have_text([name])


async def test_hovering_shows_the_values_of_that_epoch_in_all_charts(visitors: Visitors, owner: User) -> None:
    run = await in_thread(whole_story, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    plot = chart(page, "Loss").locator(".u-over")
    await plot.hover(position={"x": 1, "y": 60})
    await expect(chart(page, "Loss").locator(".readout")).to_have_text("train 1.0000val 1.0000epoch 1")
    await expect(chart(page, "AUROC").locator(".readout")).to_have_text("val 0.500epoch 1")
    await page.mouse.move(2, 2)
    await expect(chart(page, "Loss").locator(".readout")).to_have_text("train 0.2500val 0.2500")
    await chart(page, "Loss").get_by_role("button", name="log").click()
    await expect(chart(page, "Loss").get_by_role("button", name="log")).to_have_attribute("aria-pressed", "true")


async def test_without_websocket_the_page_polls(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page = await visitors.visit("/")
    await page.route_web_socket(re.compile("/ws/runs/[0-9]"), lambda route: route.close(code=1011))
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
    await expect(page.locator("#connection")).to_have_text("Live, without WebSocket", timeout=PATIENCE)
    await has_drawn(page, await in_thread(story.train, run, 0))
    assert "train: 1 values" in await in_words(page, "Loss")


async def test_a_visitor_who_is_logged_out_is_told(visitors_of_own_server: Visitors, owner: User) -> None:
    visitors, run = visitors_of_own_server, await in_thread(story.submit, owner)
    page = await visitors.visit_with_clock(f"/runs/{run.pk}/")
    await expect(page.locator("#connection")).to_have_text("Live")
    visitors.expected = re.compile("\\b401\\b")
    await page.context.clear_cookies()
    await in_thread(visitors.server.kill)
    await in_thread(visitors.server.start)
    await page.clock.fast_forward(NEXT_TRY)
    await expect(page.locator("#connection")).to_contain_text("you are logged out", timeout=PATIENCE)
    again = page.locator("#connection").get_by_role("link")
    await expect(again).to_have_attribute("href", f"/login/?next=%2Fruns%2F{run.pk}%2F")


async def test_a_long_history_stays_bounded(visitors: Visitors, owner: User) -> None:
    """50,000 sampled batches, one a spike: every kind of memory of the page is limited, and the page says so."""
    run = await in_thread(a_long_story, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await has_drawn(page, await in_thread(story.last_seq, run))
    await page.locator("#log").get_by_role("button", name="Batches").click()
    found = re.search(r"single batches: (\d+) values", await in_words(page, "Batches"))
    assert found
    assert 500 <= int(found[1]) <= 6_000
    await expect(chart(page, "Batches").locator(".note")).to_contain_text("of 50,000 samples are drawn")
    await expect(page.locator("#log .note")).to_contain_text("older events not kept here")
    assert await page.locator("#log li").count() == 100
