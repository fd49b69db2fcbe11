// How the scores of a run become probabilities, in words and tables. Pure.

import { UNKNOWN, number, plural, splitName } from "../../frame/format.js";
import { metricValue } from "../../frame/metric_text.js";

/** @typedef {import("./recalibration_types").Recalibration} Recalibration */
/** @typedef {import("./recalibration_types").Method} Method */
/** @typedef {import("./recalibration_types").Quality} Quality */

/** @type {Record<string, string>} */
const TITLES = {
  none: "As they are",
  platt: "Platt’s method",
  isotonic: "Isotonic regression",
  temperature: "Temperature",
};
/** @type {[keyof Quality, string][]} */
const COLUMNS = [
  ["mean_score", "Mean score"],
  ["brier", "Brier"],
  ["log_loss", "Log loss"],
  ["ece", "Calibration error"],
  ["ece_if_calibrated_p95", "Perfect: up to"],
  ["calibration_slope", "Slope"],
  ["calibration_intercept", "Intercept"],
  ["auroc", "AUROC"],
];
const OF_TWO = new Set(["calibration_slope", "calibration_intercept", "auroc"]);
const BINS_HEAD = ["Scores", "Samples", "Mean score", "Came true"];

const NOISE = 1e-9; // an intercept that is 0 but for rounding

/** @param {number | null} value */
const withoutNoise = (value) => (value !== null && Math.abs(value) < NOISE ? 0 : value);

/** @param {string} split */
const inSentence = (split) => splitName(split).toLowerCase();

/** @param {Recalibration} found */
const binary = ({ class_names: names }) => names.length === 2;

/**
 * Say what the mean scores are worth, before and after, on the test split if there is one.
 *
 * @param {Recalibration} found
 */
export function introduction(found) {
  const split = found.splits.test ? "test" : found.fitted_on;
  const { none, platt } = found.splits[split];
  const on = `On the ${inSentence(split)} split`;
  const [mean, share] = [number(none.mean_score), number(none.share)];
  if (!binary(found))
    return `${on} the mean score of the predicted class is ${mean}; ${share} of the predictions are right.`;
  const there = number(found.splits[found.fitted_on]?.none.share);
  const fitted = split === found.fitted_on ? "" : `, fitted at a prevalence of ${there} on the validation split,`;
  const after = platt ? ` Recalibrated by Platt’s method${fitted} it is ${number(platt.mean_score)}.` : "";
  const [, positive] = found.class_names;
  return `${on} the mean score of “${positive}” is ${mean} at a prevalence of ${share}.${after}`;
}

/**
 * Say what was fitted to what, and what stays as it is.
 *
 * @param {Recalibration} found
 */
export function basis(found) {
  const stays = binary(found)
    ? "Platt’s method and temperature leave ranks, and so AUROC, as they are."
    : "Temperature leaves the predicted classes as they are.";
  const samples = `${plural(found.samples, "sample")} of the ${inSentence(found.fitted_on)} split`;
  return `Fitted to the ${samples} with the best checkpoint. ${stays}`;
}

/**
 * Give each method with its numbers, or why it has none.
 *
 * @param {Recalibration} found
 * @returns {[name: string, value: string, detail: string][]}
 */
export const methodFacts = ({ methods }) =>
  methods.map((method) => [TITLES[method.name], numbers(method), method.problem ?? method.warning ?? method.formula]);

/** @param {Method} method */
function numbers({ parameters, problem }) {
  if (problem) return "not fitted";
  if (typeof parameters.knots === "number") return plural(parameters.knots, "knot");
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${typeof value === "number" ? number(value) : UNKNOWN}`)
    .join(", ");
}

/**
 * Give a table for each split, the test split first.
 *
 * @param {Recalibration} found
 */
export function splitTables(found) {
  const columns = COLUMNS.filter(([name]) => binary(found) || !OF_TWO.has(name));
  return splitsOf(found).map(([split, qualities]) => ({
    caption: caption(split, found.fitted_on),
    head: ["Scores", ...columns.map(([, label]) => label)],
    rows: methodsOf(qualities).map(([title, quality]) => [
      title,
      ...columns.map(([name]) => metricValue(name, withoutNoise(/** @type {number | null} */ (quality[name])))),
    ]),
  }));
}

/**
 * Give the points of the reliability diagram of each method over each split, the test split first.
 *
 * @param {Recalibration} found
 */
export const binTables = (found) =>
  splitsOf(found).flatMap(([split, qualities]) =>
    methodsOf(qualities).map(([title, { reliability }]) => ({
      caption: `${title}: ${caption(split, found.fitted_on)}`,
      head: BINS_HEAD,
      rows: reliability.map(({ low, high, samples, mean_score: mean, share }) => [
        `${number(low)} to ${number(high)}`,
        String(samples),
        number(mean),
        number(share),
      ]),
    })),
  );

/**
 * @param {string} split
 * @param {string} fittedOn
 */
const caption = (split, fittedOn) =>
  `${splitName(split)} split${split === fittedOn ? ", on which they were fitted: it looks better than it is" : ""}`;

/** @param {Recalibration} found */
const splitsOf = ({ splits }) => Object.entries(splits).sort(([a], [b]) => a.localeCompare(b)); // test before val

/**
 * @param {Record<string, Quality>} qualities
 * @returns {[title: string, quality: Quality][]}
 */
const methodsOf = (qualities) =>
  Object.keys(TITLES)
    .filter((name) => name in qualities)
    .map((name) => [TITLES[name], qualities[name]]);
