// External tests as rows. Pure.

import { count } from "../frame/format.js";
import { metricRange, metricValue } from "../frame/metric_text.js";

/**
 * @typedef {object} ExternalTest as GET /api/external-tests/ answers
 * @property {number} run_id
 * @property {number} number
 * @property {string} title
 * @property {string} source_path
 * @property {string | null} content_hash
 * @property {number} samples
 * @property {string} overlap
 * @property {Record<string, number | null>} statistics
 */

const NUMBERS = ["final_auroc_cm", "final_sensitivity", "final_specificity", "final_accuracy_cm"];

export const HEAD = ["Test", "Run", "Data", "Samples", "AUROC", "Sensitivity", "Specificity", "Accuracy"];

/** @param {ExternalTest} test */
const dataOf = ({ source_path: source, content_hash: hash }) => hash ?? source;

/**
 * Return the tests of the same data after each other, in the order in which their data came first.
 *
 * @param {ExternalTest[]} tests
 */
export function inOrder(tests) {
  const places = new Map();
  for (const test of tests) if (!places.has(dataOf(test))) places.set(dataOf(test), places.size);
  return [...tests].sort(
    (a, b) => places.get(dataOf(a)) - places.get(dataOf(b)) || a.run_id - b.run_id || a.number - b.number,
  );
}

/**
 * Write the cells of a test after its name and run.
 *
 * @param {ExternalTest} test
 */
export const texts = ({ source_path: source, samples, overlap, statistics }) => [
  overlap === "none" ? source : `${source} (${overlap === "same" ? "trained on it" : "overlaps with the training"})`,
  count(samples),
  ...NUMBERS.map((name) => withRange(name, statistics)),
];

/**
 * @param {string} name
 * @param {Record<string, number | null>} statistics
 */
function withRange(name, statistics) {
  const range = metricRange(name, statistics[`${name}_ci_low`], statistics[`${name}_ci_high`]);
  return `${metricValue(name, statistics[name])}${range ? ` (${range})` : ""}`;
}
