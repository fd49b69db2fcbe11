// The decision curve as paths, and in words. Pure.

import { percent } from "../../frame/format.js";

/** @typedef {[x: number, y: number]} Point */

/** @typedef {object} DecisionCurve as GET /api/runs/<id>/final-curves/ has it
 * @property {string} text which probabilities it is of
 * @property {string | null} problem
 * @property {number[] | null} thresholds
 * @property {number[] | null} model
 * @property {number[] | null} treat_all
 */

/** @typedef {{model: Point[], all: Point[], right: number, top: number, bottom: number}} Drawn */

const ROOM = 1.1; // above the prevalence, the highest net benefit that there is
const BELOW = -0.25; // of it: a curve that falls farther says no more

/**
 * Return the curves and the ends of the axes; null where there is nothing to draw.
 *
 * @param {DecisionCurve | null} curve
 * @returns {Drawn | null}
 */
export function drawn(curve) {
  if (!curve?.thresholds || !curve.model || !curve.treat_all) return null;
  const { thresholds, model, treat_all: all } = curve;
  const highest = Math.max(0.001, model[0]); // at 0 all are called, and the net benefit is the prevalence
  const [top, bottom] = [ROOM * highest, BELOW * highest];
  const points = (/** @type {number[]} */ values) =>
    until(
      values.map((value, i) => /** @type {Point} */ ([thresholds[i], value])),
      bottom,
    );
  return { model: points(model), all: points(all), right: thresholds.at(-1) ?? 1, top, bottom };
}

const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
const MOST_STEPS = 6;

/**
 * Return round numbers from 0 to the end of an axis.
 *
 * @param {number} end
 */
export function ticks(end) {
  const step = STEPS.find((size) => end / size <= MOST_STEPS) ?? 0.2;
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => Number((i * step).toFixed(3)));
}

/**
 * Return the points up to where the line first crosses the bottom.
 *
 * @param {Point[]} points
 * @param {number} bottom
 * @returns {Point[]}
 */
export function until(points, bottom) {
  const place = points.findIndex(([, y]) => y < bottom);
  if (place < 0) return points;
  if (!place) return [];
  const [[x0, y0], [x1, y1]] = [points[place - 1], points[place]];
  const share = (y0 - bottom) / (y0 - y1);
  return [...points.slice(0, place), [x0 + share * (x1 - x0), bottom]];
}

/**
 * Say in which range the model is worth more than acting for all and for none.
 *
 * @param {DecisionCurve | null} curve
 */
export function usefulRange(curve) {
  if (!curve?.thresholds || !curve.model || !curve.treat_all) return "";
  const { thresholds, model, treat_all: all } = curve;
  const better = thresholds.filter((_, i) => model[i] > Math.max(0, all[i]) + 1e-12);
  if (!better.length) return "Nowhere is acting by the model worth more than acting for all or for none.";
  const [least, most] = [better[0], better[better.length - 1]];
  return (
    `Somewhere between threshold probabilities of ${percent(least)} and ${percent(most)} ` +
    "acting by the model is worth more than acting for all or for none."
  );
}
