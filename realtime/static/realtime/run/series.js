// What curves are made of: one row per epoch, and samples in the order of steps. Both can forget void epochs.

import { known } from "../frame/format.js";

export class Epochs {
  #rows = new Map();

  put(epoch, metrics) {
    this.#rows.set(epoch, { ...this.#rows.get(epoch), ...metrics });
  }

  // Everything after `epoch` is void; null: everything.
  dropAfter(epoch) {
    for (const key of [...this.#rows.keys()]) if (epoch === null || key > epoch) this.#rows.delete(key);
  }

  get size() {
    return this.#rows.size;
  }

  epochs() {
    return [...this.#rows.keys()].sort((a, b) => a - b);
  }

  // null: unknown; undefined: not reported (yet).
  value(epoch, name) {
    return this.#rows.get(epoch)?.[name];
  }

  // The metrics that some epoch has, in the order in which they came.
  names() {
    return [...new Set([...this.#rows.values()].flatMap(Object.keys))];
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
      if (sign * found > value || (sign * found === value && other < loss)) [best, value, loss] = [epoch, sign * found, other];
    }
    return best;
  }
}

const MOST_SAMPLES = 4000;

// Bounded: when it is full, every second sample goes, and only every second (fourth, …) of the coming ones is kept.
// The same events always leave the same samples, whenever they are read.
export class Samples {
  points = [];
  stride = 1;
  #seen = 0;

  add(point) {
    if (this.#seen++ % this.stride) return;
    this.points.push(point);
    if (this.points.length > MOST_SAMPLES) {
      this.points = this.points.filter((_, index) => index % 2 === 0);
      this.stride *= 2;
      this.#seen = 1;
    }
  }

  dropAfter(epoch) {
    this.points = epoch === null ? [] : this.points.filter((point) => point.epoch <= epoch);
    if (!this.points.length) [this.stride, this.#seen] = [1, 0];
  }
}
