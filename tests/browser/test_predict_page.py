"""The page of predictions in real Chromium: files are dropped and pasted, told, and saved; a data set is queued."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, expect

from experiments.models import Dataset, ModelJob
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import NARROW, broken_rules
from tests.browser.test_list_page import overflow
from tests.experiments.predictions.stored_models import store
from tests.experiments.training.datasets import write_image
from tests.realtime.writing import in_thread

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SLOW = 60_000  # milliseconds, on a busy machine
DROP = """([name, content]) => {
    const data = new DataTransfer();
    data.items.add(new File([content], name));
    const drop = (type) => new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector("#predict-drop").dispatchEvent(drop("dragover"));
    document.querySelector("#predict-drop").dispatchEvent(drop("drop"));
}"""


def with_model(visitors: Visitors, owner: User, kind: str) -> Run:
    run = story.start(story.submit(owner))
    story.end(run)
    run.refresh_from_db()
    home = Path(visitors.server.log.parent) / "home"
    target: Any = home / "runs" / str(run.pk)
    target.parent.mkdir(exist_ok=True)
    store(run, kind)
    if not target.exists():
        target.symlink_to(run.folder)
    return run


async def texts(page: Page, column: str) -> list[str]:
    return await page.locator(f"#predict-results tbody [data-label={column}]").all_inner_texts()


async def test_images_are_chosen_and_dropped(visitors: Visitors, owner: User, tmp_path: Path) -> None:
    run = await in_thread(with_model, visitors, owner, "image")
    names = ["7.png", "broken.png", "50.png"]
    for name in names:
        write_image(tmp_path / name, size=(8, 6))
    page = await visitors.visit(f"/runs/{run.pk}/", dark=True, size=NARROW)
    await page.get_by_role("link", name="Use the model").click()
    await expect(page.locator("#decision-words")).to_contain_text("A score of 0.500 or more is predicted as malignant.")
    await page.set_input_files("#predict-files", [tmp_path / name for name in names])
    await expect(page.locator("#predict-words")).to_have_text(
        "3 items: 1 benign, 1 malignant, 1 not predicted.", timeout=SLOW
    )
    assert await texts(page, "Predicted") == ["benign", "Not predicted", "malignant"]
    assert await texts(page, "Probability") == ["malignant 3.5 %", "–", "malignant 25.0 %"]
    assert (await texts(page, "Read"))[0] == "PNG, 8 × 6 pixels, L, 8 bits."
    await expect(page.locator("canvas.drawn")).to_have_count(3)
    assert await broken_rules(page) == []
    assert await overflow(page) <= 0
    await page.evaluate(DROP, ["99.dcm", "no picture"])
    await expect(page.locator("#predict-words")).to_contain_text("4 items: 1 benign, 2 malignant", timeout=SLOW)
    await expect(page.locator("canvas.unknown")).to_have_count(1)
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Download as CSV").click()
    saved = await (await waiting.value).path()
    assert [line.split(",")[:3] for line in saved.read_text().splitlines()] == [
        ["name", "predicted", "score malignant"],
        ["7.png", "benign", "0.07"],
        ["broken.png", "", ""],
        ["50.png", "malignant", "0.5"],
        ["99.dcm", "malignant", "0.99"],
    ]
    await page.get_by_role("button", name="Clear").click()
    await expect(page.locator("#predict-results")).to_be_empty()


async def test_rows_are_pasted_and_a_data_set_is_queued(visitors: Visitors, owner: User) -> None:
    run = await in_thread(with_model, visitors, owner, "table")

    def registered() -> None:
        Dataset.objects.create(
            name="ward-b", owner=owner, project_id=run.project_id, kind=Dataset.Kind.FOLDER, path="/", state="ready"
        )

    await in_thread(registered)
    page = await visitors.visit(f"/runs/{run.pk}/predict/")
    await page.get_by_text("2 columns").click()
    await expect(page.get_by_role("region", name="Columns", exact=True)).to_contain_text("category: A")
    await page.get_by_role("button", name="Predict rows").click()
    await expect(page.get_by_role("alert")).to_have_text("Paste rows first.")
    await page.get_by_label("Or paste rows").fill("age,site\n41,A")
    await page.get_by_role("button", name="Predict rows").press("Enter")
    await expect(page.locator("#predict-words")).to_contain_text("1 item:", timeout=SLOW)
    await page.get_by_role("button", name="Predict it").click()
    await expect(page.locator("#predict-jobs .pill")).to_have_text("Queued", timeout=SLOW)
    job = await in_thread(ModelJob.objects.get)
    assert job.options == {"source_path": "dataset:ward-b"}
    assert await broken_rules(page) == []

    def done() -> None:
        counts = {"samples": 3, "predicted": {"benign": 3}, "not_predicted": 0, "notes": []}
        result = counts | {"mean_score": 0.25, "mean_probability": None}
        files = [{"name": "predictions.csv", "bytes": 2048, "sha256": "0"}]
        ModelJob.objects.filter(pk=job.pk).update(status="done", result=result, files=files)

    await in_thread(done)
    await page.reload()
    await expect(page.locator("#predict-jobs")).to_contain_text(
        "3 samples: 3 benign. Their mean score is 0.250.", timeout=SLOW
    )
    link = page.get_by_role("link", name="predictions.csv (2.0 KiB)")
    await expect(link).to_have_attribute("href", f"/api/model-jobs/{job.pk}/files/predictions.csv")
