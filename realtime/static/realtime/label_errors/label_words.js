// What is said of suspected label errors. Pure.

import { count, plural } from "../frame/format.js";

/**
 * Say how many samples are listed, of how many.
 *
 * @param {{ total: number, samples: number, relabelled: number }} list
 * @param {number} shown
 */
export function listWords({ total, samples, relabelled }, shown) {
  const of = `of ${plural(samples, "sample")} that were held out`;
  const left = `${plural(relabelled, "sample")} with different labels in different runs not listed.`;
  const several = relabelled ? ` ${left}` : "";
  if (!total) return `No run contradicts a label ${of}.${several}`;
  const some = shown < total ? `The first ${count(shown)} of ` : "";
  return `${some}${count(total)} ${of}.${several}`;
}

/**
 * Say in how many of the runs the label was contradicted.
 *
 * @param {{ runs_wrong: number, runs: number }} row
 */
export const contradicted = ({ runs_wrong: wrong, runs }) => `${count(wrong)} of ${count(runs)}`;
