// All curves of the run along the chosen axes: loaded once, then continued by events.

import { Table } from "./table.js";

// By event type: the name before the slash, and what each event has a sample of.
const KINDS = {
  batch_metrics: ["batch", ({ loss, accuracy, recall, f1 }) => ({ loss, accuracy, recall, f1 })],
  gradient_stats: [
    "gradient",
    ({ total_norm: total, max_norm: max, min_norm: min, layer_norms: layer }) => ({ total, max, min, layer }),
  ],
  lr_update: ["rate", ({ learning_rate }) => ({ learning_rate })],
  progress: ["throughput", ({ samples_per_second, data_wait_share }) => ({ samples_per_second, data_wait_share })],
  resource_usage: ["usage", ({ gpus, ...numbers }) => ({ ...numbers, gpu: gpus })],
  epoch_end: ["epoch", ({ metrics }) => metrics],
};
export const NATURAL = {
  batch: "step",
  gradient: "step",
  rate: "step",
  throughput: "step",
  epoch: "epoch",
  usage: "time",
};
export const CHOICES = ["epoch", "step", "time"];

// All along one axis; the machine knows time alone.
export const along = (by) =>
  by ? { ...Object.fromEntries(Object.keys(NATURAL).map((prefix) => [prefix, by])), usage: "time" } : NATURAL;

const MICROSECOND = 1e-6;

// Seconds since 1970, as precise as the journal has them.
export function seconds(timestamp) {
  const [, whole, fraction = "0"] = /^(.{19})(?:\.(\d+))?/.exec(timestamp);
  return Date.parse(`${whole}Z`) / 1000 + Number(fraction.padEnd(6, "0").slice(0, 6)) * MICROSECOND;
}

// Names like those of the API: lists and objects in objects make longer ones.
function* samples(prefix, value) {
  for (const [key, inner] of Object.entries(value ?? {})) {
    if (inner !== null && typeof inner === "object") yield* samples(`${prefix}${key}/`, inner);
    else if (inner === null || typeof inner === "number") yield [`${prefix}${key}`, inner];
  }
}

export class Store {
  tables = new Map(Object.keys(NATURAL).map((prefix) => [prefix, new Table()]));
  dirty = new Set(Object.keys(NATURAL)); // what has changed since it was drawn
  #known = new Map(); // by prefix: the last event that is in its table

  // `axes`: by prefix. `zero`: seconds since 1970 at which time begins. `stepsPerEpoch` may be unknown (null).
  constructor(axes, { zero, stepsPerEpoch }) {
    Object.assign(this, { axes, zero, stepsPerEpoch });
  }

  load(series, lastSeq) {
    const found = Map.groupBy(series, ({ name }) => name.slice(0, name.indexOf("/")));
    for (const [prefix, curves] of found) this.tables.set(prefix, this.made(prefix, curves));
    for (const prefix of this.tables.keys()) this.#known.set(prefix, lastSeq);
  }

  // The table of another store that runs along the same axis, as far as that one knows it.
  adopt(prefix, other) {
    this.tables.set(prefix, other.tables.get(prefix));
    this.#known.set(prefix, other.#known.get(prefix) ?? 0);
  }

  made(prefix, curves) {
    return new Table().load(curves, this.axes[prefix] === "time" ? this.zero : 0);
  }

  take(event) {
    const [prefix, read] = KINDS[event.type] ?? [];
    if (!prefix || event.seq <= this.#known.get(prefix)) return;
    this.#known.set(prefix, event.seq);
    const x = this.#place(prefix, event);
    if (!Number.isFinite(x)) return;
    this.tables.get(prefix).add(x, samples(`${prefix}/`, read(event.data)));
    this.dirty.add(prefix);
  }

  #place(prefix, { data, timestamp }) {
    const by = this.axes[prefix];
    if (by === "time") return seconds(timestamp) - this.zero;
    if (prefix === "epoch") return this.atEpoch(data.epoch, prefix);
    return by === "step" ? data.step : data.step / this.stepsPerEpoch;
  }

  // Where an epoch's numbers stand: at its number, or at its last step. Unknown along time.
  atEpoch(epoch, prefix) {
    const by = this.axes[prefix];
    return by === "epoch" ? epoch : by === "step" ? (epoch + 1) * this.stepsPerEpoch : NaN;
  }

  // How far the run has come along the axis of that kind.
  newest(prefix, { step }) {
    const by = this.axes[prefix];
    if (by === "time") return Math.max(...["batch", "throughput"].map((name) => this.tables.get(name).xs.at(-1) ?? 0));
    return by === "step" ? step : step / this.stepsPerEpoch;
  }
}
