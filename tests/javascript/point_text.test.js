import assert from "node:assert/strict";
import { test } from "node:test";

import { HEAD, pointNotes, pointRows } from "../../realtime/static/realtime/run/points/point_text.js";

const statistics = {
  cm_tp: 1900,
  cm_tn: 8,
  cm_fp: 2,
  cm_fn: 100,
  final_sensitivity: 0.95,
  final_sensitivity_ci_low: 0.9,
  final_sensitivity_ci_high: 0.98,
  final_specificity: 0.8,
  final_precision_cm: 1,
  final_npv: null,
};
const point = {
  label: "Highest F1",
  threshold: 0.3499999940395508,
  log_odds: null,
  reason: null,
  splits: { val: statistics },
  shifts: [],
};

test("each split of a point has a row, validation first", () => {
  const both = { ...point, splits: { test: { ...statistics, cm_tp: 7 }, val: statistics } };
  const rows = pointRows([both]);
  assert.deepEqual(rows[0], [
    ...["Highest F1", "0.35", "Validation", "95.0 % (90.0 to 98.0 %)", "80.0 %", "100.0 %", "–"],
    ...["1,900", "8", "2", "100"],
  ]);
  assert.deepEqual([rows[1][2], rows[1][7]], ["Test", "7"]);
  assert.equal(rows[0].length, HEAD.length);
});

test("where scores are alike, the logit decides", () => {
  const confident = { ...point, threshold: 0.9999999877662855, log_odds: 18.25 };
  assert.equal(pointRows([confident])[0][1], "logit 18.25");
});

test("a point without a threshold has no row, but a reason", () => {
  const none = { ...point, threshold: null, reason: "No threshold is better than chance.", splits: {} };
  assert.deepEqual(pointRows([none]), []);
  assert.deepEqual(pointNotes([none, point]), ["Highest F1: No threshold is better than chance."]);
});

test("what shifts is told with the point", () => {
  const shifts = [{ text: "Sensitivity falls." }, { text: "Specificity rises." }];
  assert.deepEqual(pointNotes([{ ...point, shifts }]), [
    "Highest F1: Sensitivity falls.",
    "Highest F1: Specificity rises.",
  ]);
});
