// Which events are samples of curves, and under which names: the browser's copy of the server's table of sampled
// events, compared by tests/test_event_types.py. Pure.

/** @typedef {import("./curve_types").Axis} Axis */
/** @typedef {import("../../events/event_types").EventType} EventType */
/** @typedef {import("../../events/event_types").RunEvent} RunEvent */
/** @typedef {"batch" | "gradient" | "rate" | "throughput" | "usage" | "epoch"} Prefix */
/** @typedef {[name: string, value: number | null]} Sample null for a value that is not finite */

/**
 * @typedef {object} CurveKind
 * @property {Prefix} prefix the name of each of its curves before the slash
 * @property {Axis} axis what its curves run along unless the reader chooses otherwise
 * @property {Record<string, string>} fields from the name of a curve below the prefix to the event's field; where the
 *   name is empty or ends in a slash, the field holds an object or a list, and each of its numbers is a curve
 */

/** @type {Partial<Record<EventType, CurveKind>>} */
export const CURVE_KINDS = {
  batch_metrics: {
    prefix: "batch",
    axis: "step",
    fields: { loss: "loss", accuracy: "accuracy", recall: "recall", f1: "f1" },
  },
  gradient_stats: {
    prefix: "gradient",
    axis: "step",
    fields: {
      total: "total_norm",
      max: "max_norm",
      min: "min_norm",
      nonfinite: "nonfinite",
      "layer/": "layer_norms",
    },
  },
  lr_update: { prefix: "rate", axis: "step", fields: { learning_rate: "learning_rate" } },
  progress: {
    prefix: "throughput",
    axis: "step",
    fields: { samples_per_second: "samples_per_second", data_wait_share: "data_wait_share" },
  },
  resource_usage: {
    prefix: "usage",
    axis: "time",
    fields: {
      cpu_cores: "cpu_cores",
      machine_cpu_cores: "machine_cpu_cores",
      memory_pss: "memory_pss",
      memory_rss: "memory_rss",
      machine_memory_used: "machine_memory_used",
      disk_free: "disk_free",
      "gpu/": "gpus",
    },
  },
  epoch_end: { prefix: "epoch", axis: "epoch", fields: { "": "metrics" } },
};

/** @type {Record<Prefix, Axis>} */
export const DEFAULT_AXES = /** @type {any} */ (
  Object.fromEntries(Object.values(CURVE_KINDS).map(({ prefix, axis }) => [prefix, axis]))
);
export const PREFIXES = /** @type {Prefix[]} */ (Object.keys(DEFAULT_AXES));
/** @type {Axis[]} */
export const AXIS_CHOICES = ["epoch", "step", "time"];

/**
 * Return the axis of each kind of curve: the chosen one, but the use of the machine is known along time alone.
 *
 * @param {Axis | null} by null for the default of each kind
 * @returns {Record<Prefix, Axis>}
 */
export const axesFor = (by) =>
  by
    ? /** @type {any} */ ({ ...Object.fromEntries(PREFIXES.map((prefix) => [prefix, by])), usage: "time" })
    : DEFAULT_AXES;

/**
 * Yield the samples of an event, under their full names.
 *
 * @param {CurveKind} kind
 * @param {Record<string, any>} data the event's
 * @returns {Generator<Sample>}
 */
export function* samplesOf({ prefix, fields }, data) {
  for (const [name, field] of Object.entries(fields)) {
    if (!(field in data)) continue;
    if (name === "" || name.endsWith("/")) yield* numbersIn(`${prefix}/${name}`, data[field]);
    else yield* numberOf(`${prefix}/${name}`, data[field]);
  }
}

/**
 * @param {string} prefix
 * @param {any} value
 * @returns {Generator<Sample>}
 */
function* numbersIn(prefix, value) {
  for (const [key, inner] of Object.entries(value ?? {})) {
    if (inner !== null && typeof inner === "object") yield* numbersIn(`${prefix}${key}/`, inner);
    else yield* numberOf(`${prefix}${key}`, inner);
  }
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {Generator<Sample>}
 */
function* numberOf(name, value) {
  if (value === null || typeof value === "number") yield [name, value];
  else if (typeof value === "boolean") yield [name, Number(value)];
}
