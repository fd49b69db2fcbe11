"""The process that makes a PDF of a report: by WeasyPrint, else by a Chromium that the machine has.

Nothing is fetched: WeasyPrint may read data addresses alone, and the report's own policy forbids the rest to Chromium.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from experiments.reports.drawing.answering import answer_one
from experiments.reports.drawing.printing import PrintAnswer, PrintTask

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 90
CURE = (
    'PDFs need WeasyPrint: run `make setup EXTRAS="report"` on the server, and install the packages libpango-1.0-0 and '
    "libpangoft2-1.0-0 of the operating system; or install Chromium. The HTML can be printed by any browser. ({})"
)


def answer_to(task: PrintTask) -> PrintAnswer:
    """Print by what is there; say what went wrong where nothing is."""
    try:
        return PrintAnswer(pdf=by_weasyprint(task.html), by="WeasyPrint")
    except (ImportError, OSError) as error:  # OSError: Pango is missing
        browser = next(filter(None, map(shutil.which, CHROMIUM)), None)
        if browser is None:
            return PrintAnswer(problem=CURE.format(" ".join(str(error).split())[:200]))
    try:
        return PrintAnswer(pdf=by_chromium(browser, task.html, Path(task.folder)), by="Chromium")
    except (OSError, subprocess.SubprocessError) as error:
        return PrintAnswer(problem=CURE.format(" ".join(str(error).split())[:200]))


def by_weasyprint(html: bytes) -> bytes:
    """Print by WeasyPrint. Raises ImportError and OSError where it cannot be loaded."""
    from weasyprint import HTML  # noqa: PLC0415  # an extra, and slow to load
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    document = HTML(string=html.decode(), url_fetcher=URLFetcher(allowed_protocols={"data"}))
    pdf: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return pdf


def by_chromium(browser: str, html: bytes, folder: Path) -> bytes:
    """Print by a headless Chromium with a profile of its own. Raises OSError, SubprocessError."""
    source, target = folder / "report.html", folder / "report.pdf"
    source.write_bytes(html)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to start as root otherwise
    subprocess.run(  # noqa: S603
        [
            browser, "--headless", "--disable-gpu", "--no-pdf-header-footer", "--no-first-run", "--disable-extensions",
            f"--user-data-dir={folder / 'profile'}", *sandbox, f"--print-to-pdf={target}", source.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=SECONDS,
    )  # fmt: skip
    return target.read_bytes()


if __name__ == "__main__":
    answer_one(PrintTask, answer_to)
