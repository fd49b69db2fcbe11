// Subgroups in words, and where the marks of a forest plot stand. Pure.

import { count, known, UNKNOWN } from "../../frame/format.js";
import { metricRange, metricValue } from "../../frame/metric_text.js";
import { signed, signedRange } from "../../frame/signed_text.js";
import { shortest } from "../evaluation/decisions.js";

/** @typedef {{value: number | null, ci_low: number | null, ci_high: number | null}} Estimate */
/** @typedef {Estimate & {p: number, p_holm: number}} Difference */
/**
 * @typedef {object} Group
 * @property {string} column
 * @property {string} group
 * @property {number} samples
 * @property {number | null} patients
 * @property {number | null} positives
 * @property {string | null} too_small
 * @property {Record<string, Estimate>} statistics
 * @property {Difference | null} difference
 */

/** @type {Record<string, [row: string, title: string]>} */
export const METRICS = {
  auroc: ["final_auroc_cm", "AUROC"],
  sensitivity: ["final_sensitivity", "Sensitivity"],
  specificity: ["final_specificity", "Specificity"],
  accuracy: ["final_accuracy_cm", "Accuracy"],
};
/** @type {Record<string, string>} */
const TITLES = {
  final_auroc_cm: "AUROC",
  final_sensitivity: "Sensitivity",
  final_specificity: "Specificity",
  final_precision_cm: "PPV",
  final_npv: "NPV",
  final_accuracy_cm: "Accuracy",
  final_balanced_accuracy: "Balanced accuracy",
  final_f1_cm: "F1",
  final_brier: "Brier score",
  final_calibration_in_the_large: "Mean score − prevalence",
};

/**
 * Write an estimate with its interval: "0.812 (0.700 to 0.900)".
 *
 * @param {string} name of the number
 * @param {Estimate | undefined} found
 */
export function estimateText(name, found) {
  if (!found || !known(found.value)) return UNKNOWN;
  const ends = metricRange(name, found.ci_low, found.ci_high);
  return `${metricValue(name, found.value)}${ends ? ` (${ends})` : ""}`;
}

/**
 * Write a difference with its sign, in percentage points where the metric is a share.
 *
 * @param {string} metric
 * @param {Difference | null} found
 */
export function differenceText(metric, found) {
  if (!found) return UNKNOWN;
  const [name] = METRICS[metric];
  return `${signed(name, found.value)} (${signedRange(name, found.ci_low, found.ci_high)})`;
}

/**
 * Name the other numbers of the groups, in their order.
 *
 * @param {Group[]} groups
 * @param {string} metric that has a column of its own
 */
export function otherNumbers(groups, metric) {
  const names = groups.find((group) => !group.too_small)?.statistics ?? {};
  return Object.keys(names)
    .filter((name) => name !== METRICS[metric][0])
    .map((name) => ({ name, title: TITLES[name] ?? name }));
}

/**
 * Say where the numbers of the groups decide.
 *
 * @param {{decides: string, threshold: number | null, log_odds: number | null}} told
 */
export function decidesText({ decides, threshold, log_odds: odds }) {
  if (decides === "highest" || threshold === null) return "Each sample is called what has the highest score.";
  const least = known(odds) ? `a logit of ${shortest(Number(odds))}` : `a score of ${shortest(threshold)}`;
  const where = decides === "saved" ? "its saved operating point" : decides === "own" ? "its own threshold" : "";
  return where ? `The run decides at ${where}, ${least} or more.` : `Decisions at ${least} or more, as asked for.`;
}

/** @param {Group} group */
export const sizes = (group) => [count(group.samples), count(group.positives), count(group.patients)];

/**
 * Choose the range of the drawing: from a round number below all intervals to one above, or to 1.
 *
 * @param {Group[]} groups
 * @param {string} metric
 * @param {number | null | undefined} whole the number of all samples
 * @returns {[low: number, high: number]}
 */
export function range(groups, metric, whole) {
  const [name] = METRICS[metric];
  const ends = groups.flatMap(({ statistics: { [name]: found } }) =>
    found ? [found.value, found.ci_low, found.ci_high] : [],
  );
  const values = /** @type {number[]} */ ([...ends, whole].filter(known));
  if (!values.length) return [0, 1];
  const low = Math.floor(Math.min(...values) * 10) / 10;
  const high = Math.ceil(Math.max(...values) * 10) / 10;
  if (low < high) return [low, high];
  return low > 0 ? [low - 0.1, high] : [0, 0.1]; // one number, without an interval
}

/**
 * Return where a value stands between 0 and 100 of the range.
 *
 * @param {number} value
 * @param {[low: number, high: number]} range
 */
export const place = (value, [low, high]) => Number((((value - low) / (high - low)) * 100).toFixed(3));

/** @param {[low: number, high: number]} ends */
export const rangeTexts = (ends) => ends.map((end) => end.toFixed(1));

/**
 * List the choices of columns: all, each, and each pair.
 *
 * @param {string[]} kept
 * @returns {[value: string, text: string][]}
 */
export function columnChoices(kept) {
  const pairs = kept.flatMap((one, at) =>
    kept
      .slice(at + 1)
      .map((other) => /** @type {[string, string]} */ ([JSON.stringify([one, other]), `${one} and ${other}`])),
  );
  const each = kept.map((one) => /** @type {[string, string]} */ ([JSON.stringify([one]), one]));
  return [["[]", kept.length > 1 ? "each column" : (kept[0] ?? "none")], ...(kept.length > 1 ? each : []), ...pairs];
}
