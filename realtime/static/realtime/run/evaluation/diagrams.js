// Square diagrams from 0 to 1 in both directions. Plain SVG, as large as its place.

import { svg } from "../../frame/svg.js";
import { path } from "./curve_paths.js";

const SQUARE = { left: 48, top: 10, size: 288 };
const TICKS = [0, 0.25, 0.5, 0.75, 1];

const line = (points, look) => svg("path", { d: path(points, SQUARE), class: look });

const DIAGONAL = [
  [0, 0],
  [1, 1],
];

export class Diagram {
  // `x`, `y`: what the axes are called.
  constructor(place, { x, y }) {
    const { left, top, size } = SQUARE;
    const bottom = top + size;
    this.content = svg("g");
    this.own = svg("circle", { r: 5, class: "own", visibility: "hidden" });
    this.chosen = svg("circle", { r: 5, class: "chosen", visibility: "hidden" });
    const inner = TICKS.slice(1, -1);
    this.root = svg(
      "svg",
      { viewBox: "0 0 350 340", role: "img", "aria-label": `${y} by ${x}` }, // until words say what is drawn
      ...inner.map((tick) =>
        line(
          [
            [tick, 0],
            [tick, 1],
          ],
          "grid",
        ),
      ),
      ...inner.map((tick) =>
        line(
          [
            [0, tick],
            [1, tick],
          ],
          "grid",
        ),
      ),
      svg("rect", { x: left, y: top, width: size, height: size, class: "frame" }),
      ...TICKS.map((tick) =>
        svg("text", { x: left + tick * size, y: bottom + 16, "text-anchor": "middle" }, `${tick}`),
      ),
      ...TICKS.map((tick) =>
        svg("text", { x: left - 6, y: bottom - tick * size + 4, "text-anchor": "end" }, `${tick}`),
      ),
      svg("text", { x: left + size / 2, y: bottom + 34, "text-anchor": "middle" }, x),
      svg("text", { transform: `translate(12 ${top + size / 2}) rotate(-90)`, "text-anchor": "middle" }, y),
      this.content,
      this.own,
      this.chosen,
    );
    place.replaceChildren(this.root);
  }

  // `reference`: the points of the dashed line.
  drawCurve(points, { words, reference = DIAGONAL }) {
    this.root.setAttribute("aria-label", words);
    this.content.replaceChildren(line(reference, "reference"), line(points, "curve"));
  }

  drawReliability(points, words) {
    this.root.setAttribute("aria-label", words);
    const ranges = points.map(({ mean_score: x, ci_low: low, ci_high: high }) =>
      line(
        low === null || high === null
          ? []
          : [
              [x, low],
              [x, high],
            ],
        "range",
      ),
    );
    const bins = points.map(({ mean_score: x, share: y }) => mark(svg("circle", { r: 4, class: "bin" }), [x, y]));
    const through = line(
      points.map(({ mean_score: x, share: y }) => [x, y]),
      "curve",
    );
    this.content.replaceChildren(line(DIAGONAL, "reference"), ...ranges, through, ...bins);
  }

  // The point at the run's own threshold, and at the one that the reader chose; null: not on the curve.
  markOwn(point) {
    mark(this.own, point);
  }

  markChosen(point) {
    mark(this.chosen, point);
  }
}

function mark(circle, point) {
  const there = point?.every((value) => value !== null);
  circle.setAttribute("visibility", there ? "visible" : "hidden");
  if (there) {
    circle.setAttribute("cx", SQUARE.left + point[0] * SQUARE.size);
    circle.setAttribute("cy", SQUARE.top + (1 - point[1]) * SQUARE.size);
  }
  return circle;
}
