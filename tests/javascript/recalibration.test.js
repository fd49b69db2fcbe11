// What the page of a run says of its recalibration.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  basis,
  binTables,
  introduction,
  methodFacts,
  splitTables,
} from "../../realtime/static/realtime/run/recalibration/recalibration_text.js";

const quality = (more = {}) => ({
  mean_score: 0.204,
  share: 0.097,
  brier: 0.1,
  log_loss: 0.31234,
  ece: 0.1071,
  ece_if_calibrated: 0.02,
  ece_if_calibrated_p95: 0.031,
  calibration_slope: 0.9,
  calibration_intercept: -1.25,
  auroc: 0.9,
  reliability: [{ samples: 30, low: 0.1, high: 0.2, mean_score: 0.15, share: 0.1, ci_low: 0, ci_high: 0.2 }],
  ...more,
});
const PLATT = {
  name: "platt",
  formula: "1 / (1 + exp(-(intercept + slope * logit)))",
  parameters: { intercept: -1.25, slope: 0.9 },
  problem: null,
  warning: null,
};
const ISOTONIC = { name: "isotonic", formula: "f", parameters: { knots: 28 }, problem: null, warning: "Be careful." };
const TEMPERATURE = { name: "temperature", formula: "g", parameters: {}, problem: "Too few samples.", warning: null };
const BINARY = {
  fitted_on: "val",
  samples: 1200,
  class_names: ["benign", "malignant"],
  methods: [PLATT, ISOTONIC, TEMPERATURE],
  splits: {
    val: { none: quality({ share: 0.3333 }), platt: quality({ mean_score: 0.3333 }) },
    test: { platt: quality({ mean_score: 0.098 }), none: quality() },
  },
};

test("the introduction answers what the scores are worth", () => {
  assert.equal(
    introduction(BINARY),
    "On the test split the mean score of “malignant” is 0.2040 at a prevalence of 0.0970. " +
      "Recalibrated by Platt’s method, fitted at a prevalence of 0.3333 on the validation split, it is 0.0980.",
  );
  assert.match(
    introduction({ ...BINARY, splits: { val: BINARY.splits.val } }),
    /at a prevalence of 0.3333. Recalibrated by Platt’s method it is 0.3333.$/,
  );
  const alone = { ...BINARY, splits: { val: { none: quality() } } };
  assert.equal(
    introduction(alone),
    "On the validation split the mean score of “malignant” is 0.2040 at a prevalence of 0.0970.",
  );
  const several = { ...BINARY, class_names: ["a", "b", "c"] };
  assert.equal(
    introduction(several),
    "On the test split the mean score of the predicted class is 0.2040; 0.0970 of the predictions are right.",
  );
});

test("what was fitted to what, and what stays", () => {
  assert.equal(
    basis(BINARY),
    "Fitted to the 1,200 samples of the validation split with the best checkpoint. " +
      "Platt’s method and temperature leave ranks, and so AUROC, as they are.",
  );
  assert.match(basis({ ...BINARY, class_names: ["a", "b", "c"] }), /Temperature leaves the predicted classes/);
});

test("each method has its numbers, or the reason why it has none", () => {
  assert.deepEqual(methodFacts(BINARY), [
    ["Platt’s method", "intercept -1.2500, slope 0.9000", PLATT.formula],
    ["Isotonic regression", "28 knots", "Be careful."],
    ["Temperature", "not fitted", "Too few samples."],
  ]);
});

test("the test split comes first, and validation says what it is worth", () => {
  const [first, second] = splitTables(BINARY);
  assert.equal(first.caption, "Test split");
  assert.equal(second.caption, "Validation split, on which they were fitted: it looks better than it is");
  assert.equal(first.head.length, first.rows[0].length);
  assert.deepEqual(first.rows, [
    ["As they are", "0.2040", "0.100", "0.3123", "0.107", "0.031", "0.9000", "-1.2500", "0.900"],
    ["Platt’s method", "0.0980", "0.100", "0.3123", "0.107", "0.031", "0.9000", "-1.2500", "0.900"],
  ]);
  const [several] = splitTables({ ...BINARY, class_names: ["a", "b", "c"] });
  assert.deepEqual(several.head, ["Scores", "Mean score", "Brier", "Log loss", "Calibration error", "Perfect: up to"]);
});

test("what is 0 but for rounding is written as 0", () => {
  const fitted = quality({ calibration_intercept: -2.2e-16 });
  const [table] = splitTables({ ...BINARY, splits: { val: { none: quality(), platt: fitted } } });
  assert.equal(table.rows[1][table.head.indexOf("Intercept")], "0.0000");
});

test("the points of each reliability diagram", () => {
  const found = binTables(BINARY);
  assert.deepEqual(
    found.map(({ caption }) => caption.split(":")[0]),
    ["As they are", "Platt’s method", "As they are", "Platt’s method"],
  );
  assert.deepEqual(found[0].rows, [["0.1000 to 0.2000", "30", "0.1500", "0.1000"]]);
});
