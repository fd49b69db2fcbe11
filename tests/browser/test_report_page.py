"""The page of a run's reports, and a report itself, in Chromium: texts are stored, both fit into narrow windows."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.async_api import expect

from experiments.reports import report_versions
from experiments.reports.drawing import requests
from experiments.reports.drawing.plots import Drawn
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_account_page import SIZES
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="460" height="300"><rect width="460" height="300"/></svg>'


def reported_run(owner: User) -> Run:
    """Make a completed run with a report, whose figures are rectangles."""
    run = story.start(story.submit(owner, "A long name of a run on <b>chest</b> x-rays of three hospitals"))
    story.train(run, 0)
    story.tell(run, [story.final(0)])
    story.end(run, "completed", None)
    run.refresh_from_db()
    report_versions.make(run, owner.username)
    return run


async def test_texts_are_stored_and_a_report_is_read(
    visitors: Visitors, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "drawn", lambda plots: [Drawn(name=one.name, svg=SVG, png=b"") for one in plots])
    run = await in_thread(reported_run, owner)
    page = await visitors.visit(f"/runs/{run.pk}/report/", dark=True)
    await page.get_by_label("Ethics", exact=True).fill("Approved.\nNumber 7.")
    await page.get_by_role("button", name="Store texts").click()
    await expect(page.get_by_role("status")).to_contain_text("The texts are stored")
    await expect(page.get_by_label("Ethics", exact=True)).to_have_value("Approved.\nNumber 7.")
    await expect(page.get_by_text("Texts were changed since: Ethics.")).to_be_visible()
    await page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    for size in SIZES:
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await broken_rules(page) == [], scheme
    await page.goto(f"{visitors.server.url}/api/runs/{run.pk}/reports/1/report.html")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("<b>chest</b>")
    for size in SIZES:
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
