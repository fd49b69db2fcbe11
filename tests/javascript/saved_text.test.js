// What would be saved as a run's operating point, and what is.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Stops,
  probabilityText,
  recalibrated,
  shortest,
} from "../../realtime/static/realtime/run/evaluation/decisions.js";
import {
  requestBody,
  savedLines,
  typedNumber,
  wouldSave,
} from "../../realtime/static/realtime/run/points/saved_text.js";

test("a rule is saved with the number that it has, a threshold by hand as it decides", () => {
  const cost = { rule: "cost", number: 5, label: "Least cost, a missed positive costing as much as 5 false alarms" };
  assert.equal(
    wouldSave(cost, 0.3),
    "To save: least cost, a missed positive costing as much as 5 false alarms, chosen on validation.",
  );
  assert.deepEqual(requestBody(cost, 0.3, "why"), { rule: "cost", cost_ratio: 5, reason: "why" });
  const high = { rule: "sensitivity", number: 0.95, label: "Sensitivity at least 95 %" };
  assert.deepEqual(requestBody(high, 0.3, "why"), { rule: "sensitivity", at_least: 0.95, reason: "why" });
  const youden = { rule: "youden", number: null, label: "Highest sensitivity + specificity (Youden)" };
  assert.deepEqual(requestBody(youden, 0.3, "why"), { rule: "youden", reason: "why" });
  assert.equal(wouldSave(null, 0.123456789), "To save: a threshold of 0.123457, set by hand.");
  assert.deepEqual(requestBody(null, 0.123456789, "why"), { rule: "hand", threshold: 0.123456789, reason: "why" });
});

test("shares are typed in hundredths, without noise", () => {
  assert.equal(typedNumber("sensitivity", "97.3"), 0.973);
  assert.equal(typedNumber("specificity", "100"), 1);
  assert.equal(typedNumber("cost", "0.5"), 0.5);
  for (const text of ["", " ", "x", "0", "-3"]) assert.equal(typedNumber("cost", text), null);
});

test("a decision is told in lines, without those it does not have", () => {
  const point = {
    label: "Set by hand",
    summary: "Positive from a score of 0.4 on.",
    decided: "Saved by ada on 2026-11-29 at 12:00 UTC.",
    reason: "Few beds.",
    origin: "Set by hand, not chosen by a rule on validation.",
    shifts: [{ text: "Sensitivity falls." }],
  };
  assert.deepEqual(savedLines(point), [
    "Set by hand. Positive from a score of 0.4 on.",
    "Saved by ada on 2026-11-29 at 12:00 UTC. Reason: Few beds.",
    "Set by hand, not chosen by a rule on validation.",
    "Sensitivity falls.",
  ]);
  const byLogit = savedLines({ ...point, log_odds: 41.5 });
  assert.equal(byLogit.length, 5);
  assert.match(byLogit[1], /^It is decided by logits, .* The slider moves by scores: where they are equal, it stands/);
  const withdrawn = {
    ...point,
    label: "Withdrawn: the run's own threshold holds",
    summary: "",
    origin: "",
    shifts: [],
  };
  assert.equal(savedLines(withdrawn).length, 2);
  assert.equal(savedLines(withdrawn)[0], "Withdrawn: the run's own threshold holds");
});

test("Platt's method turns a threshold into a probability", () => {
  const platt = { intercept: -2, slope: 1.5 };
  const odds = Math.exp(-2) * (0.8 / 0.2) ** 1.5; // by hand: odds = e^a (s / (1 - s))^b
  assert.ok(Math.abs(recalibrated(platt, 0.8) - odds / (1 + odds)) < 1e-15);
  assert.deepEqual([recalibrated(platt, 0), recalibrated(platt, 1)], [0, 1]);
  assert.match(probabilityText(platt, 0.8), /this threshold is a probability of 0\.520\./);
  assert.equal(probabilityText(null, 0.8), "");
  assert.equal(probabilityText(platt, 2), ""); // above all scores
});

test("a threshold is written in six digits", () => {
  assert.deepEqual([0.5, 0.34999999403953552, 1e-7].map(shortest), ["0.5", "0.35", "1e-7"]);
});

test("a threshold between two scores decides as the higher of them", () => {
  const steps = { thresholds: [0.9, 0.6, 0.2], true: [1, 2, 2], false: [0, 0, 2], distinct: 3 };
  const stops = new Stops(steps, { samples: 4, positives: 2 });
  assert.deepEqual(stops.counts(stops.placeOf(0.4)), { tp: 2, fp: 0, fn: 0, tn: 2 });
});
