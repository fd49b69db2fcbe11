// The matrices of a run's epochs that are known here, and which of them is shown. Pure.

import { pairsText } from "../../charts/mistakes.js";
import { count, epochNumber, percent, plural } from "../../frame/format.js";

/** @typedef {import("../../events/event_types").EpochMatrix} EpochMatrix */

/**
 * @typedef {object} Answer of GET …/epoch-matrices/
 * @property {string[]} class_names
 * @property {number | null} best_epoch
 * @property {number} epochs
 * @property {number | null} first
 * @property {number | null} last
 * @property {{epoch: number, matrix: EpochMatrix | null}[]} matrices
 */

const MOST_KEPT = 1000; // matrices; more can be asked for again

export class EpochFrames {
  /** @type {Map<number, EpochMatrix | null>} */
  #known = new Map();
  /** @type {string[]} */
  names = [];
  /** @type {number | null} */
  best = null;
  first = 0;
  last = -1;
  at = -1;
  /** Whether the newest epoch is shown, whichever it becomes. */
  following = false;

  /**
   * Take over all that the server has. A run that goes on is followed; of an ended one the best epoch comes first.
   *
   * @param {Answer} answer
   * @param {{live: boolean}} run
   */
  load(answer, { live }) {
    this.#known = new Map(answer.matrices.map(({ epoch, matrix }) => [epoch, matrix]));
    Object.assign(this, { names: answer.class_names, best: answer.best_epoch });
    this.first = answer.first ?? 0;
    this.last = answer.last ?? -1;
    const stays = this.at >= this.first && this.at <= this.last && !this.following;
    if (stays) return;
    this.following = live;
    this.at = live || this.best === null || this.best > this.last ? this.last : this.best;
  }

  get isEmpty() {
    return this.last < this.first;
  }

  /** Whether no epoch that is known has a matrix, though there are epochs. */
  get hasNoMatrix() {
    return this.#known.size > 0 && [...this.#known.values()].every((matrix) => matrix === null);
  }

  /**
   * Keep the matrices of an answer about single epochs.
   *
   * @param {Answer} answer
   */
  add({ matrices }) {
    for (const { epoch, matrix } of matrices) this.#known.set(epoch, matrix);
    for (const epoch of this.#known.keys()) {
      if (this.#known.size <= MOST_KEPT) break;
      if (epoch !== this.at) this.#known.delete(epoch);
    }
  }

  /**
   * Follow a run that goes on; return whether another epoch is shown now.
   *
   * @param {number} last the newest epoch that was validated
   * @param {number | null} best
   */
  extend(last, best) {
    this.best = best;
    if (last <= this.last) return false;
    this.last = last;
    if (this.following) this.at = last;
    return this.following;
  }

  /**
   * Show another epoch; moving to the newest one follows the run again.
   *
   * @param {number} epoch
   */
  move(epoch) {
    this.at = Math.min(Math.max(epoch, this.first), this.last);
    this.following = this.at === this.last;
  }

  /** Whether the matrix of the epoch that is shown has been fetched. */
  get isKnown() {
    return this.#known.has(this.at);
  }

  /** The matrix of the shown epoch; null where its scores were not finite, undefined where it is not fetched. */
  get matrix() {
    return this.#known.get(this.at);
  }

  /** Where on the slider the best epoch is, from 0 to 1; null where it is not known. */
  get bestAt() {
    const { best, first, last } = this;
    return best === null || best < first || best > last ? null : last > first ? (best - first) / (last - first) : 0;
  }
}

/**
 * Say which epoch is shown and what it got right.
 *
 * @param {Pick<EpochFrames, "at" | "last" | "best" | "following" | "matrix">} frames
 * @param {boolean} live whether more epochs may come
 */
export function frameText({ at, last, best, following, matrix }, live) {
  const which = `Epoch ${count(epochNumber(at))} of ${count(epochNumber(last))}${at === best ? ", the best one" : ""}`;
  const follows = live && following ? ", the newest: follows the training" : "";
  if (matrix === undefined) return `${which}${follows} · loading…`;
  if (matrix === null) return `${which}${follows} · no matrix: its scores are not finite, or it was not kept.`;
  const { right, samples } = matrix;
  return `${which}${follows} · ${count(right)} of ${count(samples)} right (${percent(right / samples)})`;
}

/**
 * Say why there is nothing to choose among.
 *
 * @param {Pick<EpochFrames, "first" | "last">} frames
 */
export const noMatrixText = ({ first, last }) =>
  `${plural(last - first + 1, "epoch")}, none with a matrix: ` +
  "scores on validation were not finite numbers, so no sample was taken for any class.";

/**
 * Return what such a matrix keeps of its mistakes, as `mostFrequent` does.
 *
 * @param {Pick<EpochMatrix, "mistakes">} matrix
 */
export const mistakesOf = ({ mistakes }) =>
  mistakes.map(([i, j, cell, total]) => ({ i, j, cell, share: cell / total }));

/** @param {Pick<EpochMatrix, "mistakes" | "pairs" | "classes">} matrix */
export const pairsCaption = ({ mistakes, pairs, classes }) =>
  pairsText(mistakes.length, pairs, `of ${count(classes)} classes`);

/**
 * Return the matrix as rows.
 *
 * @param {Pick<EpochMatrix, "classes" | "cells">} matrix
 */
export const rowsOf = ({ classes, cells }) =>
  Array.from({ length: classes }, (_, i) => cells.slice(i * classes, (i + 1) * classes));
