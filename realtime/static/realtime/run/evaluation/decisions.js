// What each threshold decides: counts as the server counted them, and the rates that follow. Pure.

import { score as scoreText } from "../../frame/format.js";

/** @typedef {{thresholds: number[], true: number[], false: number[]}} Steps thresholds from high to low */
/** @typedef {{tp: number, fp: number, fn: number, tn: number}} Counts */
/** @typedef {{sensitivity: number | null, specificity: number | null, ppv: number | null, npv: number | null}} Rates */

const MOST_DIGITS = 17; // no double needs more

/** The thresholds that a reader can choose. Place 0 is above all scores; place n is the n-th threshold from above. */
export class Stops {
  /**
   * @param {Steps & {distinct: number}} steps
   * @param {{samples: number, positives: number}} sizes
   */
  constructor({ thresholds, true: right, false: wrong, distinct }, { samples, positives }) {
    this.samples = samples;
    this.positives = positives;
    this.length = thresholds.length;
    this.distinct = distinct;
    this.isComplete = thresholds.length === distinct;
    this.thresholds = Float64Array.from(thresholds);
    this.true = Int32Array.from(right);
    this.false = Int32Array.from(wrong);
  }

  /**
   * Return the place at which exactly the samples with this score or more are positive.
   *
   * @param {number} threshold
   */
  placeOf(threshold) {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.thresholds[middle] >= threshold) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * @param {number} place
   * @returns {Counts}
   */
  counts(place) {
    const [tp, fp] = place ? [this.true[place - 1], this.false[place - 1]] : [0, 0];
    return { tp, fp, fn: this.positives - tp, tn: this.samples - this.positives - fp };
  }

  /**
   * Return the shortest number that decides as this place does; null above all scores.
   *
   * @param {number} place
   */
  thresholdAt(place) {
    if (!place) return null;
    const highest = this.thresholds[place - 1];
    if (!this.isComplete) return highest; // others may lie between it and the next one
    const above = place < this.length ? this.thresholds[place] : -1;
    for (let digits = 0; digits <= MOST_DIGITS; digits++) {
      const shorter = Math.floor(highest * 10 ** digits) / 10 ** digits;
      if (shorter > above && shorter <= highest) return shorter;
    }
    return highest;
  }
}

/**
 * @param {number} part
 * @param {number} whole
 */
export const share = (part, whole) => (whole ? part / whole : null);

/**
 * @param {Counts} counts
 * @returns {Rates}
 */
export const rates = ({ tp, fp, fn, tn }) => ({
  sensitivity: share(tp, tp + fn),
  specificity: share(tn, tn + fp),
  ppv: share(tp, tp + fp),
  npv: share(tn, tn + fn),
});

/**
 * Return the predictive values where the class has another prevalence, by Bayes' rule; null where they are unknown.
 *
 * @param {Rates} found
 * @param {number | null} prevalence
 */
export function inField({ sensitivity, specificity }, prevalence) {
  if (sensitivity === null || specificity === null || prevalence === null) return { ppv: null, npv: null };
  const [ill, healthy] = [prevalence, 1 - prevalence];
  return {
    ppv: share(sensitivity * ill, sensitivity * ill + (1 - specificity) * healthy),
    npv: share(specificity * healthy, specificity * healthy + (1 - sensitivity) * ill),
  };
}

/**
 * Read a share that is typed in hundredths; null where it is none.
 *
 * @param {string} text
 */
export function typedShare(text) {
  const value = text.trim() === "" ? NaN : Number(text);
  return value >= 0 && value <= 100 ? value / 100 : null;
}

/**
 * Write a threshold in six digits; it is exact elsewhere.
 *
 * @param {number} threshold
 */
export const shortest = (threshold) => String(Number(threshold.toPrecision(6)));

/** @typedef {{intercept: number, slope: number}} Platt */

/**
 * Return the probability that a score stands for by Platt's method.
 *
 * @param {Platt} platt
 * @param {number} score
 */
export function recalibrated({ intercept, slope }, score) {
  if (score <= 0 || score >= 1) return score <= 0 ? 0 : 1;
  return 1 / (1 + Math.exp(-(intercept + slope * (Math.log(score) - Math.log1p(-score)))));
}

/**
 * Say what probability a threshold stands for; nothing where that is not known.
 *
 * @param {Platt | null | undefined} platt
 * @param {number} threshold
 */
export const probabilityText = (platt, threshold) =>
  platt && threshold >= 0 && threshold <= 1
    ? `Recalibrated by Platt’s method, this threshold is a probability of ${scoreText(recalibrated(platt, threshold))}.`
    : "";
