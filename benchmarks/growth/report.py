"""What was measured as tables in Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.growth.curve import Curve, curves

FILE = Path(__file__).resolve().parents[1] / "growth.json"


def known(part: str | None = None) -> list[Curve]:
    """Return the curves of a part, or all, as they were written last."""
    found = curves(json.loads(FILE.read_text())["curves"])
    return [curve for curve in found if part in (None, curve.part)]


def table(found: Sequence[Curve]) -> str:
    """Write one line for each curve: its costs, its exponent, the verdict."""
    sizes = sorted({size for curve in found for size in curve.sizes})
    of = found[0].of if found else ""
    lines = [f"| {of} | unit | {' | '.join(f'{size:,.0f}' for size in sizes)} | exponent | growth |"]
    lines.append("|---|---|" + "---|" * (len(sizes) + 2))
    for curve in found:
        cost = dict(zip(curve.sizes, curve.shown, strict=True))
        cells = " | ".join(number(cost[size]) if size in cost else "–" for size in sizes)
        unit = f"{curve.unit}, each" if curve.each else curve.unit
        lines.append(f"| {curve.what} | {unit} | {cells} | {curve.exponent:.2f} | {curve.verdict} |")
    return "\n".join(lines)


def number(value: float) -> str:
    """Write two digits at least, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if abs(value) < 10 else f"{value:.3g}"
