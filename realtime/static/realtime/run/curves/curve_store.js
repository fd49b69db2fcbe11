// All curves of the run along the chosen axes: loaded once, then continued by events. Pure.

import { CURVE_KINDS, PREFIXES, samplesOf } from "./curve_kinds.js";
import { CurveTable } from "./curve_table.js";
import { seconds } from "../timestamps.js";

/** @typedef {import("./curve_types").Axis} Axis */
/** @typedef {import("./curve_types").Series} Series */
/** @typedef {import("./curve_kinds").Prefix} Prefix */
/** @typedef {import("../../events/event_types").RunEvent} RunEvent */

/** @param {string} name */
const prefixOf = (name) => /** @type {Prefix} */ (name.slice(0, name.indexOf("/")));

export class CurveStore {
  /** @type {Map<Prefix, CurveTable>} */
  #tables = new Map(PREFIXES.map((prefix) => [prefix, new CurveTable()]));
  /** @type {Map<Prefix, number>} the last event that is in the table of that prefix */
  #known = new Map();
  /** Kinds of curves that have changed since they were drawn. */
  dirty = new Set(PREFIXES);

  /**
   * @param {Record<Prefix, Axis>} axes
   * @param {object} scale
   * @param {number} scale.zero seconds since 1970 at which time begins
   * @param {number | null} scale.stepsPerEpoch null where it is unknown
   */
  constructor(axes, { zero, stepsPerEpoch }) {
    this.axes = axes;
    this.zero = zero;
    this.stepsPerEpoch = stepsPerEpoch;
  }

  markAllDirty() {
    PREFIXES.forEach((prefix) => this.dirty.add(prefix));
  }

  /** Return the kinds of curves that have changed, which count as drawn from now on. */
  takeDirty() {
    const prefixes = this.dirty;
    this.dirty = new Set();
    return prefixes;
  }

  /** @param {Prefix} prefix */
  table(prefix) {
    return /** @type {CurveTable} */ (this.#tables.get(prefix));
  }

  /**
   * Replace the curves of each kind that is among `series`.
   *
   * @param {Series[]} series
   * @param {number} lastSeq the number of the last event that they contain
   */
  load(series, lastSeq) {
    for (const prefix of new Set(series.map(({ name }) => prefixOf(name))))
      this.#tables.set(
        prefix,
        this.makeTable(
          prefix,
          series.filter(({ name }) => prefixOf(name) === prefix),
        ),
      );
    for (const prefix of this.#tables.keys()) this.#known.set(prefix, lastSeq);
  }

  /**
   * Share the table of another store that runs along the same axis, as far as that one knows it.
   *
   * @param {Prefix} prefix
   * @param {CurveStore} other
   */
  share(prefix, other) {
    this.#tables.set(prefix, other.table(prefix));
    this.#known.set(prefix, other.#known.get(prefix) ?? 0);
  }

  /**
   * @param {Prefix} prefix
   * @param {Series[]} series
   */
  makeTable(prefix, series) {
    return new CurveTable().load(series, this.axes[prefix] === "time" ? this.zero : 0);
  }

  /**
   * Add the samples of an event, if it has any and they are not in the tables already.
   *
   * @param {RunEvent} event
   */
  add(event) {
    const kind = CURVE_KINDS[event.type];
    if (!kind || event.seq <= (this.#known.get(kind.prefix) ?? 0)) return;
    this.#known.set(kind.prefix, event.seq);
    const x = this.#placeOf(kind.prefix, event);
    if (!Number.isFinite(x)) return;
    this.table(kind.prefix).add(x, samplesOf(kind, event.data));
    this.dirty.add(kind.prefix);
  }

  /**
   * @param {Prefix} prefix
   * @param {{data: any, timestamp: string}} event
   * @returns {number}
   */
  #placeOf(prefix, { data, timestamp }) {
    const by = this.axes[prefix];
    if (by === "time") return seconds(timestamp) - this.zero;
    if (prefix === "epoch") return this.atEpoch(data.epoch, prefix);
    return by === "step" ? data.step : data.step / (this.stepsPerEpoch ?? NaN);
  }

  /**
   * Return where an epoch's numbers stand: at its number, or at its last step. NaN along time, where it is unknown.
   *
   * @param {number} epoch
   * @param {Prefix} prefix
   */
  atEpoch(epoch, prefix) {
    const by = this.axes[prefix];
    return by === "epoch" ? epoch : by === "step" ? (epoch + 1) * (this.stepsPerEpoch ?? NaN) : NaN;
  }

  /**
   * Return how far the run has come along the axis of that kind.
   *
   * @param {Prefix} prefix
   * @param {{step: number}} state
   */
  newest(prefix, { step }) {
    const by = this.axes[prefix];
    if (by === "time") return Math.max(this.table("batch").xs.at(-1) ?? 0, this.table("throughput").xs.at(-1) ?? 0);
    return by === "step" ? step : step / (this.stepsPerEpoch ?? NaN);
  }
}
