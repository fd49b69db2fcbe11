"""How long a curve takes from the end of the server's answer in the browser to pixels on the screen."""

from __future__ import annotations

from benchmarks.browser_page import Reader
from runs.models import Run

# From the moment that an answer's text is there, each frame looks whether the chart of batches differs; the frame after
# the one in which it does has been painted with it.
WATCHED = """{
    const picture = () => {
        const cards = [...document.querySelectorAll("article.chart")];
        const ofBatches = (card) => card.querySelector("h3").innerText.startsWith("Batches");
        const canvas = cards.find(ofBatches)?.querySelector("canvas");
        if (!canvas?.width) return 0;
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let sum = 0;
        for (let i = 0; i < data.length; i += 4) sum = (sum * 31 + data[i] + 7 * data[i + 3]) | 0;
        return sum;
    };
    const watch = (url) => {
        const before = picture();
        const look = () => requestAnimationFrame(() => (picture() === before ? look() : requestAnimationFrame(told)));
        const told = () => {
            const paintedAt = performance.now();
            const answered = performance.getEntriesByName(new URL(url, location.href).href).at(-1).responseEnd;
            window.paintedAfter = paintedAt - answered;
        };
        look();
    };
    const ask = window.fetch;
    window.fetch = async (url, ...rest) => {
        const answer = await ask(url, ...rest);
        const text = answer.text.bind(answer);
        answer.text = async () => {
            const found = await text();
            if (String(url).includes(window.watchFor ?? "/snapshot/")) watch(url);
            return found;
        };
        return answer;
    };
}"""
PAINTED = "() => window.paintedAfter > 0"


def watch(reader: Reader) -> None:
    """Observe the paints on all pages from now on."""
    reader.page.add_init_script(WATCHED)


def until_painted(reader: Reader, run: Run) -> float:
    """Measure the milliseconds from the end of the snapshot's answer to the whole curves."""
    page = reader.page
    page.goto(f"{reader.address}/runs/{run.pk}/", wait_until="commit")
    page.wait_for_function(PAINTED)
    return float(page.evaluate("window.paintedAfter"))


def until_zoomed(reader: Reader) -> float:
    """Measure the milliseconds from the answer with all samples of a range, asked for by two drags."""
    page = reader.page
    plot = page.locator("article.chart", has_text="Batches").first.locator(".u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    for width in (30, 30):
        page.wait_for_timeout(500)
        page.evaluate("() => { window.watchFor = 'from='; window.paintedAfter = 0; }")
        middle, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(middle, y)
        page.mouse.down()
        page.mouse.move(middle + width, y, steps=3)
        page.mouse.up()
        page.wait_for_function(PAINTED)
    return float(page.evaluate("window.paintedAfter"))
