// The samples of one kind of event: places on the axis, and a column for each curve. Bounded: a long one is thinned, and no spike is lost.

import { known } from "../frame/format.js";

const MOST_CELLS = 200_000; // of all columns together
const [FEWEST_ROWS, MOST_ROWS] = [4_000, 12_000]; // before it is thinned

export class Table {
  xs = [];
  columns = new Map(); // name -> values: null = a gap, undefined = nothing at that place
  totals = new Map(); // name -> how many samples there were
  gaps = new Map(); // name -> how many of them are unknown

  // `curves` as the API has them, all along one axis; `zero` is taken off their places.
  load(curves, zero = 0) {
    const places = new Set();
    for (const { x } of curves) for (const at of x) places.add(at);
    const order = [...places].sort((a, b) => a - b);
    const index = new Map(order.map((x, i) => [x, i]));
    this.xs = zero ? order.map((x) => x - zero) : order;
    this.columns = new Map(
      curves.map(({ name, x, y }) => {
        const column = new Array(order.length).fill(undefined);
        for (let i = 0; i < x.length; i++) column[index.get(x[i])] = y[i];
        return [name, column];
      }),
    );
    this.totals = new Map(curves.map(({ name, total }) => [name, total]));
    this.gaps = new Map(curves.map(({ name, nonfinite }) => [name, nonfinite]));
    this.thinned = curves.some(({ exact }) => !exact);
    return this;
  }

  // One more sample of these curves.
  add(x, values) {
    const { xs } = this;
    let at = xs.length;
    while (at > 0 && xs[at - 1] > x) at--;
    if (at > 0 && xs[at - 1] === x) at--;
    else {
      xs.splice(at, 0, x);
      for (const column of this.columns.values()) column.splice(at, 0, undefined);
    }
    for (const [name, value] of values) {
      this.#column(name)[at] = value;
      this.totals.set(name, (this.totals.get(name) ?? 0) + 1);
      if (!known(value)) this.gaps.set(name, (this.gaps.get(name) ?? 0) + 1);
    }
    if (xs.length > Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, MOST_CELLS / this.columns.size))) this.#thin();
  }

  // Never undefined: a curve without samples is empty places.
  values(name) {
    return this.columns.get(name) ?? new Array(this.xs.length).fill(undefined);
  }

  // How many samples of the curve are kept here, and how many there were.
  kept(name) {
    let count = 0;
    for (const y of this.values(name)) if (y !== undefined) count++;
    return [count, this.totals.get(name) ?? 0];
  }

  #column(name) {
    if (!this.columns.has(name)) this.columns.set(name, new Array(this.xs.length).fill(undefined));
    return this.columns.get(name);
  }

  // Of each equal part of the axis every curve keeps its first, lowest, highest and last sample, and its first gap; half of the rows at most stay.
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
      for (const column of this.columns.values()) keepOf(column, first, end, kept);
      first = end;
    }
    const only = (values) => values.filter((_, i) => kept[i]);
    this.xs = only(xs);
    for (const [name, column] of this.columns) this.columns.set(name, only(column));
    this.thinned = true;
  }
}

function keepOf(column, from, end, kept) {
  let [first, last, lowest, highest, gap] = [-1, -1, -1, -1, -1];
  for (let i = from; i < end; i++) {
    const y = column[i];
    if (y === undefined) continue;
    if (first < 0) first = i;
    last = i;
    if (y === null) gap = gap < 0 ? i : gap;
    else {
      if (lowest < 0 || y < column[lowest]) lowest = i;
      if (highest < 0 || y > column[highest]) highest = i;
    }
  }
  for (const i of [first, last, lowest, highest, gap]) if (i >= 0) kept[i] = 1;
}

// What is looked at closely in full, and around it what is kept anyway. `range` is on the axis.
export function inlaid(table, detail, [low, high]) {
  const inside = (x) => x >= low && x <= high;
  const [before, after] = [[], []];
  table.xs.forEach((x, i) => (x < low ? before.push(i) : x > high ? after.push(i) : null));
  const middle = [];
  detail.xs.forEach((x, i) => inside(x) && middle.push(i));
  const joined = new Table();
  const pick = (from, own, other) => [
    ...before.map((i) => from(table, own, i)),
    ...middle.map((i) => from(detail, other, i)),
    ...after.map((i) => from(table, own, i)),
  ];
  joined.xs = pick((of, xs, i) => xs[i], table.xs, detail.xs);
  for (const name of table.columns.keys())
    joined.columns.set(
      name,
      pick((of, ys, i) => ys[i], table.values(name), detail.values(name)),
    );
  joined.totals = table.totals;
  joined.gaps = table.gaps;
  return joined;
}
