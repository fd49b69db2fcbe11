// The exponential mean, compared with numbers computed by hand.

import assert from "node:assert/strict";
import { test } from "node:test";

import { smooth } from "../../realtime/static/realtime/charts/smoothing.js";

const rounded = (ys) => ys.map((y) => (typeof y === "number" ? Number(y.toFixed(6)) : y));

test("without weight nothing changes", () => {
  assert.deepEqual(smooth([3, 1, 2], 0), [3, 1, 2]);
});

test("the first value is the first one known, and each later one weighs in", () => {
  // weight 0.5: 1; (0.25 + 0.5·3) / 0.75; (0.875 + 0.5·5) / 0.875
  assert.deepEqual(rounded(smooth([1, 3, 5], 0.5)), [1, 2.333333, 3.857143]);
});

test("a constant stays what it is", () => {
  assert.deepEqual(rounded(smooth([0.7, 0.7, 0.7, 0.7], 0.99)), [0.7, 0.7, 0.7, 0.7]);
});

test("gaps stay gaps, empty places stay empty, and neither changes the mean", () => {
  assert.deepEqual(rounded(smooth([undefined, 1, null, undefined, 3], 0.5)), [undefined, 1, null, undefined, 2.333333]);
});

test("values that are not finite count as gaps", () => {
  const [first, second, third] = smooth([1, NaN, 1], 0.9);
  assert.equal(first, 1);
  assert.ok(Number.isNaN(second));
  assert.equal(Number(third.toFixed(9)), 1);
});

test("an empty column stays empty", () => {
  assert.deepEqual(smooth([], 0.9), []);
});
