// The metrics of each epoch, and which epoch is the best. Pure.

import { known } from "../../frame/format.js";

/** @typedef {import("./curve_types").Series} Series */
/** @typedef {Record<string, number | null>} Metrics */

const ORDER = ["loss", "acc", "precision", "recall", "f1", "auroc"];

/** @param {string} name */
function rank(name) {
  const [, phase, rest] = /^(train|val)_(.*)$/.exec(name) ?? [];
  if (!phase) return 100;
  return (phase === "val" ? 20 : 0) + (ORDER.includes(rest) ? ORDER.indexOf(rest) : ORDER.length);
}

/** @typedef {{epoch: number, value: number, other: number}} Ranked */
/** @typedef {{name: string, sign: number, byLoss: boolean, best: Ranked | null, unseen: Set<number>}} Ranking */

export class Epochs {
  /** @type {Map<number, Metrics>} */
  #rows = new Map();
  /** @type {number[]} the epochs in their order */
  #order = [];
  /** @type {Set<string>} */
  #names = new Set();
  /** @type {Map<string, Ranking>} what was asked for: a new epoch is compared with the best one alone */
  #rankings = new Map();
  #elided = 0; // epochs that a very long history leaves out here
  /** Whether metrics of some epochs are left out: of a long history each curve is thinned by itself. */
  thinned = false;
  /** How often all epochs were replaced. */
  loads = 0;

  /**
   * Replace all epochs by those of the series, which run along epochs.
   *
   * @param {Series[]} series
   */
  load(series) {
    this.#rows = new Map();
    this.#order = [];
    this.#names = new Set();
    this.#rankings = new Map();
    this.#putAll(series);
    this.#order.sort((a, b) => a - b);
    this.#elided = Math.max(0, Math.max(0, ...series.map(({ total }) => total)) - this.#rows.size);
    this.thinned = series.some(({ x, total }) => x.length < total);
    this.loads += 1;
  }

  /**
   * Add epochs that `load` had left out, or metrics that they lacked. Newer ones come as events.
   *
   * @param {Series[]} series
   */
  complete(series) {
    const before = this.#rows.size;
    this.#putAll(series, this.#order.at(-1));
    this.#order.sort((a, b) => a - b);
    this.#elided = Math.max(0, this.#elided - (this.#rows.size - before));
  }

  /**
   * @param {Series[]} series
   * @param {number} [newest] epochs after this one are left out
   */
  #putAll(series, newest = Infinity) {
    for (const { name, x, y } of series) {
      const metric = name.slice("epoch/".length);
      x.forEach((epoch, i) => {
        if (epoch > newest) return;
        if (!this.#rows.has(epoch)) this.#order.push(epoch);
        this.#merge(epoch, { [metric]: y[i] });
      });
    }
  }

  /**
   * Add metrics to an epoch.
   *
   * @param {number} epoch
   * @param {Metrics} metrics
   */
  put(epoch, metrics) {
    if (!this.#rows.has(epoch)) this.#insert(epoch);
    this.#merge(epoch, metrics);
  }

  // Epochs come in their order but for a few.
  /** @param {number} epoch */
  #insert(epoch) {
    let at = this.#order.length;
    while (at > 0 && this.#order[at - 1] > epoch) at--;
    this.#order.splice(at, 0, epoch);
  }

  /**
   * @param {number} epoch
   * @param {Metrics} metrics
   */
  #merge(epoch, metrics) {
    const row = this.#rows.get(epoch);
    if (row) Object.assign(row, metrics);
    else this.#rows.set(epoch, { ...metrics });
    for (const name of Object.keys(metrics)) this.#names.add(name);
    for (const ranking of this.#rankings.values()) ranking.unseen.add(epoch);
  }

  /** The number of epochs that there were, also those that are left out here. */
  get size() {
    return this.#rows.size + this.#elided;
  }

  /** Return the epochs in their order. */
  epochs() {
    return [...this.#order];
  }

  /**
   * Return the last epochs, in their order.
   *
   * @param {number} most
   */
  last(most) {
    return this.#order.slice(-most);
  }

  /**
   * Return a metric: null where its value is not finite, undefined where it was not reported (yet).
   *
   * @param {number} epoch
   * @param {string} name
   */
  value(epoch, name) {
    return this.#rows.get(epoch)?.[name];
  }

  /** Return the names of all metrics: those of training, of validation, others. */
  names() {
    return [...this.#names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  }

  /**
   * Return the epoch of the best value, null without one. The earliest of equal ones counts, unless `byLoss`: then the
   * one with the lowest validation loss, as the server ranks epochs by the monitored metric.
   *
   * @param {string} name
   * @param {string} mode "min" or "max"
   * @param {{byLoss?: boolean}} [rules]
   */
  best(name, mode, { byLoss = false } = {}) {
    const key = `${name}/${mode}/${byLoss}`;
    let ranking = this.#rankings.get(key);
    if (!ranking) {
      ranking = { name, sign: mode === "min" ? -1 : 1, byLoss, best: null, unseen: new Set(this.#order) };
      this.#rankings.set(key, ranking);
    }
    this.#rankUnseen(ranking);
    return ranking.best?.epoch ?? null;
  }

  /** @param {Ranking} ranking */
  #rankUnseen(ranking) {
    const { best } = ranking;
    if (best && ranking.unseen.has(best.epoch)) {
      const now = this.#ranked(best.epoch, ranking);
      // The best one has got other numbers: any may be the best now.
      if (!now || precedes(best, now)) Object.assign(ranking, { best: null, unseen: new Set(this.#order) });
      else ranking.best = now;
    }
    for (const epoch of ranking.unseen) {
      const found = this.#ranked(epoch, ranking);
      if (found && (!ranking.best || precedes(found, ranking.best))) ranking.best = found;
    }
    ranking.unseen.clear();
  }

  /**
   * @param {number} epoch
   * @param {Ranking} ranking
   * @returns {Ranked | null}
   */
  #ranked(epoch, { name, sign, byLoss }) {
    const found = this.value(epoch, name);
    if (!known(found)) return null;
    return { epoch, value: sign * found, other: byLoss ? (this.value(epoch, "val_loss") ?? Infinity) : 0 };
  }
}

/**
 * Return whether the first is better than the second, or as good and earlier.
 *
 * @param {Ranked} one
 * @param {Ranked} two
 */
function precedes(one, two) {
  if (one.value !== two.value) return one.value > two.value;
  if (one.other !== two.other) return one.other < two.other;
  return one.epoch < two.epoch;
}
