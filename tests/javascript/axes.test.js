// Ranges, ticks and places of the axes.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  elapsed,
  linearRange,
  logRange,
  place,
  shortPlace,
  tickPlaces,
  stepsAlong,
} from "../../realtime/static/realtime/charts/axes.js";

test("time is written from seconds to days", () => {
  const times = [0, 59.6, 65, 3600, 7384, 86_400 * 3 + 4 * 3600];
  assert.deepEqual(times.map(elapsed), ["0:00", "1:00", "1:05", "1:00:00", "2:03:04", "3 d 4:00"]);
});

test("places are short only where that is the same number", () => {
  assert.deepEqual(
    [999, 10_000, 10_500, 1_200_000, 1_234_000].map((x) => shortPlace("step", x)),
    ["999", "10k", "10500", "1.2M", "1234k"],
  );
  assert.equal(shortPlace("time", 65), "1:05");
  assert.equal(place("epoch", 11_999), "12000");
});

test("steps of ticks are whole numbers, and grow without a hole", () => {
  for (const axis of ["epoch", "step", "time"]) {
    const steps = stepsAlong(axis);
    assert.ok(steps.every(Number.isInteger));
    assert.ok(
      steps.slice(1).every((step, i) => step > steps[i] && step <= 7 * steps[i]),
      axis,
    );
    assert.ok(steps.at(-1) > 1e9);
  }
});

test("a range has room around the curve, and does not begin below zero without need", () => {
  assert.deepEqual(linearRange(false)(null, 0, 10), [0, 10.8]);
  assert.deepEqual(linearRange(false)(null, -10, 10), [-11.6, 11.6]);
  assert.deepEqual(linearRange(false)(null, 5, 15), [4.2, 15.8]);
});

test("a range of shares stays within 0 and 1", () => {
  const [low, high] = linearRange(true)(null, 0, 1);
  assert.equal(low, 0);
  assert.ok(high >= 1 && high <= 1.02 + 1e-12, high);
});

test("equal values have a range with a length", () => {
  assert.deepEqual(linearRange(false)(null, 5, 5), [4.6, 5.4]);
  assert.deepEqual(linearRange(false)(null, 0, 0), [0, 0.08]);
  const [low, high] = linearRange(false)(null, 1, 1 + 1e-12);
  assert.ok(high - low > 0.1);
});

test("without a number there is a range all the same", () => {
  assert.deepEqual(linearRange(false)(null, null, null), [0, 1]);
  assert.deepEqual(linearRange(true)(null, NaN, NaN), [0, 1]);
  assert.deepEqual(linearRange(false)(null, -Infinity, 1), [0, 1]);
});

test("a logarithmic range is the library's, and has no place for zero and below", () => {
  const asked = [];
  const range = logRange((...limits) => (asked.push(limits), [0.1, 100]));
  assert.deepEqual(range(null, 0.2, 50), [0.1, 100]);
  assert.deepEqual(asked, [[0.2, 50, 10, false]]);
  for (const [low, high] of [
    [0, 1],
    [-1, 1],
    [null, null],
    [NaN, 1],
  ])
    assert.deepEqual(range(null, low, high), [0.001, 1]);
  assert.equal(asked.length, 1);
});

test("people count epochs from 1, and ticks stand at their round numbers", () => {
  assert.deepEqual([place("epoch", 0), place("epoch", 0.1), shortPlace("epoch", 9_999)], ["1", "1.1", "10k"]);
  assert.deepEqual(tickPlaces("epoch", 0, 24, 10), [9, 19]);
  assert.deepEqual(
    tickPlaces("epoch", 0, 24, 10).map((x) => shortPlace("epoch", x)),
    ["10", "20"],
  );
  assert.deepEqual(tickPlaces("epoch", 0, 2, 1), [0, 1, 2]);
  assert.deepEqual(tickPlaces("step", 0, 24, 10), [0, 10, 20]);
  assert.deepEqual(tickPlaces("time", -5, 125, 60), [0, 60, 120]);
});
