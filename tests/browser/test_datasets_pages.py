"""Data sets in real Chromium: uploaded, lost and found again, looked at, deleted."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.async_api import Page, Route, ViewportSize, expect
from pytest_django.fixtures import Settings

from experiments.datasets import check_thread
from experiments.models import Dataset, Upload
from experiments.preflights import initial_preflight
from runs import lifecycle
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_preflight_page import made, of_images
from tests.experiments.training.datasets import with_class_folders, zipped
from tests.realtime.writing import CONFIG, in_thread
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PIECE = 8 * 2**20
WRITTEN = 1_700_000_000
LONGEST_DELAY = 15_000  # milliseconds until an upload tries again
FIRST_LOOK = 30_000  # milliseconds: the process that looks at data starts when the first are there


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    return zipped(with_class_folders(tmp_path / "flowers", {"rose": 3, "tulip": 5}))


@pytest.fixture
def two_pieces(tmp_path: Path) -> Path:
    """Write a file that takes two pieces."""
    path = tmp_path / "large.csv"
    path.write_bytes(b"a,Target\n" + b"1,0\n2,1\n" * (PIECE // 8 + 20_000))
    os.utime(path, (WRITTEN, WRITTEN))
    return path


def check(home: Path, settings: Settings) -> None:
    """Check what waits, as a worker of that server would."""
    settings.DATASETS_ROOT = home / "datasets"
    assert check_thread.check_next(threading.Event(), initial_preflight.request)


def home_of(visitors: Visitors) -> Path:
    return visitors.server.log.parent / "home"


async def upload(page: Page, path: Path) -> None:
    await page.locator("#file").set_input_files(path)
    await page.get_by_role("button", name="Upload").click()


class SecondPiece:
    """Holds whatever follows an upload's first piece, and lets it never reach the server."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def hold(self, page: Page) -> None:
        await page.route("**/api/datasets/uploads/*/", self._met)

    def let_go(self) -> None:
        """Break off what was held, and let pass what comes later."""
        self._over.set()

    async def _met(self, route: Route) -> None:
        later = route.request.method == "PATCH" and route.request.headers["upload-offset"] != "0"
        if later and not self._over.is_set():
            await self._over.wait()
            await route.abort("connectionreset")
        else:
            await route.continue_()


def first_piece_has_arrived() -> bool:
    return Upload.objects.filter(received=PIECE).exists()


async def test_a_zip_is_uploaded_checked_looked_at_and_deleted(
    visitors: Visitors, owner: User, flowers: Path, settings: Settings
) -> None:
    page = await visitors.visit("/")
    await page.get_by_role("link", name="Data sets").click()
    await expect(page.locator("#empty")).to_be_visible()
    await upload(page, flowers)
    row = page.locator('tr[data-dataset="flowers"]')
    await expect(row.locator(".pill")).to_have_text("Waiting", timeout=FIRST_LOOK)
    await expect(page.locator("#uploads")).to_be_hidden()
    await in_thread(check, home_of(visitors), settings)
    await expect(row.locator(".pill")).to_have_text("Ready")
    await expect(row).to_contain_text("3 × rose · 5 × tulip")
    await row.get_by_role("link", name="flowers").click()
    await expect(page.locator("#class-rows tr")).to_have_count(2)
    await expect(page.locator("#class-rows tr").nth(1)).to_contain_text("62.5 %")
    dataset = await in_thread(Dataset.objects.get)
    await expect(page.locator("#about")).to_contain_text(dataset.content_hash)
    config = CONFIG | {"source_path": "dataset:flowers"}
    run = await in_thread(lambda: lifecycle.create(owner, config, dataset_hash=dataset.content_hash))
    await page.reload()
    await expect(page.locator("#runs")).to_contain_text(f"#{run.pk}")
    visitors.expected = re.compile("409")
    await page.get_by_role("button", name="Delete …").click()
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.locator("#in-use")).to_contain_text(f"unfinished run {run.pk}")
    await page.get_by_role("button", name="Delete it anyway").click()
    await expect(page.locator("#empty")).to_be_visible()
    assert not await in_thread(Dataset.objects.exists)


async def test_samples_are_looked_at_class_by_class_and_trained_on(
    visitors: Visitors, owner: User, flowers: Path, settings: Settings
) -> None:
    page = await visitors.visit("/datasets/")
    await upload(page, flowers)
    await expect(page.locator('tr[data-dataset="flowers"] .pill')).to_have_text("Waiting", timeout=FIRST_LOOK)
    await in_thread(check, home_of(visitors), settings)
    await in_thread(reported, owner)
    await page.goto(f"{visitors.server.url}/datasets/flowers/")
    pictures = page.locator(".pictures img")
    await expect(pictures).to_have_count(8, timeout=FIRST_LOOK)  # a process of its own starts first
    await page.wait_for_load_state("networkidle")
    assert await pictures.evaluate_all("all => all.map((one) => one.naturalWidth)") == [10] * 8
    await expect(page.locator("#sample-words")).to_have_text("8 of 8 samples")
    await expect(page.locator(".of-class h3")).to_have_text(["rose 3 of 3", "tulip 5 of 5"])
    await expect(pictures.first).to_have_css("image-rendering", "pixelated")  # 10 x 10
    await page.get_by_label("Class", exact=True).select_option(label="tulip (5)")
    await expect(page.locator("#sample-words")).to_have_text("5 samples, page 1 of 1", timeout=30_000)
    await expect(page.locator(".picture-class")).to_have_text(["tulip"] * 5)
    await expect(page.locator("#findings .notice").first).to_contain_text("Leaks between splits")
    await expect(page.get_by_role("img", name="Training: well 1,200")).to_be_visible()
    assert await broken_rules(page) == []
    await page.set_viewport_size(ViewportSize(width=390, height=844))
    assert await overflow(page) == 0
    await page.get_by_role("link", name="Train on it").click()
    await expect(page.locator("#dataset-choice")).to_have_value("dataset:flowers")
    await expect(page.locator("#dataset-summary")).to_contain_text("3 · 37.5 %")


async def test_what_is_built_in_is_looked_at_and_trained_on(visitors: Visitors) -> None:
    page = await visitors.visit("/datasets/")
    await page.get_by_role("link", name="builtin:breast-cancer").click()
    area = page.locator(".features tbody").nth(3)
    await expect(area).to_contain_text("mean area", timeout=30_000)  # a process of its own starts first
    await expect(area.locator("tr").nth(1)).to_have_text("benign357462.79134.29143.5992.1")
    assert await broken_rules(page) == []
    await page.set_viewport_size(ViewportSize(width=390, height=844))
    assert await overflow(page) == 0
    await page.goto(f"{visitors.server.url}/datasets/builtin:digits-is-8/")
    pictures = page.locator(".pictures img")
    await expect(pictures).to_have_count(24, timeout=30_000)
    await expect(page.locator(".of-class h3")).to_have_text(["not 8 12 of 1,623", "8 12 of 174"])
    await expect(pictures.first).to_have_css("image-rendering", "pixelated")
    assert await broken_rules(page) == []
    await page.get_by_role("link", name="Train on it").click()
    await expect(page.locator("#dataset-choice")).to_have_value("builtin:digits-is-8")
    await page.get_by_role("link", name="Its page").click()
    await expect(page).to_have_url(f"{visitors.server.url}/datasets/builtin:digits-is-8/")


def reported(owner: User) -> None:
    """Store the report that a worker would have made of a training."""
    Dataset.objects.update(preflight=made(owner, of_images()))


async def test_what_is_refused_is_said_beside_the_form(visitors: Visitors, tmp_path: Path, flowers: Path) -> None:
    visitors.expected = re.compile("400")
    page = await visitors.visit("/datasets/")
    (tmp_path / "no.zip").write_bytes(b"no zip")
    await upload(page, tmp_path / "no.zip")
    await expect(page.locator(".uploads .trouble")).to_contain_text("not a zip file", timeout=FIRST_LOOK)
    await page.get_by_role("button", name="Close").click()
    await expect(page.locator("#uploads")).to_be_hidden()
    await page.locator("#upload-name").fill("My flowers")
    await upload(page, flowers)
    await expect(page.locator("#upload-problem")).to_contain_text("Try 'my-flowers'")


async def test_an_upload_goes_on_by_itself_when_the_server_is_back(
    visitors_of_own_server: Visitors, two_pieces: Path
) -> None:
    visitors = visitors_of_own_server
    page = await visitors.visit_with_clock("/datasets/")
    second = SecondPiece()
    await second.hold(page)
    await upload(page, two_pieces)
    await in_thread(eventually, first_piece_has_arrived)
    await in_thread(visitors.server.kill)
    second.let_go()
    await expect(page.locator(".uploads")).to_contain_text("No connection to the server")
    await in_thread(visitors.server.start)
    await page.clock.fast_forward(LONGEST_DELAY)
    await expect(page.locator('tr[data-dataset="large"] .pill')).to_have_text("Waiting", timeout=FIRST_LOOK)
    assert await in_thread(stored, home_of(visitors)) == await in_thread(two_pieces.read_bytes)


async def test_nothing_is_sent_before_it_is_known_how_much_has_arrived(visitors: Visitors, flowers: Path) -> None:
    """Of a piece whose answer was lost the page does not know; what it sent then would not fit."""
    page = await visitors.visit_with_clock("/datasets/")
    asked: list[str] = []

    async def cut(route: Route) -> None:
        asked.append(route.request.method)
        await (route.abort("connectionreset") if len(asked) <= 2 else route.continue_())

    await page.route("**/api/datasets/uploads/*/", cut)
    await upload(page, flowers)
    await expect(page.locator(".uploads")).to_contain_text("No connection to the server")
    await page.clock.fast_forward(LONGEST_DELAY)
    await expect(page.locator('tr[data-dataset="flowers"] .pill')).to_have_text("Waiting", timeout=FIRST_LOOK)
    assert asked == ["PATCH", "GET", "GET", "PATCH"]


def stored(home: Path) -> bytes:
    return (home / "datasets" / "uploads" / Dataset.objects.get().path).read_bytes()


async def test_an_upload_goes_on_after_a_reload_with_the_same_file_only(
    visitors: Visitors, two_pieces: Path, flowers: Path
) -> None:
    page = await visitors.visit("/datasets/")
    second = SecondPiece()
    await second.hold(page)
    await upload(page, two_pieces)
    await in_thread(eventually, first_piece_has_arrived)
    await page.get_by_role("button", name="Pause").click()
    await expect(page.locator(".uploads")).to_contain_text("paused")
    second.let_go()
    await page.reload()
    await expect(page.locator(".uploads")).to_contain_text("arrived before this page was opened")
    again = page.get_by_label("Choose the file again")
    await again.set_input_files(flowers)
    await expect(page.locator(".uploads .trouble")).to_contain_text("That is not the file: it was large.csv")
    os.utime(two_pieces, (WRITTEN + 60, WRITTEN + 60))
    await again.set_input_files(two_pieces)
    await expect(page.locator(".uploads .trouble")).to_contain_text("changed since")
    os.utime(two_pieces, (WRITTEN, WRITTEN))
    await again.set_input_files(two_pieces)
    await expect(page.locator('tr[data-dataset="large"] .pill')).to_have_text("Waiting", timeout=FIRST_LOOK)
    await expect(page.locator("#uploads")).to_be_hidden()


@pytest.mark.parametrize("width", [1440, 390])
async def test_no_page_is_wider_than_the_screen(visitors: Visitors, owner: User, width: int) -> None:
    def written() -> None:
        for number, state in enumerate(Dataset.State):
            dataset = Dataset.objects.create(
                name=f"{number}" + "x" * 63,
                kind=Dataset.Kind.UPLOAD,
                path=f"{number}/x.zip",
                owner=owner,
                state=state,
                content_hash="0" * 64,
                classes=[["c" * 150, 10], ["d", 4]],
                problem="y" * 300,
                files=10**6,
                size=10**12,
            )
            if state == Dataset.State.UPLOADING:
                Upload.objects.create(dataset=dataset, filename="f" * 255, size=10**12, updated_at=timezone.now())

    await in_thread(written)
    page = await visitors.visit("/datasets/", size=ViewportSize(width=width, height=900))
    await expect(page.locator("tbody tr")).to_have_count(len(Dataset.State))
    assert await overflow(page) == 0
    await page.get_by_role("link", name="3xxx").click()
    await expect(page.locator("#class-rows tr")).to_have_count(2)
    assert await overflow(page) == 0


async def overflow(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
