// How far a cross-validation has come, in words. Pure.

import { count, ENDED, known, plural, STATUS_WORDS } from "../frame/format.js";

/**
 * @typedef {object} Group as GET /api/groups/<id>/ answers; only what is read here
 * @property {number} size how many folds it has
 * @property {{status: string, progress: {fraction: number | null}}[]} runs without the deleted ones
 * @property {string[]} notes
 */

/**
 * Say what a table of spreads has, and why there is no interval of the summed matrix.
 *
 * @param {{shared: boolean, pooled: {samples: number, patients: number | null} | null}} split whether all folds
 *   evaluated the same samples
 */
export function spreadCaption({ shared, pooled }) {
  const start = "Mean and spread over the folds";
  if (!pooled) return shared ? `${start}; they share these samples, so that the mean has no interval` : start;
  const { samples, patients } = pooled;
  const repeated = known(patients) && patients < samples;
  const interval = repeated
    ? `without an interval, as the ${count(samples)} samples are of ${plural(patients, "patient")}`
    : "with its 95 % interval";
  return `${start}; together: from the summed matrix, ${interval}`;
}

/** @param {Group} group */
export function groupSummary({ size, runs, notes }) {
  const numberOf = (/** @type {string} */ status) => runs.filter((run) => run.status === status).length;
  const completed = numberOf("completed");
  const ended = runs.every(({ status }) => ENDED.has(status));
  const others = Object.entries(STATUS_WORDS).filter(([status]) => status !== "completed" && numberOf(status));
  const shares = runs.map(({ status, progress }) => (ENDED.has(status) ? 1 : (progress.fraction ?? 0)));
  return {
    completed,
    ended,
    done: shares.reduce((sum, share) => sum + share, 0) / size,
    doneText: `${completed} of ${plural(size, "fold")} completed`,
    othersText: others.map(([status, text]) => `${count(numberOf(status))} ${text.toLowerCase()}`).join(" · "),
    notices: [...(ended && completed < size ? [missingText(size, completed, runs.length)] : []), ...notes],
  };
}

/**
 * @param {number} size
 * @param {number} completed
 * @param {number} present
 */
function missingText(size, completed, present) {
  const missing = `${size - completed} of ${plural(size, "fold")} did not complete`;
  const deleted = present < size ? " or were deleted" : "";
  return `${missing}${deleted}; all numbers here are over the other ${completed}.`;
}
