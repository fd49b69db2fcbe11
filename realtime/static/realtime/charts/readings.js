// What a column of a chart says: its newest value, its value at a place, its isolated values. Pure.

import { known } from "../frame/format.js";

/** @typedef {import("../run/curves/curve_types").Column} Column */

/**
 * Return the last value even if it is not finite (null: a gap, shown as "–"); undefined only means not yet.
 *
 * @param {Column} ys
 */
export const newest = (ys) => ys.findLast((y) => y !== undefined);

/**
 * Return the newest value up to an index; undefined without one.
 *
 * @param {Column} ys
 * @param {number} index
 */
export function lastUpTo(ys, index) {
  for (let i = index; i >= 0; i--) if (ys[i] !== undefined) return ys[i];
  return undefined;
}

/** @param {Column} ys */
export const countKnown = (ys) => ys.reduce((/** @type {number} */ sum, y) => sum + Number(known(y)), 0);

/**
 * Return the indexes of values between two gaps. They have no line, so they are drawn as points even where others are
 * not. (uPlot's own list of gaps leaves out what is unknown before the first and after the last value.)
 *
 * @param {Column} ys
 */
export function isolated(ys) {
  /** @type {number[]} */
  const found = [];
  /** @type {number | null} */
  let before = null; // the last value that is not empty
  /** @type {number | null} */
  let candidate = null; // an index whose successor is not known yet
  ys.forEach((y, i) => {
    if (y === undefined) return;
    if (y === null && candidate !== null) found.push(candidate);
    candidate = y !== null && before === null ? i : null;
    before = y;
  });
  return candidate === null ? found : [...found, candidate];
}
