// Whether runs differ from a reference by more than chance, in words. Pure.

import { capital, count, plural, splitName } from "../../frame/format.js";
import { pText } from "../../frame/signed_text.js";

/**
 * @typedef {object} PairedNumber
 * @property {string} name
 * @property {number | null} value
 * @property {number | null} reference
 * @property {number | null} difference
 * @property {number | null} low
 * @property {number | null} high
 * @property {number | null} p
 * @property {number | null} adjusted_p
 * @property {string} method
 * @property {boolean} shown
 */

/**
 * @typedef {object} DecisionTest
 * @property {number} both
 * @property {number} run_only
 * @property {number} reference_only
 * @property {number} neither
 * @property {string} method
 * @property {number} p
 * @property {number | null} mid_p
 * @property {number | null} adjusted_p
 * @property {boolean} shown
 */

/** @typedef {{run: number, threshold: number | null, log_odds: number | null, source: string}} Decision */

/**
 * @typedef {object} Paired as GET /api/runs/differences/paired/ has it
 * @property {string} split
 * @property {number} reference
 * @property {number | null} samples
 * @property {number | null} patients
 * @property {Record<string, number>} evaluated
 * @property {number | null} draws
 * @property {number} comparisons
 * @property {Decision[]} decisions
 * @property {{run: number, numbers: PairedNumber[], decisions: DecisionTest}[]} against
 * @property {string | null} problem
 */

const TESTS = new Map([
  ["mcnemar_exact", "McNemar's exact test"],
  ["sign_flips_by_patient", "sign flips by patient"],
  ["robust_z_by_patient", "McNemar's test by patient"],
]);

/**
 * Say what a comparison shows.
 *
 * @param {PairedNumber} number
 * @param {{run: string, reference: string}} labels
 * @param {boolean} lower whether less is better
 */
export function verdictText({ difference, p, low, shown }, { run, reference }, lower) {
  if (difference === null) return "not defined";
  if (p === null) return "too little is known to tell";
  if (!shown) return low === null && difference === 0 ? "the same on these samples" : "no difference shown";
  return `${difference > 0 === lower ? reference : run} is better: difference shown`;
}

/**
 * Say what the decisions of two runs show.
 *
 * @param {DecisionTest} test
 * @param {{run: string, reference: string}} labels
 */
export function decisionText(test, { run, reference }) {
  const size = test.both + test.run_only + test.reference_only + test.neither;
  const better = test.run_only > test.reference_only ? run : reference;
  const verdict = test.shown ? `${better} decides better: difference shown` : "no difference shown";
  const middle = test.mid_p === null ? "" : `, mid-p ${pText(test.mid_p)}`;
  const adjusted = test.adjusted_p !== test.p ? `, adjusted ${pText(test.adjusted_p)}` : "";
  return (
    `Of ${plural(size, "decision")} both are right in ${count(test.both)}, neither in ${count(test.neither)}, ` +
    `only ${run} in ${count(test.run_only)}, only ${reference} in ${count(test.reference_only)}: ` +
    `${verdict} (${TESTS.get(test.method) ?? test.method}, p ${pText(test.p)}${adjusted}${middle}).`
  );
}

/**
 * Say over which samples the runs are compared.
 *
 * @param {Paired} found
 * @param {(id: number) => string} label
 */
export function samplesText({ split, samples, patients, evaluated, draws }, label) {
  const runs = Object.keys(evaluated);
  const of = patients === null ? "treated as independent" : `of ${plural(patients, "patient")}`;
  const all = runs.length === 2 ? "both runs" : `all ${count(runs.length)} runs`;
  const whole = runs.every((run) => evaluated[run] === samples);
  const parts = runs.map((run) => `${count(evaluated[run])} of ${label(Number(run))}`);
  const rest = whole ? "" : ` Evaluated were ${parts.join(", ")}: the others are left out.`;
  const noun = samples === 1 ? "sample" : "samples";
  return (
    `${capital(splitName(split))} split, ${count(samples)} ${noun} that ${all} evaluated, ${of}; ` +
    `${count(draws)} resamples.${rest}`
  );
}

/**
 * Say how many comparisons were made.
 *
 * @param {Paired} found
 * @param {(id: number) => string} label
 */
export function comparisonsText({ comparisons, reference }, label) {
  if (comparisons === 1)
    return "One comparison is made for each number; nothing is adjusted for how many numbers are looked at.";
  return (
    `${count(comparisons)} runs are compared with ${label(reference)}; the p values of each number are adjusted for ` +
    `these ${count(comparisons)} comparisons (Holm), not for how many numbers are looked at. Intervals are not ` +
    "adjusted."
  );
}

/** @param {number} value */
const short = (value) => Number(value.toPrecision(4));

/**
 * Say where the runs decide.
 *
 * @param {Decision[]} decisions
 * @param {(id: number) => string} label
 */
export function thresholdsText(decisions, label) {
  if (decisions.every(({ threshold }) => threshold === null)) return "Each run calls the class with the highest score.";
  const said = decisions.map(({ run, threshold, log_odds: odds, source }) => {
    const least = odds === null ? `${short(threshold ?? 0)}` : `a logit of ${short(odds)}`;
    return `${label(run)} at ${least} (${source === "saved" ? "its saved operating point" : "its own threshold"})`;
  });
  return `Decisions at a score of the threshold or more: ${said.join(", ")}.`;
}

/**
 * Return the splits over which two or more of the runs can be compared: test first.
 *
 * @param {number[]} ended runs
 * @param {Map<number, Record<string, unknown>>} finals by run
 */
export const sharedSplits = (ended, finals) =>
  ["test", "val"].filter((split) => ended.filter((id) => finals.get(id)?.[split]).length > 1);

/**
 * Choose what is compared: what the address asks for, where that is possible.
 *
 * @param {number[]} ended runs, in their order
 * @param {Map<number, Record<string, unknown>>} finals by run
 * @param {{split: string, reference: number | null, against: number | null}} wanted
 */
export function chosenPair(ended, finals, wanted) {
  const splits = sharedSplits(ended, finals);
  const split = splits.find((name) => name === wanted.split) ?? splits[0];
  if (!split) return null;
  const runs = ended.filter((id) => finals.get(id)?.[split]);
  const reference = runs.find((id) => id === wanted.reference) ?? runs[0];
  const others = runs.filter((id) => id !== reference);
  return { splits, split, runs, reference, others, against: others.find((id) => id === wanted.against) ?? others[0] };
}
