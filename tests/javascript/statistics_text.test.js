// Numbers of calibration are no shares, whatever they are called.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fewWords, interval, patientsWords } from "../../realtime/static/realtime/charts/statistics_text.js";
import { metricValue } from "../../realtime/static/realtime/frame/metric_text.js";

test("calibration and losses are written as numbers, with their intervals", () => {
  assert.equal(metricValue("final_calibration_slope", 0.71), "0.7100");
  assert.equal(metricValue("final_calibration_in_the_large", 0.1), "0.1000");
  assert.equal(metricValue("final_ece_if_calibrated_p95", 0.05), "0.050");
  assert.equal(metricValue("final_log_loss", 0.693), "0.6930");
  assert.equal(metricValue("test_cohen_kappa", 0.5), "0.500");
  assert.equal(metricValue("final_specificity", 0.5), "50.0 %");
  const statistics = { final_calibration_slope_ci_low: 0.5, final_calibration_slope_ci_high: 1.25 };
  assert.equal(interval("final_calibration_slope", statistics), "0.5000 to 1.2500");
});

test("it is said whether the intervals follow patients", () => {
  assert.equal(patientsWords(1), "1 patient, whom the intervals follow");
  assert.equal(patientsWords(1200), "1,200 patients, whom the intervals follow");
  for (const unknown of [null, undefined])
    assert.equal(patientsWords(unknown), "patients unknown: intervals treat samples as independent");
});

test("few samples or patients of a class are told", () => {
  assert.equal(
    fewWords([
      [20, 0],
      [5, 15],
    ]),
    null,
  );
  assert.equal(
    fewWords([
      [30, 0],
      [0, 0],
    ]),
    null,
  );
  assert.equal(fewWords([]), null);
  assert.match(
    fewWords(
      [
        [20, 0],
        [5, 15],
      ],
      [
        [19, 2],
        [1, 0],
      ],
    ),
    /^Only 1 patient of a class: numbers that rest on that class have no interval, or a very wide one\.$/,
  );
  assert.match(
    fewWords([
      [9, 3],
      [30, 2],
    ]),
    /^Only 12 samples of a class: .* likely to be too narrow\.$/,
  );
  assert.match(
    fewWords(
      [
        [9, 3],
        [30, 2],
      ],
      undefined,
      "patient",
    ),
    /^Only 12 patients of a class/,
  );
});
