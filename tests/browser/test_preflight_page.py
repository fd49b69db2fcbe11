"""The page of a pre-flight report in real Chromium: waits for it, then says first whether the training may start."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from playwright.async_api import ViewportSize, expect

from experiments.models import Preflight
from experiments.preflights import requests, state
from experiments.training.contract import preflight_report
from experiments.training.contract.column_facts import ColumnFacts
from experiments.training.contract.config import TrainingConfig
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HOSTILE = "<b>scan</b>" + "-without-a-space" * 8

TRIAL = preflight_report.Trial(
    device="CPU",
    model="cnn",
    parameters=23_793,
    batch_size=32,
    batches=4,
    first_batch_seconds=1.5,
    batch_seconds=0.0503,
    validation_batch_seconds=0.02,
    batches_per_epoch=39,
    epoch_seconds=62.0,
    epochs=10,
    total_seconds=3_700.0,
    precision="bf16-mixed",
    threads=4,
    memory_bytes=512_000_000,
    gpu_bytes=None,
    gpu_total_bytes=None,
)


def twin(id_: str, split: Any, label: str) -> preflight_report.Twin:
    return preflight_report.Twin(id=id_, split=split, label=label, place=0)


def of_images() -> preflight_report.Preflight:
    """Return a report with everything that one of images may say."""
    copies = preflight_report.Group(
        kind="copy",
        likeness=0.9912,
        size=14,
        across=True,
        conflict=True,
        samples=[twin(HOSTILE, "train", "well"), twin("b", "val", "ill")],
    )
    return preflight_report.Preflight(
        verdict="blocked",
        findings=[
            preflight_report.Finding(code="leakage", level="blocks", text=f"Leaks between splits: {HOSTILE}."),
            preflight_report.Finding(
                code="label_conflicts", level="warning", text="1 group of copies with different classes."
            ),
            preflight_report.Finding(code="uneven_classes", level="info", text="Uneven."),
        ],
        name="scans",
        classes=["well", "ill"],
        counts=[
            preflight_report.SplitCounts(split="train", classes=[1200, 34], total=1234),
            preflight_report.SplitCounts(split="val", classes=[100, 5], total=105),
        ],
        images=preflight_report.Images(
            pixels=64,
            channels=1,
            sizes=[
                preflight_report.Size(width=1024, height=768, count=1300),
                preflight_report.Size(width=28, height=28, count=38),
            ],
            different_sizes=4,
            modes=[preflight_report.Mode(name="I;16", count=1339)],
            unreadable=[preflight_report.Unreadable(name=HOSTILE, problem="truncated")],
            unreadable_count=1,
        ),
        duplicates=preflight_report.Duplicates(
            tallies=[
                preflight_report.Tally(kind=kind, groups=1, samples=14, across=1, conflicts=1, leaks=[])
                for kind in ("exact", "copy", "near")
            ],
            groups=[copies],
            group_count=120,
            complete=True,
        ),
        patients=preflight_report.Patients(
            count=900, across=[preflight_report.PatientAcross(id="p7", splits=["train", "val"])], across_count=1
        ),
        table=None,
        trial=TRIAL,
        cost=preflight_report.Cost(reading=12.0, comparing=0.4, trial=2.0),
    )


def of_a_table() -> preflight_report.Preflight:
    column = ColumnFacts(name="ward", kind="categories", values=1, missing=0, constant=True)
    return msgspec.structs.replace(
        of_images(),
        verdict="ready",
        findings=[],
        images=None,
        patients=None,
        trial=None,
        table=preflight_report.Table(columns=[column], column_count=1),
    )


def asked(owner: User) -> Preflight:
    return requests.request(TrainingConfig(experiment_name=HOSTILE, source_path="builtin:breast-cancer"), owner)


def made(owner: User, found: preflight_report.Preflight) -> Preflight:
    row = asked(owner)
    state.claim(row.pk, "worker")
    state.finish(row.pk, 1, found)
    return row


async def test_the_page_waits_for_the_report_and_says_the_verdict_first(visitors: Visitors, owner: User) -> None:
    row = await in_thread(asked, owner)
    page = await visitors.visit(f"/preflights/{row.pk}/")
    await expect(page.locator("#verdict")).to_have_text("Queued")
    await in_thread(state.claim, row.pk, "worker")
    await in_thread(lambda: state.renew(row.pk, 1, progress="Comparing 1,339 samples"))
    await expect(page.locator("#words")).to_have_text("Comparing 1,339 samples")
    await in_thread(state.finish, row.pk, 1, of_images())
    await expect(page.locator("#verdict")).to_have_text("Blocked")
    notices = page.locator("#findings .notice")
    await expect(notices.first).to_have_class(re.compile("failed"))
    await expect(notices.first).to_contain_text("<b>scan</b>")
    counts = page.locator('[data-title="Samples per class and split"] tbody tr')
    await expect(counts.first).to_have_text("well1,2001001,30097.1 %")
    groups = page.locator('[data-title="Duplicates"] .groups > li')
    await expect(groups).to_contain_text("likeness 0.991across splitsdifferent classes")
    await expect(groups).to_contain_text("validation, class ill")
    await expect(groups).to_contain_text("and 12 more")
    await expect(page.locator('[data-title="Duplicates"]')).to_contain_text("The first 1 of 120 groups")
    await expect(page.locator('[data-title="Patients"]')).to_contain_text("1 patient of 900 in several splits")
    await expect(page.locator('[data-title="Trial"]')).to_contain_text("about 1 h 01 min")
    await expect(page.locator('[data-title="Trial"]')).to_contain_text("on CPU (precision bf16-mixed, 4 threads)")
    await expect(page.locator('[data-title="Image files"]')).to_contain_text("grey, 16 bits (I;16)")
    await expect(page.locator("#facts")).to_contain_text("488.3 MiB")
    assert await page.locator("#preflight b", has_text="scan").count() == 0


async def test_a_table_shows_its_columns_and_what_was_not_reached_is_left_out(visitors: Visitors, owner: User) -> None:
    row = await in_thread(made, owner, of_a_table())
    page = await visitors.visit(f"/preflights/{row.pk}/")
    await expect(page.locator("#verdict")).to_have_text("Ready")
    await expect(page.locator('[data-title="Columns"] tbody tr')).to_have_text("wardcategories10constant in training")
    await expect(page.locator('[data-title="Image files"]')).to_have_count(0)
    await expect(page.locator('[data-title="Trial"]')).to_have_count(0)


async def test_without_duplicates_one_sentence_says_so(visitors: Visitors, owner: User) -> None:
    tallies = [
        preflight_report.Tally(kind=kind, groups=0, samples=0, across=0, conflicts=0, leaks=[])
        for kind in ("exact", "copy", "near")
    ]
    none = preflight_report.Duplicates(tallies=tallies, groups=[], group_count=0, complete=True)
    row = await in_thread(made, owner, msgspec.structs.replace(of_images(), duplicates=none))
    page = await visitors.visit(f"/preflights/{row.pk}/")
    await expect(page.locator('[data-title="Duplicates"]')).to_contain_text("None found. Looked for: exact copies")
    await expect(page.locator('[data-title="Duplicates"] table')).to_have_count(0)


async def test_a_report_that_could_not_be_made_says_why(visitors: Visitors, owner: User) -> None:
    row = await in_thread(asked, owner)
    await in_thread(state.claim, row.pk, "worker")
    await in_thread(state.fail, row.pk, 1, "The machine ran out of memory.")
    page = await visitors.visit(f"/preflights/{row.pk}/")
    await expect(page.locator("#verdict")).to_have_text("No report")
    await expect(page.locator("#words")).to_have_text("The machine ran out of memory.")


async def test_one_that_nobody_wants_any_more_is_cancelled(visitors: Visitors, owner: User) -> None:
    row = await in_thread(asked, owner)
    await in_thread(state.claim, row.pk, "worker")
    page = await visitors.visit(f"/preflights/{row.pk}/")
    await expect(page.locator("#verdict")).to_have_text("In progress")
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.locator("#verdict")).to_have_text("Cancelled")
    await expect(page.locator("#words")).to_have_text("Cancelled by ada.")
    await expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    await in_thread(row.refresh_from_db)
    assert row.status == "cancelled"


async def test_what_belongs_to_another_user_is_not_offered(visitors: Visitors, owner: User) -> None:
    grace = await in_thread(lambda: User.objects.create_user("grace"))
    row = await in_thread(asked, grace)
    page = await visitors.visit(f"/preflights/{row.pk}/")
    await expect(page.locator("#verdict")).to_have_text("Queued")
    await expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


async def test_a_run_without_a_report_says_so(visitors: Visitors, owner: User) -> None:
    run = await in_thread(story.submit, owner)
    visitors.expected = re.compile("404")
    page = await visitors.visit(f"/runs/{run.pk}/preflight/")
    await expect(page.locator("#verdict")).to_have_text("No report")


@pytest.mark.parametrize("width", [1440, 390])
async def test_the_page_is_no_wider_than_the_screen(visitors: Visitors, owner: User, width: int) -> None:
    row = await in_thread(made, owner, of_images())
    page = await visitors.visit(f"/preflights/{row.pk}/", size=ViewportSize(width=width, height=900))
    await expect(page.locator("#verdict")).to_have_text("Blocked")
    root = "document.documentElement"
    assert await page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0
