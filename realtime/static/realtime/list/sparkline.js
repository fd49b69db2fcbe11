// A small curve of a metric beside a run: the extremes are among its values, so a spike is seen.

import { known, metricName, number, plural } from "../frame/format.js";

const [WIDTH, HEIGHT, MARGIN] = [104, 28, 3];
const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes, text = "") {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

// The points of `values` in the drawing; equal values are a line through its middle.
export function points(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (i) => MARGIN + ((WIDTH - 2 * MARGIN) * i) / Math.max(1, values.length - 1);
  const y = (value) => (high > low ? MARGIN + (HEIGHT - 2 * MARGIN) * (1 - (value - low) / (high - low)) : HEIGHT / 2);
  return values.map((value, i) => [Number(x(i).toFixed(1)), Number(y(value).toFixed(1))]);
}

export function inWords({ metric, values }) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const name = metricName(metric);
  if (values.length === 1) return `${name}: ${number(values[0])}`;
  return `${name}, ${plural(values.length, "value")}: first ${number(values[0])}, last ${number(values.at(-1))}, lowest ${number(low)}, highest ${number(high)}`;
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
    shape("title", {}, inWords({ metric: curve.metric, values })),
    shape("path", { d: `M${found.map((point) => point.join(" ")).join("L")}` }),
    shape("circle", { cx: endX, cy: endY, r: 2.4 }),
  );
  place.replaceChildren(svg);
}
