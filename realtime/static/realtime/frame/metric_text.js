// The value of a metric or statistic as people read it, by the metric's name: shares are percentages, scores have three
// decimals, counts none, losses four significant digits. The browser's copy of runs/wording/metric_text.py, compared by
// tests/runs/test_wording.py. Pure.

import { count, known, number, percent, percentRange, score } from "./format.js";

export const SHARES = [
  ...["acc", "accuracy", "balanced_accuracy", "f1", "f1_score", "fbeta_score"],
  ...["negative_predictive_value", "npv", "precision", "recall", "sensitivity", "specificity"],
];
export const SCORES = [
  ...["auroc", "average_precision", "brier", "calibration_error", "cohen_kappa", "ece", "jaccard_index"],
  ...["matthews_corrcoef", "mcc"],
];
const MEASURE = /^(?:(?:train|val|test|final)_)?(.*?)(?:_cm)?(?:\/.*)?$/s;
const COUNT = /cm_(tp|tn|fp|fn)$/;

/**
 * @param {string} name
 * @param {string[]} measures
 */
function isOneOf(name, measures) {
  const measure = MEASURE.exec(name)?.[1] ?? name;
  return measures.some((each) => `${measure}_`.startsWith(`${each}_`));
}

/**
 * Return whether a metric is a share, which is written as a percentage.
 *
 * @param {string} name
 */
export const isShare = (name) => !COUNT.test(name) && isOneOf(name, SHARES);

/**
 * Write the value of a metric.
 *
 * @param {string} name
 * @param {number | null | undefined} value
 */
export function metricValue(name, value) {
  if (COUNT.test(name)) return count(known(value) ? Math.round(value) : value);
  if (isShare(name)) return percent(value);
  return isOneOf(name, SCORES) ? score(value) : number(value);
}

/**
 * Write the range of a metric; nothing where an end is unknown.
 *
 * @param {string} name
 * @param {number | null | undefined} low
 * @param {number | null | undefined} high
 */
export function metricRange(name, low, high) {
  if (isShare(name)) return percentRange(low, high);
  return known(low) && known(high) ? `${metricValue(name, low)} to ${metricValue(name, high)}` : "";
}
