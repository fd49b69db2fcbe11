// Curves with places of their own, on one axis. Pure.

/** @typedef {import("../run/curves/curve_types").Column} Column */

/**
 * Return the places of all curves and the column of each: undefined where it has no sample, null where it has a gap.
 *
 * @param {{x: number[], y: (number | null)[]}[]} curves
 * @returns {[xs: number[], ...columns: Column[]]}
 */
export function joined(curves) {
  const xs = [...new Set(curves.flatMap(({ x }) => x))].sort((a, b) => a - b);
  const places = new Map(xs.map((x, i) => [x, i]));
  const columns = curves.map(({ x, y }) => {
    /** @type {Column} */
    const column = new Array(xs.length).fill(undefined);
    x.forEach((at, i) => (column[/** @type {number} */ (places.get(at))] = y[i]));
    return column;
  });
  return [xs, ...columns];
}
