// An exponential mean without the bias of its start: its first value is the first one known. Pure.

import { known } from "../frame/format.js";

/** @typedef {import("../run/curves/curve_types").Column} Column */

/**
 * Return the smoothed column. A gap (null) stays a gap, and an empty place (undefined) stays empty.
 *
 * @param {Column} ys
 * @param {number} weight the share of the past in each value, from 0 (unchanged) to below 1 (very smooth)
 * @returns {Column}
 */
export function smooth(ys, weight) {
  let [mean, norm] = [0, 0];
  return ys.map((y) => {
    if (!known(y)) return y;
    mean = weight * mean + (1 - weight) * y;
    norm = weight * norm + (1 - weight);
    return mean / norm;
  });
}
