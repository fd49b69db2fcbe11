// What is said of a run's errors, and which groups they form. Pure.

import { count, scoreBeside, UNKNOWN } from "../../frame/format.js";
import { shortest } from "../evaluation/decisions.js";

/** @typedef {import("../../events/event_types").FinalStats} FinalStats */
/** @typedef {import("../run_types").SavedOperatingPoint} SavedOperatingPoint */
/** @typedef {{ cell: string, title: string, words: string, size: number, threshold: number | null }} ErrorGroup */
/**
 * @typedef {object} Sample
 * @property {string | null} sample_id
 * @property {string | null} patient_id
 * @property {string | null} file
 * @property {string | null} class
 * @property {string | null} predicted
 * @property {number} score
 * @property {number | null} [threshold] from where on a score says that it is positive
 * @property {number} place
 * @property {string | null} [picture]
 */

/**
 * Return the groups of errors of a split, each with its size: at the saved operating point where there is one.
 *
 * @param {Pick<FinalStats, "split" | "confusion_matrix" | "class_names" | "threshold">} final
 * @param {Pick<SavedOperatingPoint, "threshold" | "log_odds" | "splits"> | null} [saved]
 * @returns {ErrorGroup[]}
 */
export function errorGroups({ split, confusion_matrix: matrix, class_names: names, threshold }, saved = null) {
  if (names.length !== 2) {
    const size = matrix.reduce((sum, row, at) => sum + row.reduce((all, n, to) => all + (to === at ? 0 : n), 0), 0);
    const words = "Said to be another class than they are, the most certain first.";
    return [{ cell: "errors", title: "Errors", words, size, threshold: null }];
  }
  const { cm_fp: falseAlarms = matrix[0][1], cm_fn: missed = matrix[1][0] } = saved?.splits[split] ?? {};
  const [negative, positive] = names;
  const [least, at, score] = decides(threshold ?? 0.5, saved);
  const where = saved ? ", at the saved operating point" : "";
  return [
    {
      cell: "fn",
      title: "Missed",
      words: `${positive}, but said to be ${negative}: a ${least} below ${at}${where}, the lowest first.`,
      size: missed ?? 0,
      threshold: score,
    },
    {
      cell: "fp",
      title: "False alarms",
      words: `${negative}, but said to be ${positive}: a ${least} of ${at} or more${where}, the highest first.`,
      size: falseAlarms ?? 0,
      threshold: score,
    },
  ];
}

/**
 * Return what decides, from where on, and the score from where on, where scores decide.
 *
 * @param {number} own
 * @param {Pick<SavedOperatingPoint, "threshold" | "log_odds"> | null} saved
 * @returns {[what: string, from: string, score: number | null]}
 */
function decides(own, saved) {
  if (saved === null || saved.threshold === null) return ["score", String(own), own];
  if (saved.log_odds !== null) return ["logit", shortest(saved.log_odds), null];
  return ["score", shortest(saved.threshold), saved.threshold];
}

/** @param {ErrorGroup} group */
export const groupTitle = ({ title, size }) => `${title} (${count(size)})`;

/**
 * Write the score of a sample.
 *
 * @param {Pick<Sample, "score" | "threshold">} sample
 */
export const scoreOf = ({ score, threshold }) => scoreBeside(score, threshold);

/**
 * Return what is known of a sample, as pairs of name and value.
 *
 * @param {Sample} sample
 * @returns {[string, string][]}
 */
export function sampleFacts(sample) {
  /** @type {[string, string][]} */
  const facts = [
    ["Score", scoreOf(sample)],
    ["True class", sample.class ?? UNKNOWN],
    ["Predicted", sample.predicted ?? UNKNOWN],
    ["Patient", sample.patient_id ?? "not known"],
    ["Sample", sample.sample_id ?? UNKNOWN],
  ];
  if (sample.file && sample.file !== sample.sample_id) facts.push(["File", sample.file]);
  return facts;
}

/**
 * Describe a sample for those who do not see its picture.
 *
 * @param {Sample} sample
 */
export const sampleLabel = (sample) =>
  `${sample.sample_id ?? "A sample"}: ${sample.class ?? UNKNOWN}, predicted ${sample.predicted ?? UNKNOWN}, ` +
  `score ${scoreOf(sample)}`;

/**
 * Return the end of a name that is too long to be shown whole: there names differ.
 *
 * @param {string} name
 */
export const shortName = (name) => (name.length > 28 ? `…${name.slice(-27)}` : name);
