// Statistics and their intervals, in words. Pure.

import { known, number, percent } from "../frame/format.js";

/** @typedef {Record<string, number | null>} Statistics by name; `<name>_ci_low` and `_ci_high` are its interval */

export const SAME_AS_ANOTHER = new Set(["final_recall_cm"]); // sensitivity is the same number
const NOT_SHARES = new Set(["final_mcc", "final_brier", "final_ece", "final_auroc_cm", "final_average_precision"]);

/**
 * Write the value of a statistic.
 *
 * @param {string} name
 * @param {number | null | undefined} found
 */
export const value = (name, found) => (NOT_SHARES.has(name) ? number(found) : percent(found));

/**
 * Write the 95 % interval of a statistic; nothing where it is unknown.
 *
 * @param {string} name
 * @param {Statistics} statistics
 * @param {string} [suffix] `/<class>` for the row of a class
 */
export const interval = (name, statistics, suffix = "") =>
  range(name, statistics[`${name}_ci_low${suffix}`], statistics[`${name}_ci_high${suffix}`]);

/**
 * Write a range of a statistic; nothing where a limit is unknown.
 *
 * @param {string} name
 * @param {number | null | undefined} low
 * @param {number | null | undefined} high
 */
export function range(name, low, high) {
  if (!known(low) || !known(high)) return "";
  return NOT_SHARES.has(name) ? `${number(low)} to ${number(high)}` : `${(100 * low).toFixed(1)} to ${percent(high)}`;
}
