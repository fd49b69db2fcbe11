"""Maps over the errors of a run in real Chromium: shown, faded, changed, followed to the next sample, and refused.

What the server computes is made here, without a trained model; the server's own answers are tested over REST.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from django.contrib.auth.models import User
from playwright.async_api import Page, Route, expect

from experiments.explanations.views import described
from experiments.training.explanation.image_maps import explain_image
from experiments.training.model_source import ModelSource
from experiments.training.prediction.serving.messages import Explained, Item
from runs.models import Run
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.browser.test_error_gallery import SLOW, digits, opened
from tests.browser.test_list_page import overflow
from tests.experiments.training.explanation.networks import (
    SquareFinder,
    differentiable,
    predicting,
    scaled,
    square_at,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SOURCE = ModelSource(
    run_id=1, attempt=1, config={}, checkpoint="", folder="", sha256="", classes=["not 8", "8"], positive="8"
)


def answer(named: str) -> dict[str, Any]:
    """Explain a square that the network finds, as the server would."""
    torch.manual_seed(0)
    network, pixels = differentiable(SquareFinder().eval()), square_at(9, 12)
    label = SOURCE.classes.index(named)
    found = explain_image(
        pixels, predict=predicting(network), network=network, scaled=scaled(pixels[None]), label=label
    )
    item = Item(name="a", predicted="8", logit=1.0, score=0.75, scores={"not 8": 0.25, "8": 0.75})
    return described(SOURCE, Explained(item=item, label=label, logit=1.0, image=found)) | {"note": None}


class Answers:
    """Answers in place of the server; `asked` are the bodies of the requests."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.refuses = False

    async def take(self, page: Page) -> None:
        await page.route("**/explain/", self._answer)

    async def _answer(self, route: Route) -> None:
        self.asked.append(json.loads(route.request.post_data or ""))
        if self.refuses:
            problem = {"type": "about:blank", "title": "Conflict", "status": 409, "detail": "The data are gone."}
            await route.fulfill(status=409, json=problem, content_type="application/problem+json")
        else:
            await route.fulfill(json=answer(self.asked[-1].get("class", "8")))


def with_model(owner: User, home: Path) -> Run:
    run = digits(owner, home, kept=3)
    Run.objects.filter(pk=run.pk).update(best_checkpoint="checkpoints/best.ckpt")
    return run


async def test_a_map_lies_over_the_picture(visitors: Visitors, owner: User) -> None:
    visitors.expected = re.compile("409")
    page, _ = await opened(visitors, lambda home: with_model(owner, home))
    answers = Answers()
    await answers.take(page)
    await page.locator(".error-group .shot").first.click()
    dialog, button = page.locator("#picture-dialog"), page.locator("#picture-explain")
    await button.press("Enter")
    overlay = dialog.locator(".explained-map")
    await expect(overlay).to_be_visible(timeout=SLOW)
    await expect(button).to_have_attribute("aria-pressed", "true")
    [first] = answers.asked
    assert set(first) == {"split", "place"}
    await expect(overlay).to_have_attribute(
        "alt", "Map: Highest at the middle centre; half of that or more in 6 % of the image."
    )
    await expect(dialog).to_contain_text("no evidence of a disease")
    await expect(dialog).to_contain_text("8 × 8 places, each of about 3 × 3 of the 24 × 24 pixels")
    opacity = dialog.get_by_label("Opacity")
    before = float(await overlay.evaluate("node => getComputedStyle(node).opacity"))
    await opacity.press("ArrowLeft")  # fades the map, and does not lead to another sample
    assert await overlay.evaluate("node => getComputedStyle(node).opacity") == str(round(before - 0.01, 2))
    await dialog.get_by_label("Show the map").press("Space")
    await expect(overlay).to_be_hidden()
    await dialog.get_by_label("Show the map").press("Space")
    assert await broken_rules(page) == []
    await dialog.get_by_label("Class").select_option("not 8")
    await expect(dialog).to_contain_text("nothing in the image raises the score of not 8", timeout=SLOW)
    assert answers.asked[-1] == first | {"class": "not 8"}
    title = await page.locator("#picture-title").inner_text()
    await button.press("ArrowRight")
    await expect(page.locator("#picture-title")).not_to_have_text(title)
    await expect(dialog).to_contain_text("Grad-CAM for 8, whose score is 0.750.", timeout=SLOW)
    assert answers.asked[-1]["place"] != first["place"]
    await page.set_viewport_size(NARROW)
    await page.emulate_media(color_scheme="dark")
    assert await broken_rules(page) == []
    assert await overflow(page) <= 0
    assert await dialog.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    answers.refuses = True
    await page.locator("#picture-next").click()
    await expect(page.locator("#picture-explanation")).to_contain_text("The data are gone.", timeout=SLOW)
    await button.press("Enter")
    await expect(overlay).to_have_count(0)
    await expect(dialog.locator("#picture-frame img")).to_have_count(1, timeout=SLOW)
    await expect(page.locator("#picture-explanation")).to_be_hidden()
