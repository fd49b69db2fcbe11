// A small curve of a metric: where its points are, and what it says in words. Pure.

import { metricName, plural } from "../../frame/format.js";
import { metricValue } from "../../frame/metric_text.js";

export const [WIDTH, HEIGHT] = [104, 28];
const MARGIN = 3;

/**
 * Return the points of the values in the drawing; equal values are a line through its middle.
 *
 * @param {number[]} values
 * @returns {[x: number, y: number][]}
 */
export function points(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (/** @type {number} */ i) => MARGIN + ((WIDTH - 2 * MARGIN) * i) / Math.max(1, values.length - 1);
  const y = (/** @type {number} */ value) =>
    high > low ? MARGIN + (HEIGHT - 2 * MARGIN) * (1 - (value - low) / (high - low)) : HEIGHT / 2;
  return values.map((value, i) => [Number(x(i).toFixed(1)), Number(y(value).toFixed(1))]);
}

/** @param {{metric: string, values: number[]}} curve */
export function curveText({ metric, values }) {
  const name = metricName(metric);
  const shown = (/** @type {number} */ value) => metricValue(metric, value);
  if (values.length === 1) return `${name}: ${shown(values[0])}`;
  const ends = `first ${shown(values[0])}, last ${shown(values[values.length - 1])}`;
  const extremes = `lowest ${shown(Math.min(...values))}, highest ${shown(Math.max(...values))}`;
  return `${name}, ${plural(values.length, "value")}: ${ends}, ${extremes}`;
}
