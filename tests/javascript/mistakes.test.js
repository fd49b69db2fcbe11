// Which class is taken for which, without the whole matrix on the screen.

import assert from "node:assert/strict";
import { test } from "node:test";

import { labelsNamed, lowestFirst, mostFrequent } from "../../realtime/static/realtime/charts/mistakes.js";

const MATRIX = [
  [5, 2, 0, 1],
  [2, 90, 2, 0],
  [0, 0, 3, 0],
  [0, 0, 7, 0],
];

test("the most frequent mistakes come first, of equal ones the larger share of a class", () => {
  const { mistakes, pairs, right, all } = mostFrequent(MATRIX, 3);
  assert.deepEqual(
    mistakes.map(({ i, j, cell }) => [i, j, cell]),
    [
      [3, 2, 7],
      [0, 1, 2],
      [1, 0, 2],
    ],
  );
  assert.equal(mistakes[1].share, 2 / 8);
  assert.deepEqual([pairs, right, all], [5, 98, 112]);
});

test("mistakes of some classes are those in which one of them is true or predicted", () => {
  const { mistakes, pairs } = mostFrequent(MATRIX, 10, (label) => label === 2);
  assert.deepEqual(
    mistakes.map(({ i, j }) => [i, j]),
    [
      [3, 2],
      [1, 2],
    ],
  );
  assert.equal(pairs, 2);
});

test("few mistakes are kept in the order of all", () => {
  let seed = 5;
  const random = (most) => (seed = (seed * 48271) % 2147483647) % most;
  const matrix = Array.from({ length: 30 }, () => Array.from({ length: 30 }, () => random(12)));
  const whole = mostFrequent(matrix, 10_000).mistakes;
  const expected = matrix
    .flatMap((row, i) => row.map((cell, j) => ({ i, j, cell, share: cell / row.reduce((sum, one) => sum + one, 0) })))
    .filter(({ i, j, cell }) => cell && i !== j)
    .sort((a, b) => b.cell - a.cell || b.share - a.share);
  assert.deepEqual(whole, expected);
  assert.deepEqual(mostFrequent(matrix, 40).mistakes, expected.slice(0, 40));
});

test("a matrix without a mistake has none", () => {
  assert.deepEqual(
    mostFrequent(
      [
        [1, 0],
        [0, 2],
      ],
      5,
    ),
    { mistakes: [], pairs: 0, right: 3, all: 3 },
  );
});

test("classes are found by a part of their names", () => {
  assert.deepEqual(labelsNamed(["Left lung", "right Lung", "heart"], " lung "), [0, 1]);
  assert.deepEqual(labelsNamed(["a", "b"], ""), [0, 1]);
  assert.deepEqual(labelsNamed(["a", "b"], "c"), []);
});

test("the lowest number comes first, an unknown one last", () => {
  const recalls = [0.5, null, 0, undefined, 0.5];
  assert.deepEqual(
    lowestFirst([0, 1, 2, 3, 4], (label) => recalls[label]),
    [2, 0, 4, 1, 3],
  );
});
