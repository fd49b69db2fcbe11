// How files become requests, what is said of predictions, and what their CSV holds.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  barsOf,
  csvOf,
  decisionWords,
  jobWords,
  readWords,
  recalibrationWords,
  requestsOf,
  rowsOf,
  summaryWords,
} from "../../experiments/static/experiments/predictions/prediction_words.js";

const KiB = 1024;
const nothing = { logit: null, logits: null, score: null, scores: null, probability: null, probabilities: null };
const item = (name, predicted, score) => ({
  ...nothing,
  name,
  predicted,
  problem: null,
  read: null,
  logit: Math.log(score / (1 - score)),
  score,
  scores: { benign: 1 - score, malignant: score },
});
const two = {
  classes: ["benign", "malignant"],
  positive: "malignant",
  decision: {
    holds: "own",
    threshold: 0.5,
    log_odds: null,
    probability: null,
    label: "own",
    chosen_on: "options",
    by: null,
    reason: null,
  },
  recalibration: { method: null, reason: "Nothing was fitted." },
};

test("files are parted by number and by size, in their order, and what is too large alone is left out", () => {
  const limits = { files: 2, bytes: 10 * KiB, rows: 5 };
  const files = [3, 3, 3, 8, 9, 10].map((size) => ({ size: size * KiB }));
  const { parts, tooLarge } = requestsOf(files, limits);
  assert.deepEqual(
    parts.map((part) => part.map(({ size }) => size / KiB)),
    [[3, 3], [3], [8], [9]],
  );
  assert.deepEqual(tooLarge, [{ size: 10 * KiB }]);
});

test("the threshold is said with where it comes from", () => {
  assert.equal(
    decisionWords(two),
    "A score of 0.500 or more is predicted as malignant. That is the run's own threshold, set in the run's options.",
  );
  const saved = { holds: "saved", threshold: 0.2, probability: 0.31, label: "Youden's index", chosen_on: "val" };
  assert.equal(
    decisionWords({ ...two, decision: { ...two.decision, ...saved, by: "ada" } }),
    "A score of 0.200 or more is predicted as malignant. That is the saved operating point: Youden's index, " +
      "chosen on validation, saved by ada. It stands for a probability of 31.0 %.",
  );
  assert.match(decisionWords({ ...two, decision: null }), /highest score/);
});

test("why there are no probabilities is said", () => {
  assert.equal(recalibrationWords(two), "Nothing was fitted.");
  assert.match(recalibrationWords({ ...two, recalibration: { method: "platt", reason: null } }), /Platt's method/);
});

test("a score beside the threshold is written so that it tells its side", () => {
  const [bar] = barsOf(item("a", "benign", 0.49996), two);
  assert.deepEqual([bar.name, bar.text, bar.threshold], ["malignant", "0.49996", 0.5]);
});

test("of many classes the three highest are shown", () => {
  const many = { ...two, classes: ["a", "b", "c", "d"], positive: null, decision: null };
  const scores = { a: 0.1, b: 0.4, c: 0.2, d: 0.3 };
  const bars = barsOf({ ...item("x", "b", 0.5), score: null, scores }, many);
  assert.deepEqual(
    bars.map(({ name }) => name),
    ["b", "d", "c"],
  );
});

test("the summary counts classes and what was not predicted", () => {
  const failed = { ...nothing, name: "c", predicted: null, problem: "damaged", read: null };
  const items = [item("a", "benign", 0.1), item("b", "malignant", 0.9), item("d", "benign", 0.2), failed];
  assert.equal(summaryWords(items, two.classes), "4 items: 2 benign, 1 malignant, 1 not predicted.");
});

test("the result of a data set is summed up", () => {
  const result = { samples: 1203, predicted: { benign: 1000, malignant: 200 }, not_predicted: 3, notes: ["Mind it."] };
  assert.equal(
    jobWords({ ...result, mean_score: 0.25, mean_probability: 0.1 }),
    "1,203 samples: 1,000 benign, 200 malignant, 3 not predicted. Their mean score is 0.250, their mean probability " +
      "10.0 %. Mind it.",
  );
  assert.match(jobWords({ ...result, mean_score: null, mean_probability: null }), /not predicted\. Mind it\.$/);
});

test("what was read of a file is said, with its notes", () => {
  const notes = ["It was turned."];
  const read = { width: 1200, height: 800, mode: "RGB", bits: 8, notes, format: "JPEG" };
  assert.equal(readWords(read), "JPEG, 1,200 × 800 pixels, RGB, 8 bits. It was turned.");
  assert.equal(readWords({ missing: [], unknown: {}, unused: [], notes: [] }), "–");
  assert.equal(readWords(null), "–");
});

test("pasted rows are read as CSV, from a spreadsheet, and as JSON", () => {
  assert.deepEqual(rowsOf('age,site\n41,"A, ""left"""\n').rows, [{ age: "41", site: 'A, "left"' }]);
  assert.deepEqual(rowsOf("age\tsite\r\n41\tA\r\n").rows, [{ age: "41", site: "A" }]);
  assert.deepEqual(rowsOf("age;site\n4,1;A").rows, [{ age: "4,1", site: "A" }]);
  assert.deepEqual(rowsOf('[{"age": 41}]').rows, [{ age: 41 }]);
});

test("rows that cannot be read are told", () => {
  assert.match(rowsOf("age,site").problem, /names of the columns/);
  assert.match(rowsOf("age,site\n41").problem, /Row 1 has 1 cell, and the line of names has 2/);
  assert.match(rowsOf('[{"age": 41').problem, /none/);
  assert.match(rowsOf("[1]").problem, /object/);
});

test("the CSV has all digits, quotes, and no formulas", () => {
  const failed = { ...nothing, name: '=1+1,"x"', predicted: null, problem: "damaged", read: null };
  const [head, first, second] = csvOf([item("a", "malignant", 0.75), failed], two)
    .trim()
    .split("\n");
  assert.equal(head, "name,predicted,score malignant,probability malignant,logit malignant,problem");
  assert.equal(first, `a,malignant,0.75,,${Math.log(3)},`);
  assert.equal(second, `"'=1+1,""x""",,,,,damaged`);
});
