// How uPlot draws curves and marks.

import { colour } from "../frame/theme.js";
import { isolated } from "./readings.js";

const FONT_FAMILY = "system-ui, sans-serif";
export const FONT = `11px ${FONT_FAMILY}`;
const EDGE = 60; // pixels at the right in which a text stands left of its mark
const DASH = [3, 3];

// The library's options of one curve; `faint`: behind its smooth version, `dense`: of very many points.
export function seriesOptions({ label, colour: name, dash, thin, stepped, points }, faint, dense) {
  const stroke = () => (faint ? colour(name).replace(/^rgb\((.*)\)$/, "rgba($1, 0.28)") : colour(name));
  return {
    label,
    stroke,
    width: thin || faint || dense ? 1 : 1.75,
    dash,
    paths: stepped ? globalThis.uPlot.paths.stepped({ align: 1 }) : undefined,
    points: { size: 4.5, fill: stroke, filter: isolatedPoints, ...(points === false ? { show: false } : {}) },
  };
}

const isolatedPoints = (u, index, show) => (show ? null : isolated(u.data[index]));

// Lines across the curves with a text above. The first marks are the most important: a later text that would cover an
// earlier one is left out.
export function drawMarks(u, marks) {
  const { min: low, max: high } = u.scales.x;
  const taken = [];
  for (const mark of marks) if (mark.x >= low && mark.x <= high) drawMark(u, mark, taken);
}

function drawMark(u, { x: value, text, short = text, colour: name = "--best" }, taken) {
  const [ctx, ratio] = [u.ctx, devicePixelRatio];
  const x = Math.round(u.valToPos(value, "x", true));
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour(name);
  ctx.lineWidth = ratio;
  ctx.setLineDash(DASH.map((length) => length * ratio));
  ctx.beginPath();
  ctx.moveTo(x, u.bbox.top);
  ctx.lineTo(x, u.bbox.top + u.bbox.height);
  ctx.stroke();
  ctx.font = `${11 * ratio}px ${FONT_FAMILY}`;
  ctx.textAlign = "left"; // the library leaves it as its axes had it
  const right = x > u.bbox.left + u.bbox.width - EDGE * ratio;
  const [width, gap] = [ctx.measureText(short).width, 4 * ratio];
  const from = right ? x - gap - width : x + gap;
  if (!taken.some(([first, last]) => from < last + gap && from + width > first - gap)) {
    ctx.fillText(short, from, u.bbox.top - 5 * ratio);
    taken.push([from, from + width]);
  }
  ctx.restore();
}
