// The metrics of each epoch, and which epoch is the best.

import { known } from "../frame/format.js";

const ORDER = ["loss", "acc", "precision", "recall", "f1", "auroc"];

function rank(name) {
  const [, phase, rest] = /^(train|val)_(.*)$/.exec(name) ?? [];
  if (!phase) return 100;
  return (phase === "val" ? 20 : 0) + (ORDER.includes(rest) ? ORDER.indexOf(rest) : ORDER.length);
}

export class Epochs {
  #rows = new Map();

  // `curves` as the API has them, along epochs.
  load(curves) {
    this.#rows = new Map();
    for (const { name, x, y } of curves)
      x.forEach((epoch, i) => this.put(epoch, { [name.slice("epoch/".length)]: y[i] }));
    this.elided = Math.max(0, ...curves.map(({ total }) => total)) - this.#rows.size;
  }

  put(epoch, metrics) {
    const row = this.#rows.get(epoch);
    if (row) Object.assign(row, metrics);
    else this.#rows.set(epoch, { ...metrics });
  }

  // Epochs that there were, also those that a very long history leaves out here.
  get size() {
    return this.#rows.size + Math.max(0, this.elided ?? 0);
  }

  epochs() {
    return [...this.#rows.keys()].sort((a, b) => a - b);
  }

  // null: unknown; undefined: not reported (yet).
  value(epoch, name) {
    return this.#rows.get(epoch)?.[name];
  }

  // The metrics that some epoch has: of training, of validation, others.
  names() {
    return [...new Set([...this.#rows.values()].flatMap(Object.keys))].sort(
      (a, b) => rank(a) - rank(b) || a.localeCompare(b),
    );
  }

  // The epoch of the best value. Of equal ones the earliest counts, unless `byLoss`: then the one with the lower validation loss, as the server
  // ranks epochs by the monitored metric.
  best(name, mode, { byLoss = false } = {}) {
    const sign = mode === "min" ? -1 : 1;
    let [best, value, loss] = [null, -Infinity, Infinity];
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
