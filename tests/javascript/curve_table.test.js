// The table of samples: order, gaps, counts, thinning.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CurveTable, withDetail } from "../../realtime/static/realtime/run/curves/curve_table.js";

const series = (name, x, y, more = {}) => ({
  name,
  x,
  y,
  total: x.length,
  nonfinite: y.filter((value) => value === null).length,
  exact: true,
  ...more,
});

test("curves with places of their own share one axis", () => {
  const table = new CurveTable().load([series("a", [1, 3], [10, null]), series("b", [2, 3], [20, 30])]);
  assert.deepEqual(table.xs, [1, 2, 3]);
  assert.deepEqual(table.values("a"), [10, undefined, null]);
  assert.deepEqual(table.values("b"), [undefined, 20, 30]);
  assert.equal(table.gaps.get("a"), 1);
  assert.equal(table.thinned, false);
});

test("a zero is subtracted from the places", () => {
  assert.deepEqual(new CurveTable().load([series("a", [100, 105], [1, 2])], 100).xs, [0, 5]);
});

test("an empty series makes a curve without samples", () => {
  const table = new CurveTable().load([series("a", [], [])]);
  assert.deepEqual(table.xs, []);
  assert.deepEqual(table.values("a"), []);
  assert.deepEqual(table.kept("a"), [0, 0]);
});

test("an unknown curve is empty places", () => {
  const table = new CurveTable().load([series("a", [1, 2], [1, 2])]);
  assert.deepEqual(table.values("none"), [undefined, undefined]);
});

test("samples are added in their order, at their place", () => {
  const table = new CurveTable();
  table.add(2, [["a", 20]]);
  table.add(5, [["a", 50]]);
  table.add(3, [["b", null]]); // late
  table.add(5, [["b", 55]]); // at a place that exists
  assert.deepEqual(table.xs, [2, 3, 5]);
  assert.deepEqual(table.values("a"), [20, undefined, 50]);
  assert.deepEqual(table.values("b"), [undefined, null, 55]);
  assert.deepEqual([table.totals.get("a"), table.totals.get("b"), table.gaps.get("b")], [2, 2, 1]);
});

test("curves that are not exact are counted as they were, not as they are kept", () => {
  const table = new CurveTable().load([series("a", [1, 9], [1, 2], { total: 900, exact: false })]);
  assert.deepEqual(table.kept("a"), [2, 900]);
  assert.equal(table.thinned, true);
});

test("a long table is thinned, and keeps its ends, every spike and a gap", () => {
  const table = new CurveTable();
  const spikes = new Map([
    [1_234, 1e6],
    [7_777, -1e6],
    [9_000, null],
  ]);
  for (let i = 0; i <= 12_000; i++) table.add(i, [["a", spikes.has(i) ? spikes.get(i) : Math.sin(i)]]);
  assert.ok(table.xs.length < 7_000, String(table.xs.length));
  for (const x of [0, 12_000, ...spikes.keys()]) assert.ok(table.xs.includes(x), String(x));
  assert.equal(table.values("a")[table.xs.indexOf(1_234)], 1e6);
  assert.equal(table.values("a")[table.xs.indexOf(9_000)], null);
  assert.equal(table.totals.get("a"), 12_001);
  assert.equal(table.thinned, true);
  assert.deepEqual(
    table.xs,
    [...table.xs].sort((a, b) => a - b),
  );
});

test("detail replaces a range, and what is around it stays", () => {
  const table = new CurveTable().load([series("a", [0, 10, 20, 30], [0, 1, 2, 3]), series("b", [0, 30], [5, 6])]);
  const detail = new CurveTable().load([series("a", [8, 10, 12, 15, 22], [8, 9, 7, 6, 4])]);
  const joined = withDetail(table, detail, [10, 20]);
  assert.deepEqual(joined.xs, [0, 10, 12, 15, 30]);
  assert.deepEqual(joined.values("a"), [0, 9, 7, 6, 3]);
  assert.deepEqual(joined.values("b"), [5, undefined, undefined, undefined, 6]);
});
