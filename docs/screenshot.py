"""`make screenshot`: the pictures of README and documentation, of real trainings in real Chromium."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.installation import Installation, Server
from tests.waiting import eventually

FOLDER = Path(__file__).parent / "images"
SIZE = {"width": 1280, "height": 1040}
LOW = {"width": 1280, "height": 720}
SHARE_DONE = 0.6  # enough curve to see, and still going on
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
LIVE: dict[str, Any] = {
    "experiment_name": "Is it an eight?",
    "source_path": "builtin:digits-is-8",
    "data": {"test_fraction": 0.2, "batch_size": 16},
    "trainer": {"max_epochs": 40},
    "callbacks": {"early_stopping": False},
}
RATES = (0.03, 0.01, 0.003, 0.001)
COMPARED: dict[str, Any] = {
    "experiment_name": "Breast cancer",
    "source_path": "builtin:breast-cancer",
    "data": {"test_fraction": 0.2},
    "trainer": {"max_epochs": 25},
}
FOLDS: dict[str, Any] = COMPARED | {"experiment_name": "Breast cancer, five folds", "data": {"folds": 5}}
DIVERGES: dict[str, Any] = COMPARED | {"experiment_name": "Too fast", "optimizer": {"learning_rate": 1e10}}


def main() -> None:
    """Start a server of its own, train what the pictures show, and take them."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed: apt-get install chromium")
    with tempfile.TemporaryDirectory() as home:
        installation = Installation(Path(home))
        with installation.serve() as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            compared = [
                server.train(**COMPARED, optimizer={"learning_rate": rate}, tags=["baseline"]) for rate in RATES
            ]
            for request in (FOLDS, DIVERGES):
                last = server.train(**request)
            server.wait_for(last, "failed", within=300)
            live = server.train(**LIVE)
            take(installation, server, browser, live, compared)
            browser.close()


def take(installation: Installation, server: Server, browser: Browser, live: int, compared: list[int]) -> None:
    """Watch from the start, as a user does; the pictures of the run show a page that was never reloaded."""
    page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]  # playwright's own typed dict
    page.goto(installation.manage("loginlink", "tester", "--address", server.address, "--next", f"/runs/{live}/"))
    page.get_by_role("button", name="Log in as tester").click()
    eventually(lambda: fraction_done(server, live) >= SHARE_DONE, within=300, every=0.2)
    keep(page, "live.png")
    page.set_viewport_size(LOW)  # type: ignore[arg-type]
    page.goto(f"{server.address}/")
    page.locator("#table tbody tr").nth(9).wait_for()
    keep(page, "runs.png")
    page.emulate_media(color_scheme="dark")
    page.goto(f"{server.address}/compare/?runs={','.join(map(str, compared))}")
    page.locator(".matrices h3").first.wait_for(state="attached")
    page.locator("#differences table").wait_for()
    keep(page, "compare.png")


def keep(page: Page, name: str) -> None:
    """Store what the page shows as one of the pictures."""
    page.wait_for_timeout(500)  # transitions end
    page.screenshot(path=FOLDER / name)
    sys.stdout.write(f"docs/images/{name} is new\n")


def fraction_done(server: Server, run_id: int) -> float:
    """Read how far a run is, from 0 to 1."""
    return float(server.get(f"/api/runs/{run_id}/")["progress"]["fraction"])


if __name__ == "__main__":
    main()
