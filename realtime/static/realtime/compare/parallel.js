// Parallel coordinates: one line per run through the numbers that differ and through what came out. Plain SVG.

import { known, tick } from "../frame/format.js";
import { svg } from "../frame/svg.js";

const [HEIGHT, TOP, BOTTOM] = [300, 46, 30];
const LEAST_GAP = 112; // pixels between two axes: room for their names
const LETTER = 7.2; // pixels of one, on average, in bold
const LOG_FROM = 50; // times the smallest: then equal factors are equal distances

// `axes`: [{label, values, ends?}], a value per run: numbers, or words that get places of their own. `lines`: [{id,
// name, colour}].
export function drawParallel(container, axes, lines, onPick) {
  const usable = axes.filter(
    ({ values }) => new Set(values.filter((value) => value !== null && value !== undefined).map(String)).size > 1,
  );
  container.hidden = usable.length < 2;
  if (container.hidden) return container.replaceChildren();
  const gap = Math.max(LEAST_GAP, (container.clientWidth - 40) / usable.length);
  const scales = usable.map((axis, i) => ({ ...axis, x: gap * (i + 0.5), place: scale(axis) }));
  const root = svg("svg", {
    width: gap * usable.length,
    height: HEIGHT,
    viewBox: `0 0 ${gap * usable.length} ${HEIGHT}`,
    role: "img",
    "aria-label": description(usable, lines),
    class: "parallel",
  });
  for (const axis of scales) root.append(drawAxis(axis, Math.floor(gap / LETTER)));
  for (const [i, line] of lines.entries()) root.append(drawLine(scales, i, line, onPick));
  container.replaceChildren(root);
}

// Value -> {y, text}; the highest on top.
function scale({ values, ends }) {
  const found = values.filter((value) => value !== null && value !== undefined);
  const height = HEIGHT - TOP - BOTTOM;
  if (!found.every(known)) {
    const words = [...new Set(found.map(String))].sort();
    const y = (value) => TOP + height * (words.length > 1 ? words.indexOf(String(value)) / (words.length - 1) : 0.5);
    return { y, ticks: words.slice(0, 8).map((word) => [y(word), word]) };
  }
  const [low, high] = ends ?? [Math.min(...found), Math.max(...found)];
  const move = low > 0 && high / low >= LOG_FROM ? Math.log : (value) => value;
  const y = (value) => TOP + height * (1 - (move(value) - move(low)) / (move(high) - move(low) || 1));
  return {
    y,
    ticks: [
      [y(high), tick(high)],
      [y(low), tick(low)],
    ],
  };
}

function drawAxis({ label, x, place }, room) {
  const short = label.length > room ? `${label.slice(0, room - 1)}…` : label;
  return svg(
    "g",
    { class: "axis" },
    svg("line", { x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }),
    svg("text", { x, y: 14, "text-anchor": "middle", class: "label" }, short, svg("title", {}, label)),
    ...place.ticks.map(([y, text]) =>
      svg(
        "text",
        { x: x + 6, y: y <= TOP + 1 ? y - 6 : y >= HEIGHT - BOTTOM - 1 ? y + 16 : y + 4 },
        text.length > 16 ? `${text.slice(0, 15)}…` : text,
      ),
    ),
  );
}

function drawLine(scales, i, { id, name, colour }, onPick) {
  const points = scales.map(({ x, values, place }) =>
    values[i] === null || values[i] === undefined ? null : [x, place.y(values[i])],
  );
  const path = points
    .map((point, at) =>
      point ? `${at && points[at - 1] ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}` : "",
    )
    .join("");
  const line = svg("path", { d: path, class: "run", "data-run": id }, svg("title", {}, name));
  line.style.stroke = `var(${colour})`;
  line.addEventListener("mouseenter", () => onPick(id));
  line.addEventListener("mouseleave", () => onPick(null));
  return line;
}

const description = (axes, lines) =>
  `Parallel coordinates of ${lines.length} runs along ${axes.map(({ label }) => label).join(", ")}.`;
