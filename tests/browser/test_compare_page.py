"""Runs side by side in real Chromium: what differs, what came out, and an address that holds it all."""

from __future__ import annotations

import re
import zipfile
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from playwright.async_api import Locator, Page, ViewportSize, expect

from experiments.training.contract.config import TrainingConfig
from runs import lifecycle
from runs.evaluation import error_pictures
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import WIDE, Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_error_gallery import png
from tests.browser.test_list_page import overflow
from tests.browser.test_live_page import chart, in_words
from tests.browser.test_pages_stay_still import MOST, WATCH
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def submitted(owner: User, rate: float) -> Run:
    config = TrainingConfig.model_validate(
        {
            "experiment_name": f"Rate {rate}",
            "source_path": "builtin:digits-is-8",
            "trainer": {"max_epochs": 6},
            "optimizer": {"learning_rate": rate},
        }
    )
    return Run.objects.get(pk=lifecycle.create(owner, config.model_dump(mode="json")).pk)


def trained(owner: User, rate: float, epochs: int) -> Run:
    """Create a completed run; the more epochs, the better: its AUROC is 1 - 0.5 / epochs."""
    run = story.start(submitted(owner, rate))
    for number in range(epochs):
        story.train(run, number)
    story.tell(run, [story.final(epochs - 1)])
    story.end(run)
    return run


async def compared(visitors: Visitors, runs: list[Run], size: ViewportSize = WIDE) -> Page:
    page = await visitors.visit(f"/compare/?runs={','.join(str(run.pk) for run in runs)}", size=size)
    await expect(page.locator("#chips li")).to_have_count(len(runs))
    return page


async def drawn_in_words(page: Page, title: str) -> str:
    """Return the text alternative of a chart, which is drawn when a reader comes near it."""
    await chart(page, title).scroll_into_view_if_needed()
    await expect(chart(page, title).locator(".plot")).to_have_attribute("aria-label", re.compile("value"))
    return await in_words(page, title)


async def test_only_what_differs_is_shown_and_no_noise_is_marked(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(lambda: [trained(owner, 0.01, 2), trained(owner, 0.001, 4)])
    page = await compared(visitors, runs)
    rows = page.locator("#options tbody tr")
    names = await rows.locator("th").all_inner_texts()
    assert names == ["experiment_name", "optimizer.learning_rate"]
    await expect(rows.nth(1).locator("td")).to_have_text(["0.01", "0.001"])
    await page.get_by_label("Equal options too").check()
    await expect(page.locator("#options tr.differs")).to_have_count(2)
    assert await rows.count() > 20
    best = page.locator("#scores tr[data-name='val_auroc']")
    await expect(best.locator("td")).to_have_text(["0.750epoch 2", "0.875epoch 4"])
    loss = page.locator("#scores tr[data-name='val_loss'] td")
    await expect(loss).to_have_text(["0.5000epoch 2", "0.2500epoch 4"])
    equal = page.locator("#scores tr[data-name='final_auroc_cm'] td")
    await expect(equal).to_have_text(["0.931", "0.931"])
    await expect(row_of(page).locator(".verdict")).to_contain_text("not compared: Run")  # without predictions
    await expect(page.locator("#scores .is-best")).to_have_count(0)
    await expect(page.locator("#matrices article")).to_have_count(2)
    await expect(page.locator("#parallel-part")).to_be_hidden()  # two lines say nothing
    words = await drawn_in_words(page, "Validation loss")
    assert (
        f"#{runs[0].pk} Rate 0.01: 2 values, newest 0.5000; #{runs[1].pk} Rate 0.001: 4 values, newest 0.2500" in words
    )
    assert await broken_rules(page) == []


async def test_the_address_holds_what_was_chosen(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(lambda: [trained(owner, 0.01 / n, n) for n in (1, 2, 3)])
    page = await compared(visitors, runs[:2])
    await page.get_by_label("Add runs").fill(str(runs[2].pk))
    await page.get_by_label("Add runs").press("Enter")
    await expect(page.locator("#chips li")).to_have_count(3)
    await page.locator("#by").select_option("step")
    await page.get_by_label("Smoothing").fill("0.6")
    await page.get_by_text("Which curves").click()
    await page.get_by_label("Batch loss").check()
    await page.get_by_role("button", name=f"Curves of #{runs[0].pk}").click()
    await expect(page).to_have_url(re.compile(r"by=step.*smooth=0\.6.*metrics=.*batch/loss.*hidden="))
    shared = await visitors.visit(page.url.removeprefix(visitors.server.url))
    for view in (page, shared):
        await expect(view.locator("#chips li")).to_have_count(3)
        await expect(view.locator("article.chart", has_text="Batch loss")).to_be_visible()
        assert "Batch loss by step, 10 to 60" in await drawn_in_words(view, "Batch loss")
        assert f"#{runs[0].pk}" not in await drawn_in_words(view, "Batch loss")
        await expect(view.get_by_label("Smoothing")).to_have_value("0.6")
    await page.get_by_role("button", name=f"Remove #{runs[1].pk}").click()
    await expect(page.locator("#chips li")).to_have_count(2)
    assert f"runs={runs[0].pk},{runs[2].pk}" in page.url


def predicted(visitors: Visitors, owner: User, scores: list[float]) -> Run:
    """Create a completed run with these scores of its validation split."""
    run = trained(owner, 0.01, 2)
    folder = Path(visitors.server.log.parent) / "home" / "runs" / str(run.pk)
    folder.mkdir(parents=True)
    columns = {
        "split": ["val"] * 80,
        "sample_id": [f"s{number}" for number in range(80)],
        "patient_id": pa.array([None] * 80, pa.string()),
        "label": [0, 1] * 40,
        "score": scores,
    }
    pq.write_table(pa.table(columns), folder / "predictions.parquet")
    return run


async def test_a_badge_needs_the_same_samples_and_more_than_chance(visitors: Visitors, owner: User) -> None:
    """Scores that separate the classes, noise on the same samples, and the same scores once more."""
    labels = [0, 1] * 40
    noise = [float(number * 37 % 80) for number in range(80)]
    scores = {"clear": [label + value / 100 for label, value in zip(labels, noise, strict=True)], "noise": noise}

    told = partial(predicted, visitors, owner)
    clear, noisy, again = [await in_thread(told, scores[kind]) for kind in ("clear", "noise", "clear")]
    page = await compared(visitors, [noisy, clear])
    row = row_of(page)
    await expect(row.locator("th")).to_contain_text(f"run {clear.pk} is better (n = 80)", timeout=15_000)
    await expect(row.locator("td").nth(1)).to_contain_text("best")
    await expect(row.locator("td").nth(0)).to_contain_text("below the highest")
    page = await compared(visitors, [clear, again])
    await expect(row_of(page).locator("th")).to_contain_text("not distinguishable (n = 80)", timeout=15_000)
    await expect(page.locator("#scores .is-best")).to_have_count(0)


async def test_runs_are_compared_with_a_reference_down_to_the_samples(visitors: Visitors, owner: User) -> None:
    """Perfect scores, two of them wrong, and noise: what is shown, in words, in the address, and sample by sample."""
    perfect = [0.9 if number % 2 else 0.1 for number in range(80)]
    nearly = [0.7, 0.2, *perfect[2:]]
    noise = [number * 37 % 80 / 80 for number in range(80)]
    runs = [await in_thread(predicted, visitors, owner, scores) for scores in (perfect, nearly, noise)]
    page = await compared(visitors, runs)
    names = [f"#{run.pk}" for run in runs]
    rows = page.locator("#differences tbody tr")
    await expect(rows).to_have_count(12, timeout=30_000)
    accuracy = page.locator("#differences tr[data-name='final_accuracy_cm']")
    await expect(accuracy.locator("td")).to_have_text(
        ["100.0 %", "97.5 %", "-2.5 points", re.compile("to"), "0.500", "no difference shown"]
    )
    glance = page.locator("#glance tbody tr")
    await expect(glance.nth(1)).to_contain_text(f"{names[0]} decides better: difference shown")
    await expect(page.locator("#differences-words")).to_contain_text(
        f"80 samples that all 3 runs evaluated, treated as independent; 1,000 resamples. Decisions at a score of the "
        f"threshold or more: {names[0]} at 0.5"
    )
    await expect(page.locator("#differences-words")).to_contain_text(f"2 runs are compared with {names[0]}")
    await glance.nth(1).get_by_role("button").click()
    await expect(page).to_have_url(re.compile(f"against={runs[2].pk}"))
    await page.get_by_label("Reference run").select_option(str(runs[1].pk))
    await expect(page).to_have_url(re.compile(f"reference={runs[1].pk}"))
    shared = await visitors.visit(page.url.removeprefix(visitors.server.url))
    await expect(shared.locator("#differences thead th").first).to_contain_text(names[1], timeout=30_000)
    await expect(shared.get_by_label("Compared with it")).to_have_value(str(runs[2].pk))
    await shared.get_by_label("Compared with it").select_option(str(runs[0].pk))
    await expect(shared.locator("#decisions-words")).to_contain_text(f"only {names[0]} in 2, only {names[1]} in 0")
    await shared.get_by_text(f"Only {names[0]} is right: 2 samples").click()
    flipped = shared.locator(".flipped[data-right='run']")
    await expect(flipped.locator("tbody th")).to_have_text(["s1", "s0"])
    await expect(flipped.locator("tbody tr").first.locator("td")).to_have_text(
        ["8", "not 8 (0.200)", "8 (0.900)", ""], timeout=60_000
    )
    await expect(shared.locator("p.flipped")).to_have_text(f"Only {names[1]} is right: 0 samples")
    async with shared.expect_download() as download:
        await shared.get_by_text("All of them as CSV").click()
    assert (await download.value).suggested_filename == f"flipped-{runs[1].pk}-{runs[0].pk}-val.csv"
    assert await broken_rules(shared) == []


async def test_flipped_samples_show_the_pictures_that_a_run_keeps(visitors: Visitors, owner: User) -> None:
    scores = [[0.1, 0.9] * 40, [0.6, 0.9, 0.7] + [0.9, 0.1] * 38 + [0.9]]
    runs = [await in_thread(predicted, visitors, owner, some) for some in scores]
    folder = Path(visitors.server.log.parent) / "home" / "runs" / str(runs[1].pk)
    with zipfile.ZipFile(folder / error_pictures.NAME, "w") as archive:
        archive.writestr("val/2.png", png(200))
    page = await compared(visitors, runs)
    await page.locator(".flipped[data-right='reference'] summary").click(timeout=60_000)
    row = page.locator(".flipped[data-right='reference'] tbody tr", has=page.get_by_role("rowheader", name="s2"))
    shown = row.first.locator("img")
    await expect(shown).to_have_count(1, timeout=60_000)
    assert await shown.evaluate("node => node.decode().then(() => node.naturalWidth)") == 16
    assert await page.locator(".flipped img").count() == 1
    visitors.expected = re.compile("404")  # there is none larger: the run did not note its files
    await row.first.get_by_role("button", name="Look at s2").click()
    dialog = page.get_by_role("dialog", name="s2")
    await expect(dialog.locator("dd")).to_have_text(["s2", "–", "not 8", "not 8 (0.100)", "8 (0.700)"])
    await expect(dialog).to_contain_text("This is the picture that the run keeps", timeout=60_000)
    assert await dialog.locator("img").evaluate("node => node.decode().then(() => node.naturalWidth)") == 16
    assert await broken_rules(page) == []


@pytest.mark.parametrize("count", [2, 4])
async def test_what_is_below_stays_where_it_is_when_differences_come(
    visitors: Visitors, owner: User, count: int
) -> None:
    runs = [await in_thread(predicted, visitors, owner, [0.1 * place, 0.9] * 40) for place in range(count)]
    address = f"/compare/?runs={','.join(str(run.pk) for run in runs)}"
    page = await visitors.visit(address, script=WATCH)
    await expect(page.locator("#differences tbody tr")).to_have_count(12, timeout=30_000)
    await page.wait_for_load_state("networkidle")
    assert float(await page.evaluate("window.shifted")) <= MOST


async def test_it_prints_without_what_only_a_screen_can_do(visitors: Visitors, owner: User) -> None:
    runs = [await in_thread(predicted, visitors, owner, [score] * 40 + [0.2] * 40) for score in (0.9, 0.1, 0.8)]
    page = await compared(visitors, runs, size=ViewportSize(width=688, height=900))  # A4 without its margins
    await expect(page.locator("#differences tbody tr")).to_have_count(12, timeout=30_000)
    await page.emulate_media(media="print")
    for hidden in (".bar", "#add-form", "#smooth", "#reference", "#glance button", ".flipped", "#connection"):
        await expect(page.locator(hidden).first).to_be_hidden()
    await expect(page.locator("#differences")).to_be_visible()
    cut = """() => [...document.querySelectorAll("main *")]
        .filter((node) => node.getBoundingClientRect().right > innerWidth + 1 && node.getClientRects().length)
        .map((node) => node.outerHTML.slice(0, 80))"""
    assert await page.evaluate(cut) == []


def row_of(page: Page) -> Locator:
    return page.locator("#scores tbody tr[data-name='final_auroc_cm']")


async def test_other_losses_are_not_drawn_over_each_other(visitors: Visitors, owner: User) -> None:
    runs = await in_thread(lambda: [trained(owner, rate, 2) for rate in (0.01, 0.001)])
    config = runs[1].config | {"loss": runs[1].config["loss"] | {"name": "focal"}}
    await in_thread(Run.objects.filter(pk=runs[1].pk).update, config=config)
    page = await compared(visitors, runs)
    await expect(page.locator("#warnings")).to_contain_text("different losses")
    await expect(page.get_by_role("heading", name="Validation AUROC")).to_be_visible()
    await expect(page.get_by_role("heading", name="loss")).to_have_count(0)


async def test_a_training_run_goes_on_without_reload(visitors: Visitors, owner: User) -> None:
    done = await in_thread(trained, owner, 0.01, 2)
    run = await in_thread(lambda: story.start(submitted(owner, 0.001)))
    page = await compared(visitors, [done, run])
    pill = page.locator(f'#chips li[data-run="{run.pk}"] .pill')
    await expect(pill).to_have_text("In progress")
    for number in range(3):
        await in_thread(story.train, run, number)
    await expect(page.locator("article.chart", has_text="Validation loss").locator(".readout")).to_contain_text(
        "0.3333"
    )
    await in_thread(story.end, run)
    await expect(pill).to_have_text("Completed")
    await expect(page.locator("#scores tr[data-name='val_auroc'] td").nth(1)).to_contain_text("0.833")


async def test_what_cannot_be_compared_is_said(visitors: Visitors, owner: User) -> None:
    visitors.expected = re.compile("404")
    page = await visitors.visit("/compare/")
    await expect(page.locator("#few")).to_contain_text("A comparison needs two runs or more")
    assert await broken_rules(page) == []
    await page.get_by_label("Add runs").fill("seven")
    await page.get_by_label("Add runs").press("Enter")
    await expect(page.locator("#problem")).to_have_text("No run matches “seven”.")
    run = await in_thread(trained, owner, 0.01, 1)
    await page.get_by_label("Add runs").fill("rate 0.0")
    await expect(page.locator("#offered option")).to_have_attribute("value", str(run.pk))
    await page.get_by_label("Add runs").press("Enter")  # by name
    await expect(page.locator("#chips li")).to_contain_text("Rate 0.01")
    await expect(page.locator("#few")).to_contain_text("One run so far.")
    await page.goto(f"{visitors.server.url}/compare/?runs={run.pk},999999,x")
    await expect(page.locator("#gone")).to_contain_text("There is no run 999999 (any more).")
    await expect(page.locator("#chips li")).to_have_count(1)


@pytest.mark.parametrize("width", [1024, 390])
async def test_it_fits_the_screen(visitors: Visitors, owner: User, width: int) -> None:
    runs = await in_thread(lambda: [trained(owner, 0.01 / n, 1) for n in range(1, 5)])
    page = await compared(visitors, runs, size=ViewportSize(width=width, height=900))
    await expect(page.locator("#matrices article")).to_have_count(4)
    assert await overflow(page) == 0
    cut = "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.id)"
    assert await page.locator(".blocks:visible").evaluate_all(cut) == []
