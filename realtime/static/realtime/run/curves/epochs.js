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

export class Epochs {
  /** @type {Map<number, Metrics>} */
  #rows = new Map();
  #elided = 0; // epochs that a very long history leaves out here

  /**
   * Replace all epochs by those of the series, which run along epochs.
   *
   * @param {Series[]} series
   */
  load(series) {
    this.#rows = new Map();
    for (const { name, x, y } of series)
      x.forEach((epoch, i) => this.put(epoch, { [name.slice("epoch/".length)]: y[i] }));
    this.#elided = Math.max(0, Math.max(0, ...series.map(({ total }) => total)) - this.#rows.size);
  }

  /**
   * Add metrics to an epoch.
   *
   * @param {number} epoch
   * @param {Metrics} metrics
   */
  put(epoch, metrics) {
    const row = this.#rows.get(epoch);
    if (row) Object.assign(row, metrics);
    else this.#rows.set(epoch, { ...metrics });
  }

  /** The number of epochs that there were, also those that are left out here. */
  get size() {
    return this.#rows.size + this.#elided;
  }

  /** Return the epochs in their order. */
  epochs() {
    return [...this.#rows.keys()].sort((a, b) => a - b);
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
    return [...new Set([...this.#rows.values()].flatMap(Object.keys))].sort(
      (a, b) => rank(a) - rank(b) || a.localeCompare(b),
    );
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
    const sign = mode === "min" ? -1 : 1;
    /** @type {number | null} */
    let best = null;
    let [value, loss] = [-Infinity, Infinity];
    for (const epoch of this.epochs()) {
      const found = this.value(epoch, name);
      if (!known(found)) continue;
      const other = byLoss ? (this.value(epoch, "val_loss") ?? Infinity) : 0;
      if (sign * found > value || (sign * found === value && other < loss))
        [best, value, loss] = [epoch, sign * found, other];
    }
    return best;
  }
}
