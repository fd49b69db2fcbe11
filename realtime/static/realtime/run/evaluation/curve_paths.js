// Curves of an evaluation as paths of a square, and in words. Pure.

import { count, percent, plural, score, splitTitle } from "../../frame/format.js";
import { metricRange } from "../../frame/metric_text.js";

/** @typedef {import("./decisions.js").Steps} Steps */
/** @typedef {import("../../events/event_types").ReliabilityPoint} ReliabilityPoint */
/** @typedef {{value: number | null, ci_low: number | null, ci_high: number | null}} Estimate */
/** @typedef {[x: number, y: number]} Point both from 0 to 1, y upwards */

/** @typedef {object} Curves what the server tells of one class of one split
 * @property {string} split
 * @property {string} class
 * @property {number} label
 * @property {number | null} threshold
 * @property {number} samples
 * @property {number} positives
 * @property {Estimate} auroc
 * @property {Estimate} average_precision
 * @property {Steps | null} roc
 * @property {Steps | null} precision_recall
 * @property {(Steps & {distinct: number}) | null} stops
 * @property {string | null} problem
 */

/**
 * Return the points of the ROC, from 0, 0 on; none where one class alone has samples.
 *
 * @param {Steps} steps
 * @returns {Point[]}
 */
export function rocPoints(steps) {
  const [positives, negatives] = [steps.true.at(-1) ?? 0, steps.false.at(-1) ?? 0];
  if (!positives || !negatives) return [];
  return [
    [0, 0],
    ...steps.true.map((hits, i) => /** @type {Point} */ ([steps.false[i] / negatives, hits / positives])),
  ];
}

/**
 * Return the points of the precision-recall curve: it goes in steps, each as high as the precision at its end.
 *
 * @param {Steps} steps
 * @returns {Point[]}
 */
export function precisionRecallPoints(steps) {
  const positives = steps.true.at(-1);
  if (!positives) return [];
  let recall = 0;
  return steps.true.flatMap((hits, i) => {
    const precision = hits / (hits + steps.false[i]);
    const before = recall;
    recall = hits / positives;
    return /** @type {Point[]} */ ([
      [before, precision],
      [recall, precision],
    ]);
  });
}

/**
 * Write the path of points in a square of this size whose upper left corner is at left, top.
 *
 * @param {Point[]} points
 * @param {{left: number, top: number, size: number}} square
 */
export function path(points, { left, top, size }) {
  const at = (/** @type {Point} */ [x, y]) => `${(left + x * size).toFixed(1)},${(top + (1 - y) * size).toFixed(1)}`;
  return points.length ? `M${points.map(at).join("L")}` : "";
}

/**
 * @param {string} name of the metric
 * @param {Estimate} estimate
 */
function estimateText(name, { value, ci_low: low, ci_high: high }) {
  const range = metricRange(name, low, high);
  return `${score(value)}${range ? ` (95 % interval ${range})` : ""}`;
}

/** @param {Curves} curves */
export const rocWords = (curves) => `AUROC ${estimateText("final_auroc_cm", curves.auroc)}.`;

/** @param {Curves} curves */
export const precisionRecallWords = ({ average_precision: precision, positives, samples }) =>
  `Average precision ${estimateText("final_average_precision", precision)}. ` +
  `Dashed: the prevalence, ${percent(samples ? positives / samples : null)}.`;

/**
 * @param {ReliabilityPoint[]} points
 * @param {number} classes
 */
export function reliabilityWords(points, classes) {
  if (!points.length) return "No points: the evaluation is of an older version.";
  const [least, most] = [Math.min(...points.map(sizeOf)), Math.max(...points.map(sizeOf))];
  const sizes = least === most ? count(least) : `${count(least)} to ${count(most)}`;
  const what = classes > 2 ? "how often the predicted class is right" : "how often the class is true";
  const groups = `${plural(points.length, "group")} of ${sizes} samples by score`;
  return `${groups}: ${what}, with 95 % intervals. Dashed: calibrated.`;
}

/** @param {ReliabilityPoint} point */
const sizeOf = ({ samples }) => samples;

/**
 * Tell a diagram to those who do not see it.
 *
 * @param {Curves} curves
 */
export function alternatives(curves) {
  const of = `${splitTitle(curves.split)}, ${curves.class} against the rest`;
  return {
    roc: `ROC curve, ${of}. ${rocWords(curves)}`,
    precisionRecall: `Precision by recall, ${of}. ${precisionRecallWords(curves)}`,
  };
}

/**
 * Tell the points of the reliability diagram to those who do not see it.
 *
 * @param {ReliabilityPoint[]} points
 * @param {string} split
 */
export function reliabilityAlternative(points, split) {
  const told = points.map(
    ({ samples, mean_score: mean, share }) => `mean score ${score(mean)}: ${percent(share)} of ${count(samples)}`,
  );
  return `Reliability diagram, ${splitTitle(split)}. ${told.join("; ") || "No points"}.`;
}
