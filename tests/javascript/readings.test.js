// What a column of a chart says.

import assert from "node:assert/strict";
import { test } from "node:test";

import { countKnown, isolated, lastUpTo, newest } from "../../realtime/static/realtime/charts/readings.js";

test("the newest value may be a gap, but not an empty place", () => {
  assert.equal(newest([1, 2, undefined]), 2);
  assert.equal(newest([1, null, undefined]), null);
  assert.equal(newest([undefined]), undefined);
  assert.equal(newest([]), undefined);
});

test("the value at a place is the newest up to it", () => {
  assert.equal(lastUpTo([1, undefined, 3], 1), 1);
  assert.equal(lastUpTo([undefined, 2], 0), undefined);
  assert.equal(lastUpTo([1, null], 1), null);
});

test("only finite values are counted", () => {
  assert.equal(countKnown([1, null, undefined, NaN, Infinity, 0]), 2);
});

test("a value between two gaps is isolated, one beside another is not", () => {
  assert.deepEqual(isolated([null, 5, null, 6, 7, null]), [1]);
});

test("empty places do not join what gaps separate", () => {
  assert.deepEqual(isolated([null, undefined, 5, undefined, null]), [2]);
  assert.deepEqual(isolated([1, undefined, 2]), []);
});

test("the ends count as gaps", () => {
  assert.deepEqual(isolated([5]), [0]);
  assert.deepEqual(isolated([5, null, null, 6]), [0, 3]);
  assert.deepEqual(isolated([]), []);
});
