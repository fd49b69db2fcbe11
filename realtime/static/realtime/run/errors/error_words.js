// What is said of a run's errors, and which groups they form. Pure.

import { count, score, UNKNOWN } from "../../frame/format.js";

/** @typedef {import("../../events/event_types").FinalStats} FinalStats */
/** @typedef {{ cell: string, title: string, words: string, size: number }} ErrorGroup */
/**
 * @typedef {object} Sample
 * @property {string | null} sample_id
 * @property {string | null} patient_id
 * @property {string | null} file
 * @property {string | null} class
 * @property {string | null} predicted
 * @property {number} score
 * @property {number} place
 * @property {string | null} [picture]
 */

/**
 * Return the groups of errors of a split, each with its size.
 *
 * @param {Pick<FinalStats, "confusion_matrix" | "class_names" | "threshold">} final
 * @returns {ErrorGroup[]}
 */
export function errorGroups({ confusion_matrix: matrix, class_names: names, threshold }) {
  if (names.length !== 2) {
    const size = matrix.reduce((sum, row, at) => sum + row.reduce((all, n, to) => all + (to === at ? 0 : n), 0), 0);
    const words = "Said to be another class than they are, the most certain first.";
    return [{ cell: "errors", title: "Errors", words, size }];
  }
  const [[, falseAlarms], [missed]] = matrix;
  const [negative, positive] = names;
  const at = threshold ?? 0.5;
  return [
    {
      cell: "fn",
      title: "Missed",
      words: `${positive}, but said to be ${negative}: a score below ${at}, the lowest first.`,
      size: missed,
    },
    {
      cell: "fp",
      title: "False alarms",
      words: `${negative}, but said to be ${positive}: a score of ${at} or more, the highest first.`,
      size: falseAlarms,
    },
  ];
}

/** @param {ErrorGroup} group */
export const groupTitle = ({ title, size }) => `${title} (${count(size)})`;

/**
 * Return what is known of a sample, as pairs of name and value.
 *
 * @param {Sample} sample
 * @returns {[string, string][]}
 */
export function sampleFacts(sample) {
  /** @type {[string, string][]} */
  const facts = [
    ["Score", score(sample.score)],
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
  `score ${score(sample.score)}`;

/**
 * Return the end of a name that is too long to be shown whole: there names differ.
 *
 * @param {string} name
 */
export const shortName = (name) => (name.length > 28 ? `…${name.slice(-27)}` : name);
