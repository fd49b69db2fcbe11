// The operating points of a run as rows and sentences. Pure.

import { UNKNOWN, count, known, splitName } from "../../frame/format.js";
import { metricRange, metricValue } from "../../frame/metric_text.js";

/** @typedef {Record<string, number | null>} Statistics */
/**
 * @typedef {object} Point as GET /api/runs/<id>/operating-points/ answers
 * @property {string} label
 * @property {number | null} threshold
 * @property {number | null} log_odds that decide where scores are alike
 * @property {string | null} reason why there is no threshold
 * @property {Record<string, Statistics>} splits
 * @property {{text: string}[]} shifts
 */

const SHARES = ["final_sensitivity", "final_specificity", "final_precision_cm", "final_npv"];
const COUNTS = ["cm_tp", "cm_tn", "cm_fp", "cm_fn"];
const SPLITS = ["val", "test", "external"];

export const HEAD = [
  ...["Point", "Threshold", "Split", "Sensitivity", "Specificity", "Precision", "NPV", "TP", "TN", "FP", "FN"],
];

const digits = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });

/**
 * Write a row for each split of each point that has a threshold.
 *
 * @param {Point[]} points
 * @returns {string[][]}
 */
export const pointRows = (points) =>
  points.flatMap(({ label, threshold, log_odds: logit, splits }) =>
    SPLITS.filter((split) => splits[split]).map((split) => [
      label,
      known(logit) ? `logit ${digits.format(logit)}` : known(threshold) ? digits.format(threshold) : UNKNOWN,
      splitName(split),
      ...SHARES.map((name) => shareText(name, splits[split])),
      ...COUNTS.map((name) => count(splits[split][name])),
    ]),
  );

/**
 * Say why points have no threshold, and what is otherwise on the test split.
 *
 * @param {Point[]} points
 */
export const pointNotes = (points) =>
  points.flatMap(({ label, reason, shifts }) =>
    [...(reason ? [reason] : []), ...shifts.map(({ text }) => text)].map((text) => `${label}: ${text}`),
  );

/**
 * @param {string} name
 * @param {Statistics} statistics
 */
function shareText(name, statistics) {
  const range = metricRange(name, statistics[`${name}_ci_low`], statistics[`${name}_ci_high`]);
  return `${metricValue(name, statistics[name])}${range ? ` (${range})` : ""}`;
}
