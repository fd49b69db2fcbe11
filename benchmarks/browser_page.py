"""A web server over the benchmark's home, and Chromium that reads the page of a run and says what it took."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

from benchmarks.browser_runs import reader
from runs.models import Run

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-precise-memory-info")
DRAWN = """() => [...document.querySelectorAll("article.chart")].some(
    (card) => /^(Batches|Gradient)/.test(card.innerText) && card.querySelector("canvas"),
)"""
LIVE = """() => document.querySelector("#connection").innerText.startsWith("Live")"""
CHANGED = """() => window.changedAt !== null"""
WATCH = """() => {
    // A hash of the pixels of the chart of batches, in each frame; the moment at which it differs is kept.
    const hash = () => {
        const cards = [...document.querySelectorAll("article.chart")];
        const canvas = cards.find((card) => card.innerText.startsWith("Batches"))?.querySelector("canvas");
        if (!canvas) return 0;
        const context = canvas.getContext("2d", { willReadFrequently: true });
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let sum = 0;
        for (let i = 0; i < data.length; i += 4) sum = (sum * 31 + data[i] + 7 * data[i + 3]) | 0;
        return sum;
    };
    const before = hash();
    window.changedAt = null;
    const look = () => (hash() === before ? requestAnimationFrame(look) : (window.changedAt = Date.now()));
    requestAnimationFrame(look);
}"""


@contextlib.contextmanager
def served(home: str) -> Iterator[str]:
    """Serve in a separate process; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "project.asgi:application"]
    with (
        (Path(home) / "server.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(port: int, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("The web server did not start.")


class Reader:
    """One page of a browser, logged in without a request: the first one is the first that the server gets."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __enter__(self) -> Reader:
        program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            raise SystemExit("Chromium is not installed: apt-get install chromium, or set CHROMIUM to its program.")
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=program, args=FLAGS)
        self.page = self._browser.new_page(viewport={"width": 1440, "height": 900}, bypass_csp=True)
        client = Client()
        client.force_login(reader())
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        self.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.address}])
        self._debugger = self.page.context.new_cdp_session(self.page)
        self._debugger.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})  # work, not waiting for a core
        self._debugger.send("Performance.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.close()
        self._playwright.stop()

    def open(self, run: Run) -> float:
        """Measure the milliseconds from the request to a drawn chart."""
        start = time.perf_counter()
        self.page.goto(f"{self.address}/runs/{run.pk}/", wait_until="commit")
        if run.last_seq > 0 and Run.objects.get(pk=run.pk).last_seq > 10:
            self.page.wait_for_function(DRAWN)
        else:
            self.page.wait_for_function(LIVE)
        return (time.perf_counter() - start) * 1e3

    def painted(self) -> float:
        """Measure the milliseconds from a page's last request to its first paint, with the name and the status."""
        found = """performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1"""
        return float(self.page.evaluate(found))

    def until_pixels(self, store: Callable[[], None]) -> float:
        """Measure the seconds from the commit of what is stored to the frame whose pixels differ, by one clock."""
        self.page.evaluate(WATCH)
        store()
        committed = time.time()
        self.page.wait_for_function(CHANGED)
        changed = float(self.page.evaluate("window.changedAt")) / 1e3
        return max(0.0, changed - committed)

    def heap(self) -> float:
        """Collect garbage and return the MiB of live objects."""
        self._debugger.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in self._debugger.send("Performance.getMetrics")["metrics"]}
        return float(found["JSHeapUsedSize"]) / 2**20

    def main_thread_seconds(self) -> Spent:
        """Return how long the page's main thread has worked so far, and the time."""
        found = {one["name"]: one["value"] for one in self._debugger.send("Performance.getMetrics")["metrics"]}
        return Spent(float(found["TaskDuration"]), time.monotonic())


class Spent(tuple[float, float]):
    """Seconds of work, and seconds of time."""

    def __new__(cls, work: float, moment: float) -> Spent:
        return super().__new__(cls, (work, moment))

    def __sub__(self, before: Spent) -> Spent:
        return Spent(self[0] - before[0], self[1] - before[1])
