// A small curve of a metric: where its points are, and what it says in words. Pure.

import { metricName, number, plural } from "../../frame/format.js";

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
  if (values.length === 1) return `${name}: ${number(values[0])}`;
  const ends = `first ${number(values[0])}, last ${number(values.at(-1))}`;
  const extremes = `lowest ${number(Math.min(...values))}, highest ${number(Math.max(...values))}`;
  return `${name}, ${plural(values.length, "value")}: ${ends}, ${extremes}`;
}
