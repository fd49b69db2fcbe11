// Whether runs differ from a reference by more than chance, in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readAddress, writeAddress } from "../../realtime/static/realtime/compare/address.js";
import {
  chosenPair,
  comparisonsText,
  decisionText,
  samplesText,
  sharedSplits,
  thresholdsText,
  verdictText,
} from "../../realtime/static/realtime/compare/differences/difference_text.js";
import { pText, signed, signedRange } from "../../realtime/static/realtime/frame/signed_text.js";

const LABELS = { run: "#5", reference: "#3" };
const label = (id) => `#${id}`;
const number = (changes) => ({
  name: "final_auroc_cm",
  value: 0.9,
  reference: 0.8,
  difference: 0.1,
  low: 0.02,
  high: 0.18,
  p: 0.01,
  adjusted_p: 0.02,
  method: "delong",
  shown: true,
  ...changes,
});

test("p values are never 0, and what is below 5 % never reads as 5 %", () => {
  assert.deepEqual([0.04321, 0.0009, 0, 1, null].map(pText), ["0.043", "<0.001", "<0.001", "1.000", "–"]);
  assert.deepEqual([0.0494, 0.0499, 0.05, 0.0504, 0.9999].map(pText), ["0.049", "<0.050", "0.050", "0.050", ">0.999"]);
});

test("differences have a sign, those of shares are points", () => {
  assert.deepEqual(
    [0.1, -0.0321, 0, 0.0001, -0.0001, null].map((value) => signed("final_auroc_cm", value)),
    ["+0.100", "-0.032", "0.000", "<0.001", ">-0.001", "–"],
  );
  assert.deepEqual(
    [0.1, -0.0321, 0, 0.0001, -0.0001, 0.0004].map((value) => signed("final_f1_cm", value)),
    ["+10.0 points", "-3.2 points", "0.0 points", "<0.1 points", ">-0.1 points", "<0.1 points"],
  );
  assert.equal(signedRange("final_auroc_cm", 0.02, 0.18), "0.020 to 0.180");
  assert.equal(signedRange("final_f1_cm", -0.01, 0.18), "-1.0 to 18.0");
  for (const name of ["final_f1_cm", "final_auroc_cm"]) assert.equal(signedRange(name, null, 0.18), "");
});

test("a verdict names the better run only where a difference is shown", () => {
  assert.equal(verdictText(number({}), LABELS, false), "#5 is better: difference shown");
  assert.equal(verdictText(number({ difference: -0.1 }), LABELS, false), "#3 is better: difference shown");
  assert.equal(verdictText(number({}), LABELS, true), "#3 is better: difference shown");
  assert.equal(verdictText(number({ difference: -0.1 }), LABELS, true), "#5 is better: difference shown");
  assert.equal(verdictText(number({ shown: false }), LABELS, false), "no difference shown");
  assert.equal(verdictText(number({ p: null, shown: false }), LABELS, false), "too little is known to tell");
  assert.equal(verdictText(number({ difference: null, p: null, shown: false }), LABELS, false), "not defined");
  const same = number({ difference: 0, low: null, high: null, p: 1, shown: false });
  assert.equal(verdictText(same, LABELS, false), "the same on these samples");
});

test("decisions are counted and tested", () => {
  const found = {
    both: 60,
    run_only: 9,
    reference_only: 2,
    neither: 9,
    method: "mcnemar_exact",
    p: 0.0654,
    mid_p: 0.0386,
    adjusted_p: 0.0654,
    shown: false,
  };
  assert.equal(
    decisionText(found, LABELS),
    "Of 80 decisions both are right in 60, neither in 9, only #5 in 9, only #3 in 2: no difference shown " +
      "(McNemar's exact test, p 0.065, mid-p 0.039).",
  );
  const several = { ...found, method: "robust_z_by_patient", mid_p: null, p: 0.001, adjusted_p: 0.002, shown: true };
  assert.match(
    decisionText(several, LABELS),
    /#5 decides better: difference shown \(McNemar's test by patient, p 0.001, adjusted 0.002\)\.$/,
  );
  assert.match(decisionText({ ...several, run_only: 1 }, LABELS), /#3 decides better/);
});

const FOUND = {
  split: "test",
  reference: 3,
  samples: 80,
  patients: null,
  evaluated: { 3: 80, 5: 80 },
  draws: 1000,
  comparisons: 1,
  decisions: [],
  against: [],
  problem: null,
};

test("which samples and how many comparisons is said", () => {
  assert.equal(
    samplesText(FOUND, label),
    "Test split, 80 samples that both runs evaluated, treated as independent; 1,000 resamples.",
  );
  const part = { ...FOUND, patients: 40, evaluated: { 3: 100, 5: 80, 7: 90 } };
  assert.equal(
    samplesText(part, label),
    "Test split, 80 samples that all 3 runs evaluated, of 40 patients; 1,000 resamples. " +
      "Evaluated were 100 of #3, 80 of #5, 90 of #7: the others are left out.",
  );
  assert.match(comparisonsText(FOUND, label), /^One comparison is made for each number/);
  assert.match(
    comparisonsText({ ...FOUND, comparisons: 3 }, label),
    /^3 runs are compared with #3; .* adjusted for these 3 comparisons \(Holm\)/,
  );
});

test("where the runs decide is said", () => {
  const at = (run, threshold, source = "own") => ({ run, threshold, log_odds: null, source });
  assert.equal(
    thresholdsText([at(3, 0.5), at(5, 0.123456, "saved")], label),
    "Decisions at a score of the threshold or more: #3 at 0.5 (its own threshold), " +
      "#5 at 0.1235 (its saved operating point).",
  );
  assert.equal(
    thresholdsText([at(3, 0.5), { ...at(5, 1, "saved"), log_odds: 41.23456 }], label),
    "Decisions at a score of the threshold or more: #3 at 0.5 (its own threshold), " +
      "#5 at a logit of 41.23 (its saved operating point).",
  );
  assert.equal(
    thresholdsText([at(3, null, "highest"), at(5, null, "highest")], label),
    "Each run calls the class with the highest score.",
  );
});

test("the pair is what the address asks for, where that is possible", () => {
  const finals = new Map([
    [1, { val: {}, test: {} }],
    [2, { val: {} }],
    [3, { val: {}, test: {} }],
  ]);
  const none = { split: "", reference: null, against: null };
  assert.deepEqual(sharedSplits([1, 2, 3], finals), ["test", "val"]);
  assert.deepEqual(chosenPair([1, 2, 3], finals, none), {
    splits: ["test", "val"],
    split: "test",
    runs: [1, 3],
    reference: 1,
    others: [3],
    against: 3,
  });
  const asked = chosenPair([1, 2, 3], finals, { split: "val", reference: 2, against: 3 });
  assert.deepEqual([asked.reference, asked.others, asked.against], [2, [1, 3], 3]);
  assert.equal(chosenPair([1, 2, 3], finals, { split: "test", reference: 2, against: 2 }).reference, 1);
  assert.equal(chosenPair([1, 2], new Map([[1, { test: {} }]]), none), null);
  assert.equal(chosenPair([], new Map(), none), null);
});

test("the address remembers reference and compared run", () => {
  const read = readAddress("?runs=3,5,7&reference=5&against=7");
  assert.deepEqual([read.reference, read.against], [5, 7]);
  assert.equal(writeAddress(read), "?runs=3,5,7&reference=5&against=7");
  assert.equal(writeAddress({ ...read, runs: [3, 7] }), "?runs=3,7&against=7"); // the reference was removed
  const other = readAddress("?runs=3,5&reference=x&against=-1");
  assert.deepEqual([other.reference, other.against, writeAddress(other)], [null, null, "?runs=3,5"]);
});
