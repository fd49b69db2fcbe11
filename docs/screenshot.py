"""`make screenshot`: the README's picture, taken in real Chromium of a real training under way."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.installation import Installation, Server
from tests.waiting import eventually

PICTURE = Path(__file__).parent / "live.png"
SIZE = {"width": 1280, "height": 1040}
SHARE_DONE = 0.6  # enough curve to see, and still going on
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
REQUEST = {
    "experiment_name": "Is it an eight?",
    "source_path": "builtin:digits-is-8",
    "data": {"test_fraction": 0.2, "batch_size": 16},
    "trainer": {"max_epochs": 40},
    "callbacks": {"early_stopping": False},
}


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed: apt-get install chromium")
    with tempfile.TemporaryDirectory() as home:
        installation = Installation(Path(home))
        with installation.serve() as server:
            run_id = server.train(**REQUEST)
            page = f"/runs/{run_id}/"
            link = installation.manage("loginlink", "tester", "--address", server.address, "--next", page)
            take(chromium, server, link, run_id)
    sys.stdout.write(f"{PICTURE} is new\n")


def take(chromium: str, server: Server, link: str, run_id: int) -> None:
    """Watch from the start, as a user does; the picture shows a page that was never reloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]  # playwright's own typed dict
        page.goto(link)
        eventually(lambda: fraction_done(server, run_id) >= SHARE_DONE, within=180, every=0.2)
        page.screenshot(path=PICTURE)
        browser.close()


def fraction_done(server: Server, run_id: int) -> float:
    return float(server.get(f"/api/runs/{run_id}/")["progress"]["fraction"])


if __name__ == "__main__":
    main()
