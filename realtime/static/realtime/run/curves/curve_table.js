// The samples of one kind of event: places on the axis, and a column for each curve. Its size is bounded: a long table
// is thinned, and every spike is kept. Pure.

import { known } from "../../frame/format.js";

/** @typedef {import("./curve_types").Column} Column */
/** @typedef {import("./curve_types").Series} Series */
/** @typedef {import("./curve_kinds").Sample} Sample */

const MOST_CELLS = 200_000; // of all columns together
const [FEWEST_ROWS, MOST_ROWS] = [4_000, 12_000]; // before it is thinned

export class CurveTable {
  /** @type {number[]} */
  xs = [];
  /** @type {Map<string, Column>} null is a gap, undefined is no sample at that place */
  columns = new Map();
  /** @type {Map<string, number>} how many samples each curve had */
  totals = new Map();
  /** @type {Map<string, number>} how many of them are not finite */
  gaps = new Map();
  /** Whether samples are left out. */
  thinned = false;

  /**
   * Replace all samples by those of the series, which run along one axis.
   *
   * @param {Series[]} series
   * @param {number} [zero] is subtracted from their places
   */
  load(series, zero = 0) {
    /** @type {Set<number>} */
    const places = new Set();
    for (const { x } of series) for (const at of x) places.add(at);
    const order = [...places].sort((a, b) => a - b);
    const index = new Map(order.map((x, i) => [x, i]));
    this.xs = zero ? order.map((x) => x - zero) : order;
    this.columns = new Map(
      series.map(({ name, x, y }) => {
        /** @type {Column} */
        const column = new Array(order.length).fill(undefined);
        for (let i = 0; i < x.length; i++) column[/** @type {number} */ (index.get(x[i]))] = y[i];
        return [name, column];
      }),
    );
    this.totals = new Map(series.map(({ name, total }) => [name, total]));
    this.gaps = new Map(series.map(({ name, nonfinite }) => [name, nonfinite]));
    this.thinned = series.some(({ exact }) => !exact);
    return this;
  }

  /**
   * Add one sample of each of these curves at a place.
   *
   * @param {number} x
   * @param {Iterable<Sample>} samples
   */
  add(x, samples) {
    const at = this.#rowAt(x);
    for (const [name, value] of samples) {
      this.#column(name)[at] = value;
      this.totals.set(name, (this.totals.get(name) ?? 0) + 1);
      if (!known(value)) this.gaps.set(name, (this.gaps.get(name) ?? 0) + 1);
    }
    if (this.xs.length > Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, MOST_CELLS / this.columns.size))) this.#thin();
  }

  /**
   * Return the index of the row at that place, which is inserted where there is none.
   *
   * @param {number} x
   */
  #rowAt(x) {
    const { xs } = this;
    let at = xs.length;
    while (at > 0 && xs[at - 1] > x) at--;
    if (at > 0 && xs[at - 1] === x) return at - 1;
    xs.splice(at, 0, x);
    for (const column of this.columns.values()) column.splice(at, 0, undefined);
    return at;
  }

  /**
   * Return the column of a curve; one of empty places where it has no samples.
   *
   * @param {string} name
   * @returns {Column}
   */
  values(name) {
    return this.columns.get(name) ?? new Array(this.xs.length).fill(undefined);
  }

  /**
   * Return how many samples of the curve are kept here, and how many there were.
   *
   * @param {string} name
   * @returns {[kept: number, total: number]}
   */
  kept(name) {
    let count = 0;
    for (const y of this.values(name)) if (y !== undefined) count++;
    return [count, this.totals.get(name) ?? 0];
  }

  /** @param {string} name */
  #column(name) {
    const column = this.values(name);
    this.columns.set(name, column);
    return column;
  }

  // In each equal part of the axis every curve keeps its first, lowest, highest and last sample, and its first gap. At
  // most half of the rows stay.
  #thin() {
    const { xs } = this;
    const parts = Math.max(4, Math.floor(xs.length / 2 / (2 + 3 * this.columns.size)));
    const [low, length] = [xs[0], xs[xs.length - 1] - xs[0] || 1];
    const kept = new Uint8Array(xs.length);
    let first = 0;
    for (let part = 1; part <= parts; part++) {
      const edge = part === parts ? Infinity : low + (length * part) / parts;
      let end = first;
      while (end < xs.length && xs[end] < edge) end++;
      for (const column of this.columns.values()) markKept(column, first, end, kept);
      first = end;
    }
    this.xs = xs.filter((_, i) => kept[i]);
    for (const [name, column] of this.columns)
      this.columns.set(
        name,
        column.filter((_, i) => kept[i]),
      );
    this.thinned = true;
  }
}

/**
 * Mark the rows from `from` to before `end` that a thinned column needs.
 *
 * @param {Column} column
 * @param {number} from
 * @param {number} end
 * @param {Uint8Array} kept
 */
function markKept(column, from, end, kept) {
  let [first, last, lowest, highest, gap] = [-1, -1, -1, -1, -1];
  let [low, high] = [Infinity, -Infinity];
  for (let i = from; i < end; i++) {
    const y = column[i];
    if (y === undefined) continue;
    if (first < 0) first = i;
    last = i;
    if (y === null) gap = gap < 0 ? i : gap;
    else {
      if (y < low) [lowest, low] = [i, y];
      if (y > high) [highest, high] = [i, y];
    }
  }
  for (const i of [first, last, lowest, highest, gap]) if (i >= 0) kept[i] = 1;
}

/**
 * Return a table with all samples of a range, and around it those that `table` has.
 *
 * @param {CurveTable} table
 * @param {CurveTable} detail
 * @param {[from: number, to: number]} range on the axis
 */
export function withDetail(table, detail, [low, high]) {
  /** @type {[from: CurveTable, index: number][]} */
  const rows = [];
  table.xs.forEach((x, i) => x < low && rows.push([table, i]));
  detail.xs.forEach((x, i) => x >= low && x <= high && rows.push([detail, i]));
  table.xs.forEach((x, i) => x > high && rows.push([table, i]));
  const joined = new CurveTable();
  joined.xs = rows.map(([from, i]) => from.xs[i]);
  for (const name of table.columns.keys()) {
    const columns = new Map([table, detail].map((from) => [from, from.values(name)]));
    joined.columns.set(
      name,
      rows.map(([from, i]) => columns.get(from)?.[i]),
    );
  }
  joined.totals = table.totals;
  joined.gaps = table.gaps;
  return joined;
}
