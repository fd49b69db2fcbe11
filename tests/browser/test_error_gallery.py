"""Errors of a run as pictures in real Chromium: drawn, opened, told where they are not to be had."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from PIL import Image
from playwright.async_api import Page, ViewportSize, expect

from experiments.training.contract.inference import IMAGES_METADATA
from experiments.training.data.files.catalogue import BUILTINS
from experiments.training.data.image_files import Rendering
from realtime.first_facts import WARNINGS
from runs.evaluation import error_pictures
from runs.models import Run
from tests.browser.conftest import WIDE, Visitors
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.browser.test_final_curves import LABELS, LOGITS, SCORES, SIZE, evaluated
from tests.browser.test_list_page import overflow
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
ASKED = """() => performance.getEntriesByType("resource").sort((a, b) => a.startTime - b.startTime)
    .map(({ name }) => name).filter((name) => name.includes("/api/"))"""
STOPS = "nodes => nodes.map((node) => node.tabIndex >= 0)"
SLOW = 60_000  # milliseconds: what the server draws, on a machine that does much else
MISSED = np.flatnonzero((LABELS == 1) & (SCORES < 0.5))
WORST = MISSED[SCORES[MISSED].argsort(kind="stable")]
LONG = (
    "In the test split the mean score of pneumonia is 0.731 at a prevalence of 0.5. Scores of this run are shifted by "
    "model.pos_weight (positives count 0.333 times as much): they rank samples, they are no probabilities, and a "
    "threshold means something else than it would for probabilities. Recalibrated by the method of Platt, fitted on "
    "the validation split at its prevalence of 0.742, the mean score is 0.7: see Recalibration on the page of the run."
)
ALARMS = np.flatnonzero((LABELS == 0) & (SCORES >= 0.5))


def png(value: int) -> bytes:
    content = io.BytesIO()
    Image.new("L", (16, 16), value).save(content, "PNG")
    return content.getvalue()


def digits(owner: User, home: Path, *, kept: int = 0) -> Run:
    """Create a run on the built-in digits that keeps the pictures of so many of its worst misses."""
    run = evaluated(owner, home)
    rename(run, home, BUILTINS["digits-is-8"].ids[:SIZE])
    with zipfile.ZipFile(folder_of(run, home) / error_pictures.NAME, "w") as archive:
        for place in WORST[:kept]:
            archive.writestr(f"test/{place}.png", png(200))
    return run


def gone(owner: User, home: Path) -> Run:
    """Create a run on a path that is no longer there."""
    run = evaluated(owner, home)
    rename(run, home, [f"images/{number}.png" for number in range(SIZE)], files=True)
    Run.objects.filter(pk=run.pk).update(source_path="/nowhere/images")
    return run


def rename(run: Run, home: Path, ids: list[str], *, files: bool = False) -> None:
    path = folder_of(run, home) / "predictions.parquet"
    table = pq.read_table(path)
    table = table.set_column(table.schema.get_field_index("sample_id"), "sample_id", pa.array(ids))
    if files:
        table = table.append_column("file", pa.array(ids)).replace_schema_metadata(
            {IMAGES_METADATA: msgspec.json.encode(Rendering(1, 1))}
        )
    pq.write_table(table, path)


def folder_of(run: Run, home: Path) -> Path:
    return home / "runs" / str(run.pk)


async def opened(visitors: Visitors, make: Any, size: ViewportSize = WIDE) -> tuple[Page, Run]:
    home = Path(visitors.server.log.parent) / "home"
    run: Run = await in_thread(lambda: make(home))
    page = await visitors.visit(f"/runs/{run.pk}/", size=size)
    await expect(page.locator("#errors")).to_be_visible(timeout=SLOW)
    await page.locator("#errors").scroll_into_view_if_needed()
    return page, run


async def natural_widths(page: Page, where: str) -> list[int]:
    script = "nodes => Promise.all(nodes.map(node => node.decode().then(() => node.naturalWidth)))"
    widths: list[int] = await page.locator(f"{where} img").evaluate_all(script)
    return widths


async def test_missed_and_false_alarms_are_pictures(visitors: Visitors, owner: User) -> None:
    page, _ = await opened(visitors, lambda home: digits(owner, home, kept=3))
    await expect(page.locator("#errors h3").first).to_have_text(f"Missed ({len(MISSED)})", timeout=SLOW)
    await expect(page.locator(".error-group h3").nth(1)).to_have_text(f"False alarms ({len(ALARMS)})")
    missed = page.locator(".error-group").first
    await expect(missed.locator(".shot img")).to_have_count(min(24, len(MISSED)), timeout=SLOW)
    widths = await natural_widths(page, ".error-group >> nth=0 >> .shots")
    assert widths[:3] == [16] * 3  # those that the run keeps
    assert set(widths[3:]) == {8}  # drawn from the data
    labels = await missed.locator(".shot").evaluate_all("nodes => nodes.map(node => node.ariaLabel)")
    await page.evaluate("scrollTo(0, 0)")
    first = await missed.locator(".shot img").first.bounding_box()
    assert first
    assert first["y"] + first["height"] / 2 < WIDE["height"]  # in the first screen
    ids = BUILTINS["digits-is-8"].ids
    assert [label.split(":")[0] for label in labels] == [ids[place] for place in WORST[:24]]
    await expect(page.locator(".error-group").nth(1).locator(".shot img")).to_have_count(24, timeout=SLOW)
    assert await broken_rules(page) == []
    asked = await page.evaluate(ASKED)
    samples = [address for address in asked if "/final-samples/?" in address]
    cells = [part for address in samples for part in re.findall("cell=(..)", address)]
    assert sorted(cells) == ["fn", "fp"], "each once"
    curves = next(address for address in asked if "/final-curves/" in address)
    assert max(map(asked.index, samples)) < asked.index(curves), "the page asks for them, before any script"


def noted(owner: User, home: Path) -> Run:
    """Make a run with all notes that change how its first numbers are read, as long as they are written; one fits."""
    run = digits(owner, home, kept=3)
    notes = [{"code": code, "text": f"{code}: {LONG}"} for code in WARNINGS]
    notes.append({"code": WARNINGS[0], "text": "It fits."})
    Run.objects.filter(pk=run.pk).update(notes=notes, dataset_hash="sha256:" + "e9a2d5c0" * 8)
    return run


async def test_notes_leave_the_first_errors_in_the_first_screen(visitors: Visitors, owner: User) -> None:
    page, run = await opened(visitors, lambda home: noted(owner, home))
    await expect(page.locator(".error-group").first.locator(".shot img").nth(1)).to_be_visible(timeout=SLOW)
    await page.evaluate("scrollTo(0, 0)")
    first = await page.locator(".error-group .shot").first.bounding_box()
    assert first
    assert first["y"] < WIDE["height"]
    notes = page.locator("#warnings details")
    await expect(notes).to_have_count(len(WARNINGS) + 1)
    await expect(notes.last.locator("summary")).to_have_attribute("tabindex", "-1")
    assert await notes.locator("summary").evaluate_all(STOPS) == [True] * len(WARNINGS) + [False]
    await notes.last.locator("summary").click()
    await expect(notes.last).not_to_have_attribute("open", "")
    low, whole = "node => node.offsetHeight", "node => node.firstElementChild.offsetHeight"
    note = notes.nth(1).locator("summary")
    assert await note.evaluate(low) < 24  # one line
    await note.press("Enter")
    assert await note.evaluate(low) >= await note.evaluate(whole) > 30
    assert await overflow(page) <= 0
    await page.emulate_media(media="print")
    heights = "nodes => nodes.filter(node => node.offsetHeight < node.firstElementChild.offsetHeight).length"
    assert await notes.locator("summary").evaluate_all(heights) == 0
    sent = await (await page.request.get(f"{visitors.server.url}/runs/{run.pk}/")).text()
    assert sent.count(LONG) >= len(WARNINGS)  # also for readers without scripts


async def test_more_come_and_each_opens(visitors: Visitors, owner: User) -> None:
    page, _ = await opened(visitors, lambda home: digits(owner, home))
    alarms = page.locator(".error-group").nth(1)
    await expect(alarms.locator(".shot img")).to_have_count(24, timeout=SLOW)
    await alarms.get_by_role("button", name="Show more").click()
    await expect(alarms.locator(".shot img")).to_have_count(min(48, len(ALARMS)), timeout=SLOW)
    await alarms.locator(".shot").first.click()
    dialog = page.locator("#picture-dialog")
    await expect(dialog).to_be_visible(timeout=SLOW)
    await expect(dialog.locator("#picture-words")).to_be_empty(timeout=SLOW)
    assert await natural_widths(page, "#picture-frame") == [8]
    first = await dialog.locator("#picture-title").inner_text()
    await expect(dialog.locator("dl")).to_contain_text(re.compile(r"Score0\.\d+True classnot 8Predicted8Patientp"))
    await page.keyboard.press("ArrowRight")
    await expect(dialog.locator("#picture-title")).not_to_have_text(first, timeout=SLOW)
    await dialog.get_by_role("button", name="Previous").click()
    await expect(dialog.locator("#picture-title")).to_have_text(first, timeout=SLOW)
    assert await broken_rules(page) == []
    await page.keyboard.press("Escape")
    await expect(alarms.locator(".shot").first).to_be_focused()


async def test_data_that_are_gone_are_told(visitors: Visitors, owner: User) -> None:
    visitors.expected = re.compile("404")
    page, run = await opened(visitors, lambda home: gone(owner, home), NARROW)
    missed = page.locator(".error-group").first
    await expect(missed.get_by_role("status")).to_contain_text("not where they were", timeout=SLOW)
    await expect(missed.locator(".no-picture")).to_have_count(min(24, len(MISSED)))
    await missed.locator(".shot").first.click()
    await expect(page.locator("#picture-words")).to_contain_text("not where they were", timeout=SLOW)
    await page.locator("#picture-close").click()
    assert await overflow(page) <= 0
    async with page.expect_download() as waiting:
        await missed.get_by_role("link", name="CSV").click()
    assert (await waiting.value).suggested_filename == f"run-{run.pk}-test-fn.csv"


async def test_errors_of_several_classes(visitors: Visitors, owner: User) -> None:
    logits = np.random.default_rng(4).normal(size=(SIZE, 3))
    labels = np.arange(SIZE) % 3
    wrong = int((logits.argmax(axis=1) != labels).sum())
    options: dict[str, Any] = {"logits": logits, "labels": labels, "names": ["a", "b", "c"]}
    page, _ = await opened(visitors, lambda home: evaluated(owner, home, **options))
    await expect(page.locator(".error-group h3")).to_have_text([f"Errors ({wrong})"], timeout=SLOW)
    await expect(page.locator(".error-group .shot")).to_have_count(24, timeout=SLOW)
    await expect(page.locator(".error-group .no-picture")).to_have_count(24, timeout=SLOW)  # no such digits


async def test_without_errors_nothing_is_asked(visitors: Visitors, owner: User) -> None:
    logits = np.where(LABELS == 1, 3.0, -3.0) + LOGITS * 1e-3
    page, _ = await opened(visitors, lambda home: evaluated(owner, home, logits=logits))
    await expect(page.locator(".error-group [role=status]")).to_have_text(["None.", "None."], timeout=SLOW)
    await expect(page.get_by_role("link", name="CSV", exact=True)).to_have_count(0)
