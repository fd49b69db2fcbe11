"""What the page of a run takes in a real browser.

    python -m benchmarks.browser [--batches 50000] [--samples 1000000] [--errors 10000] [--events 100]
        [--seconds 120]

A home of its own (SQLite), a web server, Chromium (`CHROMIUM`, else the installed one), one reader. Measures, each on a
page of its own: the first paint of a run with many batches and when its curves are drawn, as the first thing that a
fresh server is asked, and later; how long curves of very many samples take from the end of the answer to pixels, whole
and closely looked at; how soon a run with very many errors shows the first of them as pictures; how long an event takes
from its commit to changed pixels; the share of a core that 20 curves of 5,000 samples take at 4 updates a second; the
growth of the heap under a stream. 0 leaves a part out. Needs the requirements for development (Playwright).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from functools import partial

import django

# The home is made before the settings are read: they are read once.
_HOME = tempfile.TemporaryDirectory(prefix="livetrain-browser-", ignore_cleanup_errors=True)
os.environ |= {
    "LIVETRAIN_HOME": _HOME.name,
    "DJANGO_SETTINGS_MODULE": "project.settings",
    "LIVETRAIN_DEFAULT_ROLE": "trainer",
}
os.environ["LIVETRAIN_LOG_LEVEL"] = "WARNING"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread; nothing else does meanwhile
django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks.browser_errors import WATCHED, run_of_errors, until_pictures  # noqa: E402
from benchmarks.browser_page import Reader, served  # noqa: E402
from benchmarks.browser_paint import until_painted, until_zoomed, watch  # noqa: E402
from benchmarks.browser_runs import (  # noqa: E402
    LAYERS,
    PER_LAYER,
    long_run,
    one_long_curve,
    run_of_layers,
    running,
    tell_batch,
    tell_layers,
)
from benchmarks.percentiles import Histogram  # noqa: E402
from runs.models import Run  # noqa: E402

ROUNDS = 5
ERROR_ROUNDS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description="The page of a run in a real browser.")
    parts = {"batches": 50_000, "samples": 1_000_000, "errors": 10_000, "events": 100, "seconds": 120}
    for name, default in parts.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with _HOME:
        call_command("migrate", verbosity=0)
        for packed in (True, False) if asked.batches else ():
            _first_paint(asked.batches, packed=packed)
        long = one_long_curve(asked.samples) if asked.samples else None
        if asked.errors:
            _errors(asked.errors)
        with served(_HOME.name) as address, Reader(address) as reader:
            if long:
                _many_samples(reader, long)
            if asked.events:
                _until_pixels(reader, asked.events)
            if asked.seconds:
                _busy(reader, 20)
                _heap(reader, asked.seconds)


def _first_paint(batches: int, *, packed: bool) -> None:
    """Measure the first visit at a fresh server; by the second one the browser has the scripts."""
    run = long_run(batches, packed=packed)
    with served(_HOME.name) as address, Reader(address) as reader:
        for turn in ("first", "second"):
            taken = reader.open(run)
            what = f"{batches:,} batches, {'packed' if packed else 'journal alone'}, {turn} visit"
            _say(f"{what}: painted, curves drawn after", f"{reader.painted():.0f} ms, {taken:.0f} ms")
        _say("heap after that", f"{reader.heap():.1f} MiB")


def _many_samples(reader: Reader, run: Run) -> None:
    whole, close = Histogram(), Histogram()
    watch(reader)
    for _ in range(ROUNDS):
        whole.add(until_painted(reader, run) / 1e3)
        close.add(until_zoomed(reader) / 1e3)
    _say(f"{run.last_seq:,} samples, end of the answer to pixels, ms", str(whole.summary()))
    _say("the same, closely looked at", str(close.summary()))


def _errors(errors: int) -> None:
    """Measure the first visit at a fresh server, and later ones."""
    run = run_of_errors(errors)
    with served(_HOME.name) as address, Reader(address) as reader:
        reader.page.add_init_script(WATCHED)
        for what, rounds in (("first visit", 1), ("later", ERROR_ROUNDS)):
            stages, requests = until_pictures(reader, run, rounds)
            for stage, taken in stages.items():
                _say(f"{errors:,} errors, {what}: {stage}, ms after the page's request", str(taken.summary()))
            _say(f"{errors:,} errors, {what}: requests until then, at most", str(requests))


def _until_pixels(reader: Reader, events: int) -> None:
    run, taken = running(), Histogram()
    reader.open(run)
    for step in range(1, events + 1):
        reader.page.wait_for_timeout(100 + 37 * step % 200)
        taken.add(reader.until_pixels(partial(tell_batch, run, step)))
    _say(f"{events} events, commit to changed pixels, ms", str(taken.summary()))


def _busy(reader: Reader, seconds: int) -> None:
    run = run_of_layers()
    reader.open(run)
    reader.page.locator("article.chart", has_text="Gradient norm").scroll_into_view_if_needed()
    before = reader.main_thread_seconds()
    for number in range(4 * seconds):
        tell_layers(run, PER_LAYER + number)
        reader.page.wait_for_timeout(250)
    spent = reader.main_thread_seconds() - before
    _say(
        f"{LAYERS} curves of {PER_LAYER:,} samples, 4 updates/s, main thread",
        f"{100 * spent[0] / spent[1]:.1f} % of a core",
    )


def _heap(reader: Reader, seconds: int) -> None:
    run = running()
    reader.open(run)
    step = 0
    for part in range(5):
        for _ in range(seconds * 10 // 5 if part else 0):
            for _ in range(10):
                step += 1
                tell_batch(run, step)
            reader.page.wait_for_timeout(100)
        _say(f"heap after {step:,} events", f"{reader.heap():.1f} MiB")


def _say(what: str, figure: str) -> None:
    sys.stdout.write(f"{what:72}{figure}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
