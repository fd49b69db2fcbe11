// What is said of explanations, and how long their bars are.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  changeText,
  importanceText,
  lengthsOf,
  likeText,
  mapText,
  valueText,
} from "../../realtime/static/realtime/explanations/explanation_words.js";

test("the longest bar has all of its place, and none is left out where all are 0", () => {
  assert.deepEqual(lengthsOf([2, -4, 0]), [0.5, 1, 0]);
  assert.deepEqual(lengthsOf([0, 0]), [0, 0]);
  assert.deepEqual(lengthsOf([]), []);
});

test("a change has its sign, but for one that is written as 0", () => {
  assert.deepEqual([1.25, -0.5, 0.0001, -0.0001].map(changeText), ["+1.250", "-0.500", "0.000", "0.000"]);
});

test("a value stands beside what it was replaced by", () => {
  assert.equal(valueText({ column: "site", value: "A", reference: null, change: 1 }), "A in place of (none)");
  assert.equal(valueText({ column: "age", value: 61, reference: 54.5, change: 1 }), "61 in place of 54.5");
});

test("an importance has its spread, and the columns that are alike", () => {
  const found = { column: "age", mean: -0.01234, deviation: 0.002, like: ["weight", "height"] };
  assert.equal(importanceText(found), "-0.0123 ± 0.0020");
  assert.equal(importanceText({ ...found, mean: 0.2 }), "0.2000 ± 0.0020");
  assert.equal(likeText(found), "weight, height");
  assert.equal(likeText({ ...found, like: [] }), "–");
});

test("a map is told by where it is highest", () => {
  const grid = [
    [0, 0, 0.5],
    [0, 0, 1],
    [0, 0, 0],
  ];
  const told = mapText({ grid, rows: 3, columns: 3, highest: 2 });
  assert.equal(told, "Highest at the middle right; half of that or more in 22 % of the image.");
  assert.match(mapText({ grid: [[1, 0]], rows: 1, columns: 2, highest: 2 }), /middle left/);
  assert.equal(mapText({ grid, rows: 3, columns: 3, highest: 0 }), "The map is 0 everywhere.");
});
