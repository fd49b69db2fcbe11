"""How soon the page of a run with very many errors shows the first of them as pictures."""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from benchmarks.browser_page import Reader
from benchmarks.browser_runs import end, running
from benchmarks.percentiles import Histogram
from experiments.training.recipes.evaluation import Predictions, final_stats
from runs.evaluation.error_pictures import NAME
from runs.models import Run
from runs.statistics.predictions import scores_from_logits

CLASSES = ("not 8", "8")
KEPT = 96  # pictures of each kind of error, as a training keeps them
SIDE = 160  # pixels
WATCHED = """{
    const look = () => {
        const shot = document.querySelector("#errors .shot img");
        if (!shot) return requestAnimationFrame(look);
        shot.decode().then(() => requestAnimationFrame(() => (window.picturedAt = performance.now())));
    };
    requestAnimationFrame(look);
}"""
PICTURED = "() => window.picturedAt > 0"
TIMES = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const [painted] = performance.getEntriesByName("first-contentful-paint");
    const found = performance.getEntriesByType("resource");
    const errors = found.filter(({ name }) => name.includes("/final-samples/?"));
    const script = found.find(({ name }) => name.includes("/error_gallery.js"));
    return {
        "page answered": page.responseEnd,
        "first paint": painted.startTime,
        "errors asked for": Math.min(...errors.map(({ startTime }) => startTime)),
        "their script there": script.responseEnd,
        "errors answered": Math.min(...errors.map(({ responseEnd }) => responseEnd)),
        "first pictures painted": window.picturedAt,
        requests: found.filter(({ startTime }) => startTime < window.picturedAt).length + 1,
    };
}"""


def run_of_errors(errors: int) -> Run:
    """Create a completed run with so many errors on its test split, half of them missed, and as many more right."""
    random = np.random.default_rng(5)
    labels = np.arange(2 * errors) % 2
    wrong = np.arange(2 * errors) < errors
    logits = random.uniform(0.1, 6, 2 * errors) * np.where((labels == 1) == wrong, -1, 1)
    samples = Predictions("test", 0.5, logits, scores_from_logits(logits), labels, np.arange(2 * errors))
    run = running()
    result = final_stats(samples, epoch=0, threshold=0.5, class_names=CLASSES)
    end(run, result)
    run.folder.mkdir(parents=True, exist_ok=True)
    ids = [f"images/{number}.png" for number in range(2 * errors)]
    columns = {"split": ["test"] * len(ids), "label": labels, "sample_id": ids, "patient_id": ids}
    columns |= {"score": samples.scores, "logit": logits}
    pq.write_table(pa.table(columns), run.folder / "predictions.parquet")
    worst = np.argsort(-np.abs(logits), kind="stable")
    with zipfile.ZipFile(run.folder / NAME, "w") as archive:
        for label in (0, 1):
            for place in worst[wrong[worst] & (labels[worst] == label)][:KEPT]:
                archive.writestr(f"test/{place}.png", _picture(random))
    return run


def _picture(random: np.random.Generator) -> bytes:
    """Draw one whose bytes are as many as those of an X-ray: noise of a few bits on a slope."""
    slope = np.linspace(0, 200, SIDE)[:, None] + random.integers(0, 16, (SIDE, SIDE))
    content = io.BytesIO()
    Image.fromarray(slope.astype(np.uint8)).save(content, "PNG")
    return content.getvalue()


def until_pictures(reader: Reader, run: Run, rounds: int) -> tuple[dict[str, Histogram], int]:
    """Measure the seconds from the page's request to each stage up to the first painted pictures.

    Return with them the most requests that had been sent by then.
    """
    stages, most = defaultdict[str, Histogram](Histogram), 0
    for _ in range(rounds):
        reader.page.goto(f"{reader.address}/runs/{run.pk}/", wait_until="commit")
        reader.page.wait_for_function(PICTURED)
        found = reader.page.evaluate(TIMES)
        most = max(most, found.pop("requests"))
        for stage, moment in found.items():
            stages[stage].add(moment / 1e3)
    return stages, most
