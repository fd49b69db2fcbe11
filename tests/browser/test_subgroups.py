"""Subgroups on the page of a run in real Chromium: compared when they are seen, the worst one marked, nothing jumps."""

from __future__ import annotations

import csv
import functools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, ViewportSize, expect
from sklearn.metrics import roc_auc_score

from runs.models import Run
from runs.statistics.predictions import scores_from_logits
from tests.browser import story
from tests.browser.conftest import WIDE, Visitors
from tests.browser.final_results import final_result
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.browser.test_final_curves import NAMES, SPLITS
from tests.browser.test_list_page import overflow
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SIZE = 800


@functools.cache
def predictions(handicap: float) -> pd.DataFrame:
    chance = np.random.default_rng(2)
    labels = (np.arange(SIZE) % 3 == 0).astype(np.int64)
    sites = chance.choice(["St. Mary", "General", "<b>Clinic</b>"], SIZE, p=[0.5, 0.3, 0.2])
    ages = chance.choice(["< 40", "40 to < 60", "60 to < 80", "≥ 80"], SIZE, p=[0.3, 0.4, 0.29, 0.01])
    logits = chance.normal(size=SIZE) + 1.8 * labels - 1 - handicap * labels * (sites == "General")
    return pd.DataFrame(
        {
            "split": "test",
            "sample_id": [f"s{number}" for number in range(SIZE)],
            "patient_id": [f"p{number // 2}" for number in range(SIZE)],
            "subgroup_site": sites,
            "subgroup_age": ages,
            "label": labels,
            "score": scores_from_logits(logits),
            "logit": logits,
        }
    )


def evaluated(owner: User, home: Path, handicap: float) -> Run:
    """Create a completed run with subgroups, and the file that has them."""
    run = story.submit(owner)
    run.config["data"]["subgroup_columns"] = ["site", "age"]
    Run.objects.filter(pk=run.pk).update(config=run.config)
    table = predictions(handicap)
    logits, labels = table["logit"].to_numpy(), table["label"].to_numpy()
    finals = [final_result(split, logits, labels, NAMES) for split in SPLITS]
    run = story.start(run)  # its lease begins: what takes long is computed before
    story.train(run, 0)
    story.tell(run, finals)
    story.end(run)
    folder = home / "runs" / str(run.pk)
    folder.mkdir(parents=True, exist_ok=True)
    pd.concat([table, table.assign(split="val")]).to_parquet(folder / "predictions.parquet", index=False)
    return run


async def opened(visitors: Visitors, owner: User, handicap: float = 1.5, size: ViewportSize = WIDE) -> Page:
    home = Path(visitors.server.log.parent) / "home"
    run = await in_thread(lambda: evaluated(owner, home, handicap))
    page = await visitors.visit(f"/runs/{run.pk}/", size=size)
    await expect(page.locator("#subgroups")).to_be_visible()
    if size == NARROW:
        await page.get_by_role("button", name="Subgroups", exact=True).click()  # on a phone it is folded
    await page.locator("#subgroups").scroll_into_view_if_needed()
    await expect(page.locator("#subgroups tbody")).to_have_count(2, timeout=60_000)
    return page


async def test_groups_are_drawn_and_the_worst_is_marked(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors, owner)
    decides = page.locator("#subgroups-decides")
    await expect(decides).to_have_text("The run decides at its own threshold, a score of 0.5 or more.")
    worst = page.locator("#subgroups tr.worst")
    await expect(worst).to_have_count(1)
    await expect(worst.locator("th")).to_have_text(re.compile("^General.*worst$"))
    table = predictions(1.5)
    rows = table[table["subgroup_site"] == "General"]
    area = roc_auc_score(rows["label"], rows["logit"])
    await expect(worst.locator("td").nth(1)).to_have_text(re.compile(rf"^{area:.3f} \(0\.\d+ to 0\.\d+\)$"))
    await expect(worst.locator("td").nth(4)).to_have_text(str(len(rows)))
    await expect(page.locator("#subgroups-verdict")).to_contain_text("Worst group: General (site). Its AUROC is 0.")
    await expect(page.locator("#subgroups")).to_contain_text("Too small: fewer than 20 samples")
    await expect(page.get_by_role("rowheader", name="<b>Clinic</b>")).to_be_visible()
    await expect(page.locator("#subgroups svg.forest")).to_have_count(6)
    dot, interval = (page.locator(f"#subgroups tr.worst .{part}") for part in ("dot", "interval"))
    low, x, high = [
        float(await line.get_attribute(end) or "nan") for line, end in ((interval, "x1"), (dot, "x1"), (interval, "x2"))
    ]
    assert 0 <= low < x < high <= 100
    async with page.expect_download() as download:
        await page.locator("#subgroups-file").click()
    path = await (await download.value).path()
    with path.open(encoding="utf-8") as file:
        told = list(csv.DictReader(file))
    assert [line["group"] for line in told if line["worst"] == "1"] == ["General"]


async def test_nothing_is_marked_where_nothing_is_shown(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors, owner, handicap=0)
    await expect(page.locator("#subgroups-verdict")).to_contain_text("No group is shown to be worse")
    await expect(page.locator("#subgroups tr.worst")).to_have_count(0)


async def test_groups_by_pairs_of_columns_and_another_metric(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors, owner)
    await page.get_by_label("Compared by").select_option("Sensitivity")
    await expect(page.locator("#subgroups thead")).to_contain_text("Sensitivity (95 % CI)")
    await expect(page.locator("#subgroups tr.worst td").nth(1)).to_have_text(re.compile(r"^\d+\.\d % \("))
    await page.get_by_label("Groups by").select_option("site and age")
    await expect(page.locator("#subgroups tbody")).to_have_count(1)
    await expect(page.get_by_role("rowheader", name="General, 40 to < 60")).to_be_visible()
    expected = predictions(1.5).groupby(["subgroup_site", "subgroup_age"]).ngroups
    await expect(page.locator("#subgroups tbody tr")).to_have_count(1 + expected)


async def test_nothing_is_asked_before_it_is_seen(visitors: Visitors, owner: User) -> None:
    home = Path(visitors.server.log.parent) / "home"
    run = await in_thread(lambda: evaluated(owner, home, 0))
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator("#roc svg")).to_have_attribute("aria-label", re.compile("AUROC 0"))
    await expect(page.locator("#subgroups")).to_be_visible()
    asked = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('final-subgroups')).length"
    assert await page.evaluate(asked) == 0
    await page.locator("#subgroups").scroll_into_view_if_needed()
    await expect(page.locator("#subgroups tbody")).to_have_count(2, timeout=60_000)
    assert await page.evaluate(asked) == 1


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everyone_can_read_it(visitors: Visitors, owner: User, size: ViewportSize, scheme: str) -> None:
    page = await opened(visitors, owner, size=size)
    await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert await overflow(page) <= 0
    assert await broken_rules(page) == []
