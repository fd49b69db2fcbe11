"""The page of a failed run in real Chromium: one cure as a button, nothing twice, the end of the log in view."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, get_args

import pytest
from django.contrib.auth.models import User
from playwright.async_api import expect

from runs import recorder
from runs.events import EpochEnd, Phase, utc_now
from runs.models import Run
from runs.statistics.metric_names import COUNTS, EPOCH_METRICS
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
KILLED = (
    "The training process was killed by SIGKILL (the system does that when memory runs out: lower data.batch_size or "
    "data.image_size)."
)
SECOND = f"{KILLED} That had happened before, so it is not started again. Attempt 1: {KILLED}"


def failed(owner: User, reason: str, note: str = "", home: Path | None = None) -> Run:
    run = story.start(story.submit(owner))
    if note:
        recorder.add_note(run.pk, "crashed", note)
    if home:
        log = home / "runs" / str(run.pk) / "train.log"
        log.parent.mkdir(parents=True)
        log.write_text("".join(f"line {number}\n" for number in range(200)))
    story.end(run, "failed", reason)
    return run


@pytest.mark.parametrize(
    ("reason", "words", "field"),
    [
        (KILLED, "Try again with batch size 16", "data.batch_size"),
        ("trainer.max_epochs: Too many for this.", "Change max epochs and run again", "trainer.max_epochs"),
        (
            "'/data/x.csv' does not exist; give a path inside the data roots (/data).",
            "Change source path",
            "source_path",
        ),
    ],
)
async def test_the_cure_is_a_button_that_opens_the_form(
    visitors: Visitors, owner: User, reason: str, words: str, field: str
) -> None:
    run = await in_thread(failed, owner, reason)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await page.locator("#notices").get_by_role("link", name=words).click()
    await expect(page.locator("#form[data-ready]")).to_be_attached(timeout=15_000)
    if field == "data.batch_size":
        await expect(page.locator("#changed")).to_have_text(f"1 option differs from run {run.pk}.")
        await expect(page.locator("#f-data-batch_size")).to_have_value("16")
    else:
        await expect(page.get_by_text("The run failed here: change this before it runs again.")).to_be_visible()


async def test_what_the_reason_says_is_no_note_as_well(visitors: Visitors, owner: User) -> None:
    run = await in_thread(failed, owner, SECOND, f"Attempt 1: {KILLED}")
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator("#notices .notice")).to_have_count(1)
    await expect(page.locator("#notices .button.primary")).to_have_count(1)
    await expect(page.locator("#connection")).to_have_text("Ended, all events received")


async def test_the_end_of_the_log_is_in_view(visitors: Visitors, owner: User) -> None:
    home = Path(visitors.server.log.parent) / "home"
    run = await in_thread(failed, owner, "RuntimeError: no.", "", home)
    page = await visitors.visit(f"/runs/{run.pk}/")
    lines = page.locator("#log-tail-lines")
    await expect(lines.locator("li")).to_have_count(30)
    await expect(lines.locator("li").last).to_contain_text("line 199")
    bottom = "node => Math.abs(node.scrollHeight - node.clientHeight - node.scrollTop) <= 2"
    assert await lines.evaluate(bottom)


def diverged(owner: User) -> Run:
    """Make a run whose one epoch has no number, though batches and gradients before it had some."""
    run = story.start(story.submit(owner))
    nothing = dict.fromkeys((*EPOCH_METRICS, *(f"val_{name}" for name in COUNTS)))
    ends = [
        EpochEnd(
            epoch=0,
            phase=phase,
            metrics={name: None for name in nothing if name.startswith(phase)},
            timestamp=utc_now(),
        )
        for phase in PHASES
    ]
    story.tell(run, [*story.inside_epoch(0, 0.5), *ends])
    story.end(run, "failed", "The training diverged: in epoch 1 the loss is no longer a finite number.")
    return run


async def test_of_a_run_that_diverged_nothing_empty_is_shown(visitors: Visitors, owner: User) -> None:
    run = await in_thread(diverged, owner)
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator("html[data-settled]")).to_be_attached(timeout=15_000)
    await page.locator("#epoch-matrix").scroll_into_view_if_needed()
    words = page.locator("#epoch-matrix-words")
    await expect(words).to_have_text(re.compile("^1 epoch, none with a matrix: .* were not finite numbers"))
    for empty in ("#epoch-matrix-scrubbing", "#epoch-matrix-place", "#epochs", "#all-curves", "#machine"):
        await expect(page.locator(empty)).to_be_hidden()
    shown = page.locator("#curves article.chart:visible h3")
    await expect(shown).to_contain_text(["Batches", "Gradient norm", "Learning rate", "Samples per second"])
    width = "node => node.getBoundingClientRect().width"
    last = page.locator("#curves article.chart:visible").last
    for size in (1440, 1024, 390):  # of two or three columns none is left empty beside it
        await page.set_viewport_size({"width": size, "height": 900})
        filled = await last.evaluate(width), await page.locator("#curves").evaluate(width)
        assert (filled[0] == filled[1]) is (size != 1024), size
