// A small curve of a metric beside a run: the extremes are among its values, so a spike is seen.

import { known } from "../../frame/format.js";
import { curveText, HEIGHT, points, WIDTH } from "./sparkline_points.js";

const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes, text = "") {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

// Draws only what is not drawn yet; nothing where there is no value.
export function drawSparkline(place, curve) {
  const values = (curve?.values ?? []).filter(known);
  const key = values.join();
  if (place.dataset.drawn === key) return;
  place.dataset.drawn = key;
  if (!values.length) return place.replaceChildren();
  const found = points(values);
  const [endX, endY] = found.at(-1);
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    width: WIDTH,
    height: HEIGHT,
    role: "img",
    class: "sparkline",
  });
  svg.append(
    shape("title", {}, curveText({ metric: curve.metric, values })),
    shape("path", { d: `M${found.map((point) => point.join(" ")).join("L")}` }),
    shape("circle", { cx: endX, cy: endY, r: 2.4 }),
  );
  place.replaceChildren(svg);
}
