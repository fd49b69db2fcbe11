import assert from "node:assert/strict";
import { test } from "node:test";

import {
  columnChoices,
  decidesText,
  differenceText,
  estimateText,
  otherNumbers,
  place,
  range,
  rangeTexts,
} from "../../realtime/static/realtime/run/subgroups/subgroup_text.js";

const estimate = (value, low, high) => ({ value, ci_low: low, ci_high: high });
const group = (value, low, high) => ({
  too_small: null,
  statistics: { final_auroc_cm: estimate(value, low, high), final_brier: estimate(0.2, 0.1, 0.3) },
});
const small = { too_small: "fewer than 20 samples", statistics: {} };

test("an estimate has its interval, shares are percentages", () => {
  assert.equal(estimateText("final_auroc_cm", estimate(0.8125, 0.7, 0.9)), "0.813 (0.700 to 0.900)");
  assert.equal(estimateText("final_sensitivity", estimate(0.8125, 0.7, 0.9)), "81.3 % (70.0 to 90.0 %)");
  assert.equal(estimateText("final_f1_cm", estimate(0.8125, 0.7, 0.9)), "81.3 % (70.0 to 90.0 %)");
  assert.equal(estimateText("final_balanced_accuracy", estimate(0.8125, null, null)), "81.3 %");
  assert.equal(
    estimateText("final_calibration_in_the_large", estimate(-0.0321, -0.1, 0.05)),
    "-0.0321 (-0.1000 to 0.0500)",
  );
  assert.equal(estimateText("final_npv", estimate(null, null, null)), "–");
  assert.equal(estimateText("final_brier", estimate(0.2, null, null)), "0.200");
  assert.equal(estimateText("final_brier", undefined), "–");
});

test("a difference has a sign, that of shares is in points", () => {
  const found = { ...estimate(-0.1, -0.2, 0.02), p: 0.1, p_holm: 0.2 };
  assert.equal(differenceText("auroc", found), "-0.100 (-0.200 to 0.020)");
  assert.equal(differenceText("sensitivity", found), "-10.0 points (-20.0 to 2.0)");
  assert.equal(
    differenceText("auroc", { ...estimate(0.1, -0.02, 0.22), p: 0.1, p_holm: 0.2 }),
    "+0.100 (-0.020 to 0.220)",
  );
  assert.equal(differenceText("auroc", null), "–");
});

test("the drawing ranges from tenth to tenth around all ends", () => {
  assert.deepEqual(range([group(0.8, 0.72, 0.88), small, group(0.6, 0.51, 0.69)], "auroc", 0.75), [0.5, 0.9]);
  assert.deepEqual(range([small], "auroc", null), [0, 1]);
  assert.deepEqual(range([group(1, 1, 1)], "auroc", 1), [0.9, 1]);
  assert.deepEqual(range([group(0, 0, 0)], "auroc", 0), [0, 0.1]);
  assert.equal(place(0.7, [0.5, 0.9]), 50);
  assert.deepEqual(rangeTexts([0.5, 1]), ["0.5", "1.0"]);
});

test("the numbers beside the compared one are those of the first group that has some", () => {
  assert.deepEqual(otherNumbers([small, group(0.8, 0.7, 0.9)], "auroc"), [
    { name: "final_brier", title: "Brier score" },
  ]);
  assert.deepEqual(otherNumbers([small], "auroc"), []);
});

test("columns are chosen all, one, or two", () => {
  assert.deepEqual(columnChoices(["sex"]), [["[]", "sex"]]);
  assert.deepEqual(columnChoices(["sex", "site"]), [
    ["[]", "each column"],
    ['["sex"]', "sex"],
    ['["site"]', "site"],
    ['["sex","site"]', "sex and site"],
  ]);
});

test("where the groups decide is said", () => {
  const at = (decides, threshold, odds = null) => decidesText({ decides, threshold, log_odds: odds });
  assert.equal(at("own", 0.5), "The run decides at its own threshold, a score of 0.5 or more.");
  assert.equal(at("saved", 0.123456789), "The run decides at its saved operating point, a score of 0.123457 or more.");
  assert.equal(at("saved", 1, 41.25), "The run decides at its saved operating point, a logit of 41.25 or more.");
  assert.equal(at("asked", 0.7), "Decisions at a score of 0.7 or more, as asked for.");
  assert.equal(at("highest", null), "Each sample is called what has the highest score.");
});
