// Statistics and their intervals, in words. Pure.

import { capital, known, metricName, plural } from "../frame/format.js";
import { metricRange } from "../frame/metric_text.js";

/** @typedef {Record<string, number | null>} Statistics by name; `<name>_ci_low` and `_ci_high` are its interval */

export const SAME_AS_ANOTHER = new Set(["final_recall_cm"]); // sensitivity is the same number

const ADDED = /^test_(?!(?:loss|acc|precision|recall|f1|auroc|cm_..)$)/; // what a run adds to those of every run

/**
 * Return labels of the statistics, followed by those of the metrics that a run has added.
 *
 * @param {Record<string, string>} labels
 * @param {Iterable<string>} names of all statistics that there are
 * @returns {Record<string, string>}
 */
export const withAdded = (labels, names) => ({
  ...labels,
  ...Object.fromEntries(
    [...names]
      .filter((name) => ADDED.test(name) && !name.includes("/"))
      .map((name) => [name, capital(metricName(name))]),
  ),
});

/**
 * Write the 95 % interval of a statistic; nothing where it is unknown.
 *
 * @param {string} name
 * @param {Statistics} statistics
 * @param {string} [suffix] `/<class>` for the row of a class
 */
export const interval = (name, statistics, suffix = "") =>
  metricRange(name, statistics[`${name}_ci_low${suffix}`], statistics[`${name}_ci_high${suffix}`]);

/**
 * Say whether the intervals follow patients.
 *
 * @param {number | null | undefined} patients unknown in evaluations of version 0.1
 */
export const patientsWords = (patients) =>
  known(patients)
    ? `${plural(patients, "patient")}, whom the intervals follow`
    : "patients unknown: intervals treat samples as independent";

const FEW = 20; // of a class: with less, simulated intervals by bootstrap hold the true value too rarely

/**
 * Say that intervals are too narrow where a class has few patients, or samples where patients have one each.
 *
 * @param {number[][]} matrix of the samples, or of the patients
 * @param {number[][] | undefined} [patients] the matrix of the patients, where they have several samples
 * @param {string} [unit] what the first matrix counts
 */
export function fewWords(matrix, patients, unit = "sample") {
  const sizes = (patients ?? matrix).map((row) => row.reduce((sum, cell) => sum + cell, 0)).filter(Boolean);
  const fewest = Math.min(...sizes);
  if (!(fewest < FEW)) return null;
  const some = plural(fewest, patients ? "patient" : unit);
  if (fewest === 1)
    return `Only ${some} of a class: numbers that rest on that class have no interval, or a very wide one.`;
  const which = "intervals of F1, balanced accuracy, Matthews correlation and calibration";
  return `Only ${some} of a class: ${which} are likely to be too narrow.`;
}

/**
 * Say over what the averages of several classes are: those that have samples; version 0.1 had another rule.
 *
 * @param {number[][]} matrix row = true class
 * @param {string[]} names of the classes
 * @param {Statistics} statistics
 */
export function macroTitle(matrix, names, statistics) {
  const samples = (/** @type {number} */ label) => matrix[label].some(Boolean);
  const present = names.map((_, label) => label).filter(samples);
  const unused = present.filter((label) => !matrix.some((row) => row[label]));
  const precision = present.map((label) => statistics[`final_precision_cm/${names[label]}`] ?? 0);
  const mean = precision.reduce((sum, share) => sum + share, 0) / present.length;
  if (!(Math.abs(mean - (statistics.final_precision_cm ?? 0)) < 1e-9)) return "Statistics, mean over the classes";
  const some = `the ${present.length} of ${names.length} classes that have samples`;
  const which = present.length < names.length ? some : "the classes";
  const never = unused.length ? `; ${unused.length} never predicted, with a precision of 0` : "";
  return `Statistics, mean over ${which}${never}`;
}
