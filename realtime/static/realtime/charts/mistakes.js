// Which class is taken for which, the most frequent mistakes first; and classes by name. Pure.

import { count } from "../frame/format.js";

/** @typedef {{i: number, j: number, cell: number, share: number}} Mistake of the true class `i`, taken for `j` */

/**
 * Return whether one mistake comes before another: more samples, then a larger share of its class.
 *
 * @param {{cell: number, share: number}} one
 * @param {{cell: number, share: number}} two
 */
const precedes = (one, two) => one.cell > two.cell || (one.cell === two.cell && one.share > two.share);

/**
 * Return the most frequent mistakes, and how many pairs of classes are mistaken at all. A matrix of many classes has
 * millions of cells: no more than `most` mistakes are kept while it is read.
 *
 * @param {number[][]} matrix row = true class
 * @param {number} most
 * @param {(label: number) => boolean} [concerns] leaves out mistakes between two classes of which neither is meant
 * @returns {{mistakes: Mistake[], pairs: number, right: number, all: number}}
 */
export function mostFrequent(matrix, most, concerns = () => true) {
  /** @type {Mistake[]} */
  const mistakes = [];
  const meant = matrix.map((_, label) => concerns(label));
  let [pairs, right, all] = [0, 0, 0];
  matrix.forEach((row, i) => {
    let total = 0;
    for (const cell of row) total += cell;
    all += total;
    right += row[i];
    for (let j = 0; j < row.length; j++) {
      const cell = row[j];
      if (!cell || i === j || !(meant[i] || meant[j])) continue;
      pairs += 1;
      const full = mistakes.length === most;
      if (full && cell < mistakes[most - 1].cell) continue;
      insert(mistakes, { i, j, cell, share: cell / total }, most);
    }
  });
  return { mistakes, pairs, right, all };
}

/**
 * @param {Mistake[]} mistakes in their order
 * @param {Mistake} mistake
 * @param {number} most
 */
function insert(mistakes, mistake, most) {
  let at = mistakes.length;
  while (at > 0 && precedes(mistake, mistakes[at - 1])) at--;
  if (at === most) return;
  mistakes.splice(at, 0, mistake);
  if (mistakes.length > most) mistakes.pop();
}

/**
 * Say how many pairs of classes are mistaken, and how many of them are listed.
 *
 * @param {number} listed
 * @param {number} pairs
 * @param {string} which of all classes, or those of a name
 */
export function pairsText(listed, pairs, which) {
  if (listed < pairs) return `The ${count(listed)} most frequent of ${count(pairs)} pairs ${which} that are mistaken`;
  if (!pairs) return `No pair ${which} is mistaken`;
  return pairs === 1
    ? `The one pair ${which} that is mistaken`
    : `The ${count(pairs)} pairs ${which} that are mistaken`;
}

/**
 * Return the labels whose names contain the words, whatever their case.
 *
 * @param {string[]} names
 * @param {string} words
 */
export function labelsNamed(names, words) {
  const wanted = words.trim().toLowerCase();
  return names.flatMap((name, label) => (name.toLowerCase().includes(wanted) ? [label] : []));
}

/**
 * Return the labels by a number of each, the lowest first and those without one last.
 *
 * @param {number[]} labels
 * @param {(label: number) => number | null | undefined} value
 */
export const lowestFirst = (labels, value) =>
  [...labels].sort((a, b) => (value(a) ?? Infinity) - (value(b) ?? Infinity) || a - b);
