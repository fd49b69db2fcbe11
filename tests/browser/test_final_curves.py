"""Curves of a final result in real Chromium, and a threshold that is tried: exact, at once, and nothing jumps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, ViewportSize, expect
from sklearn.metrics import confusion_matrix

from runs.events import Split
from runs.models import Run
from runs.statistics.predictions import scores_from_logits
from tests.browser import story
from tests.browser.conftest import WIDE, Visitors
from tests.browser.final_results import final_result
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.browser.test_list_page import overflow
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SIZE = 1200
FIRST_LOAD = 30_000  # milliseconds: the server loads NumPy and Arrow with the first evaluation
LABELS = (np.arange(SIZE) % 4 == 0).astype(np.int64)
LOGITS = np.random.default_rng(5).normal(size=SIZE) + 2.0 * LABELS - 1
SCORES = scores_from_logits(LOGITS)
NAMES = ("not 8", "8")
SPLITS: tuple[Split, ...] = ("val", "test")
WATCH = """
window.sizes = [];
const PARTS = ".section-head, .verdict, .drawing, #decision, #decision td, .trying > *";
document.addEventListener("DOMContentLoaded", () => {
  const section = document.getElementById("evaluation");
  const parts = section ? [section, ...section.querySelectorAll(PARTS)] : [];
  const watch = new ResizeObserver(() => {
    if (section.hidden) return;
    const [from, ...places] = parts.map((part) => part.getBoundingClientRect());
    const numbers = places.map(({ x, y, width, height }) => [x - from.x, y - from.y, width, height].map(Math.round));
    window.sizes.push(numbers.join(" "));
  });
  for (const part of parts) watch.observe(part);
});
"""
"""Notes where the parts of the section are whenever one of them gets another size, from the moment that it is shown."""
JUMPS = """() => {
  const controls = [...document.querySelectorAll("#decision :is(input, select, button, summary)")];
  const seen = controls.filter((node) => node.checkVisibility()).map((node) => [node, node.getBoundingClientRect()]);
  const jumps = seen.slice(1).filter(([, to], at) => to.bottom <= seen[at][1].top && to.left < seen[at][1].right);
  return jumps.map(([node]) => node.outerHTML);
}"""
"""Finds controls which the Tab key reaches by a jump back up, in the same column."""


def evaluated(
    owner: User,
    home: Path,
    *,
    logits: Any = LOGITS,
    labels: Any = LABELS,
    names: Any = NAMES,
    told: Any = None,
    few: int = 0,
) -> Run:
    """Create a completed run whose final result is that of these logits, with the file that tells them.

    `told` are others, of which the result is where it does not matter: the intervals of many samples take long. The
    first `few` of them are also in the file, as those of the validation split.
    """
    scores = scores_from_logits(logits)
    of_logits, of_labels = told or (logits, labels)
    finals = [final_result(split, of_logits, of_labels, names) for split in SPLITS]
    run = story.start(story.submit(owner))  # its lease begins: what takes long is computed before
    story.train(run, 0)
    story.tell(run, finals)
    story.end(run)
    folder = home / "runs" / str(run.pk)
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(len(labels))
    columns: dict[str, Any] = {"split": ["test"] * len(labels), "label": labels}
    columns |= {"sample_id": [f"s{n}" for n in numbers], "patient_id": [f"p{n // 2}" for n in numbers]}
    if logits.ndim == 1:
        columns |= {"score": scores, "logit": logits}
    else:
        columns |= {f"score_{name}": scores[:, i] for i, name in enumerate(names)}
    table = pa.table(columns)
    also = table.slice(0, few).set_column(0, "split", pa.array(["val"] * few, pa.string()))
    pq.write_table(pa.concat_tables([table, also]), folder / "predictions.parquet")
    return run


async def opened(visitors: Visitors, owner: User, size: ViewportSize = WIDE, **options: Any) -> Page:
    home = Path(visitors.server.log.parent) / "home"
    run = await in_thread(lambda: evaluated(owner, home, **options))
    page = await visitors.visit(f"/runs/{run.pk}/", size=size, script=WATCH)
    await expect(page.locator("#roc svg")).to_have_attribute("aria-label", re.compile("AUROC 0"), timeout=FIRST_LOAD)
    return page


async def matrix_of(page: Page) -> list[int]:
    texts = await page.locator("#decision .matrix strong").all_inner_texts()
    return [int(text.replace(",", "")) for text in texts]


def counted(threshold: float) -> list[int]:
    found: list[int] = confusion_matrix(LABELS, threshold <= SCORES).ravel().tolist()
    return found


async def test_curves_are_drawn_and_told(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors, owner)
    split = page.locator('[data-split="test"]')
    await expect(split).to_be_visible()
    told = await split.locator('[data-name="final_auroc_cm"] td').all_inner_texts()
    await expect(page.locator("#roc-words")).to_have_text(f"AUROC {told[0]} (95 % interval {told[1]}).")
    await expect(page.locator("#precision-recall-words")).to_contain_text("prevalence, 25.0 %")
    for place in ("#roc", "#precision-recall"):
        assert len(await page.locator(f"{place} .curve").get_attribute("d") or "") > 500
        await expect(page.locator(f"{place} .own")).to_be_visible()
        await expect(page.locator(f"{place} .chosen")).to_be_visible()
    await expect(page.locator("#reliability .bin")).to_have_count(10)
    await expect(page.locator("#reliability .range")).to_have_count(10)
    await expect(page.locator("#reliability-words")).to_contain_text("10 groups of 120 samples")
    await expect(split.locator("header")).to_contain_text("patients unknown: intervals treat samples as independent")
    await expect(page.locator("#evaluation-problem")).to_be_empty()
    await expect(page.locator("#evaluation-class")).to_be_disabled()


async def test_a_threshold_is_tried(visitors: Visitors, owner: User) -> None:
    """The slider, the keyboard and the field move the matrix to what scikit-learn counts."""
    page = await opened(visitors, owner)
    shown = await page.locator('[data-split="test"] .matrix b').all_inner_texts()
    assert await matrix_of(page) == counted(0.5) == [int(text) for text in shown]
    field, slider = page.locator("#threshold-field"), page.locator("#threshold-slider")
    async with page.expect_response(re.compile("points=100000")):
        await field.fill("0.2345")
    await expect(slider).to_have_attribute("max", str(SIZE))
    assert await matrix_of(page) == counted(0.2345)
    await expect(field).to_have_value("0.2345")
    for key in ("ArrowRight", "ArrowRight", "PageUp", "ArrowLeft", "End", "ArrowLeft", "Home"):
        await slider.press(key)
        typed = await field.input_value()
        assert await matrix_of(page) == counted(float(typed) if typed else 2.0), key
    await page.get_by_role("button", name="Back to 0.5").click()
    assert await matrix_of(page) == counted(0.5)
    true_negative, false_positive, false_negative, true_positive = counted(0.5)
    rates = {
        "sensitivity": true_positive / (true_positive + false_negative),
        "specificity": true_negative / (true_negative + false_positive),
        "ppv": true_positive / (true_positive + false_positive),
        "npv": true_negative / (true_negative + false_negative),
    }
    for name, value in rates.items():
        await expect(page.locator(f'[data-rate="{name}"]')).to_have_text(f"{100 * value:.1f} %")
    for name in ("ppv", "npv"):
        await expect(page.locator(f'[data-field="{name}"]')).to_have_text(f"{100 * rates[name]:.1f} %")
    await page.get_by_label("Prevalence in %").fill("1")
    found, missed = rates["sensitivity"] * 0.01, (1 - rates["sensitivity"]) * 0.01
    cleared, alarmed = rates["specificity"] * 0.99, (1 - rates["specificity"]) * 0.99
    await expect(page.locator('[data-field="ppv"]')).to_have_text(f"{100 * found / (found + alarmed):.1f} %")
    await expect(page.locator('[data-field="npv"]')).to_have_text(f"{100 * cleared / (cleared + missed):.1f} %")
    await expect(page.get_by_text("Not saved")).to_be_visible()


async def moves_of(page: Page, samples: int) -> list[float]:
    """Return what moves among the thresholds of so many samples take, in milliseconds, the fastest first.

    There is a pause after each of a hundred, all over the slider: while others use the cores, some are undisturbed.
    """
    slider = page.locator("#threshold-slider")
    await slider.focus()
    await expect(slider).to_have_attribute("max", str(samples), timeout=FIRST_LOAD)
    taken: list[float] = await slider.evaluate(
        """async (slider) => {
          const taken = [];
          for (let i = 0; i < 100; i++) {
            const begin = performance.now();
            slider.value = (slider.max * i) / 100;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            document.getElementById("decision").getBoundingClientRect();
            taken.push(performance.now() - begin);
            await new Promise((go) => setTimeout(go, 10));
          }
          return taken;
        }"""
    )
    return sorted(taken)


async def test_a_move_takes_less_than_a_frame(visitors: Visitors, owner: User) -> None:
    """Among 100,000 samples, which take little more than 1,000."""
    labels = (np.arange(100_000) % 4 == 0).astype(np.int64)
    logits = np.random.default_rng(6).normal(size=100_000) + labels
    page = await opened(visitors, owner, logits=logits, labels=labels, told=(LOGITS, LABELS), few=1_000)
    many = await moves_of(page, 100_000)
    split = page.locator("#evaluation-split")
    await split.focus()
    await split.select_option("val")
    await expect(page.locator("#threshold-slider")).to_have_attribute("max", "500", timeout=FIRST_LOAD)  # some of them
    few = await moves_of(page, 1_000)
    assert many[10] < 16
    assert many[0] < 3 * few[0]
    # The slider has the focus when the answer about another split comes: it needs no second look for all of them.
    await page.locator("#threshold-slider").focus()
    await split.evaluate("node => { node.value = 'test'; node.dispatchEvent(new Event('change')); }")
    await expect(page.locator("#threshold-slider")).to_have_attribute("max", "100000", timeout=FIRST_LOAD)


@pytest.mark.parametrize("width", [1440, 1024, 390])
async def test_nothing_of_it_moves_while_it_is_drawn(visitors: Visitors, owner: User, width: int) -> None:
    page = await opened(visitors, owner, size=ViewportSize(width=width, height=900))
    await page.wait_for_load_state("networkidle")
    sizes = await page.evaluate("window.sizes")
    assert sizes
    parts = [one.split() for one in sizes]
    assert [changed for changed in map(set, zip(*parts, strict=True)) if len(changed) > 1] == []
    assert await overflow(page) == 0
    assert await page.evaluate(JUMPS) == []


@pytest.mark.parametrize("dark", [False, True])
async def test_it_breaks_no_rule(visitors: Visitors, owner: User, dark: bool) -> None:
    home = Path(visitors.server.log.parent) / "home"
    run = await in_thread(evaluated, owner, home)
    page = await visitors.visit(f"/runs/{run.pk}/", dark=dark, size=NARROW)
    await expect(page.locator("#roc svg")).to_have_attribute("aria-label", re.compile("AUROC 0"), timeout=FIRST_LOAD)
    assert await broken_rules(page) == []


async def test_several_classes_are_seen_one_against_the_rest(visitors: Visitors, owner: User) -> None:
    labels = np.arange(300) % 3
    logits = np.random.default_rng(7).normal(size=(300, 3)) + 2 * np.eye(3)[labels]
    page = await opened(visitors, owner, logits=logits, labels=labels, names=["a", "b", "c"])
    scores = scores_from_logits(logits)
    for label, name in enumerate("abc"):
        await page.locator("#evaluation-class").select_option(name)
        await expect(page.locator("#roc svg")).to_have_attribute("aria-label", re.compile(f"{name} against the rest"))
        assert await matrix_of(page) == confusion_matrix(labels == label, scores[:, label] >= 0.5).ravel().tolist()
        await expect(page.locator("#decision thead th").first).to_have_text(f"not {name}")
    for place in ("saved-point", "point-choosing", "net-benefit"):  # there is no threshold
        await expect(page.locator(f"#{place}")).to_be_hidden()


async def test_what_is_missing_is_said(visitors: Visitors, owner: User) -> None:
    """Another split than the file has, and no file at all; numbers and reliability stay."""
    page = await opened(visitors, owner)
    await page.locator("#evaluation-split").select_option("val")
    await expect(page.locator("#evaluation-problem")).to_contain_text("cannot be read")
    await expect(page.locator("#threshold-slider")).to_be_disabled()
    assert await matrix_of(page) == counted(0.5)  # as it was evaluated; both splits have the same samples here
    await expect(page.locator("#reliability .bin")).to_have_count(10)
    await expect(page.locator("#roc-words")).to_contain_text("AUROC 0.")
    await page.locator("#evaluation-split").select_option("test")
    await expect(page.locator("#evaluation-problem")).to_be_empty()
    assert await matrix_of(page) == counted(0.5)


async def test_curves_come_when_a_watched_run_ends(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page = await visitors.visit(f"/runs/{run.pk}/")
    await in_thread(lambda: (story.train(run, 0), story.tell(run, [story.final(0)])))
    await expect(page.locator("#evaluation-problem")).to_contain_text("when the run has ended")
    folder = Path(visitors.server.log.parent) / "home" / "runs" / str(run.pk)

    def ended() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        columns = {"split": ["val"] * SIZE, "label": LABELS, "score": SCORES}
        pq.write_table(pa.table(columns), folder / "predictions.parquet")
        story.end(run)

    await in_thread(ended)
    await expect(page.locator("#evaluation-problem")).to_be_empty()
    assert await matrix_of(page) == counted(0.5)


async def test_a_cell_shows_its_samples_the_worst_first(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors, owner)
    missed = np.flatnonzero((LABELS == 1) & (SCORES < 0.5))
    worst = missed[SCORES[missed].argsort(kind="stable")]
    await page.get_by_role("button", name="Show the false negatives").click()
    await expect(page.locator("#cell-title")).to_have_text("False negatives, by a score of 0.5 or more")
    rows = page.locator("#cell-samples tbody tr")
    await expect(rows).to_have_count(min(50, len(missed)))
    assert await rows.locator("th").all_inner_texts() == [f"s{number}" for number in worst[:50]]
    await expect(rows.first).to_contain_text(f"p{worst[0] // 2}")
    await expect(page.locator("#cell-words")).to_contain_text(f"{len(missed)} samples")
    await expect(page.locator("#threshold-slider")).to_have_attribute("max", str(SIZE))
    await expect(page.locator("#cell")).to_be_visible()  # all thresholds came, and it stays
    await expect(page.locator("#cell-samples .picture")).to_have_count(0, timeout=60_000)  # the data have no such files
    more = page.get_by_role("button", name="Show more")
    if len(missed) > 50:
        await more.click()
        await expect(rows).to_have_count(min(100, len(missed)))
    assert await broken_rules(page) == []
    await page.get_by_role("button", name="Close").click()
    await expect(page.get_by_role("button", name="Show the false negatives")).to_be_focused()
    await page.get_by_role("button", name="Show the true positives").press("Enter")
    await expect(page.locator("#cell-title")).to_contain_text("True positives")
    await page.locator("#threshold-field").fill("0.7")
    await expect(page.locator("#cell")).to_be_hidden()
