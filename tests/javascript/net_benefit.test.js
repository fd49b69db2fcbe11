// The decision curve as it is drawn and told.

import assert from "node:assert/strict";
import { test } from "node:test";

import { drawn, ticks, until, usefulRange } from "../../realtime/static/realtime/run/evaluation/net_benefit.js";

const CURVE = {
  text: "From the scores as they are.",
  problem: null,
  thresholds: [0, 0.2, 0.4, 0.6],
  model: [0.4, 0.35, 0.2, 0],
  treat_all: [0.4, 0.25, 0, -0.5],
};

test("the axes end above the prevalence and a little below 0", () => {
  const found = drawn(CURVE);
  assert.deepEqual([found.right, found.top.toFixed(3), found.bottom.toFixed(3)], [0.6, "0.440", "-0.100"]);
  assert.equal(found.model.length, 4);
  const end = found.all.at(-1); // falls by 0.5 from 0.4 to 0.6: -0.1 is a fifth of the way
  assert.ok(Math.abs(end[0] - 0.44) < 1e-12);
  assert.ok(Math.abs(end[1] + 0.1) < 1e-12);
});

test("nothing is drawn where there is no curve", () => {
  assert.equal(drawn(null), null);
  assert.equal(drawn({ ...CURVE, thresholds: null, model: null, treat_all: null, problem: "Shifted." }), null);
  assert.equal(usefulRange(null), "");
});

test("a line ends where it first crosses the bottom", () => {
  assert.deepEqual(until([[0, 1], [1, -1], [2, 5]], 0), [[0, 1], [0.5, 0]]); // prettier-ignore
  assert.deepEqual(until([[0, -1]], 0), []);
  assert.deepEqual(until([[0, 1]], 0), [[0, 1]]);
});

test("it is said where the model is worth more", () => {
  assert.match(usefulRange(CURVE), /between threshold probabilities of 20\.0 % and 40\.0 %/);
  assert.match(usefulRange({ ...CURVE, model: CURVE.treat_all }), /^Nowhere/);
});

test("axes have round numbers", () => {
  assert.deepEqual(ticks(0.99), [0, 0.2, 0.4, 0.6, 0.8]);
  assert.deepEqual(ticks(0.6), [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
  assert.deepEqual(ticks(0.0011), [0, 0.001]);
  assert.deepEqual(ticks(0.275), [0, 0.05, 0.1, 0.15, 0.2, 0.25]);
});
