// Which groups of errors a run has, and what is said of one sample.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  errorGroups,
  groupTitle,
  sampleFacts,
  sampleLabel,
  shortName,
} from "../../realtime/static/realtime/run/errors/error_words.js";

const SAMPLE = {
  sample_id: "s1",
  patient_id: null,
  file: "a/s1.png",
  class: "ill",
  predicted: "well",
  score: 0.02,
  place: 3,
};

test("two classes have samples that were missed, and false alarms", () => {
  const final = {
    confusion_matrix: [
      [90, 7],
      [1200, 5],
    ],
    class_names: ["well", "ill"],
    threshold: 0.3,
  };
  const groups = errorGroups(final);
  assert.deepEqual(
    groups.map(({ cell, size }) => [cell, size]),
    [
      ["fn", 1200],
      ["fp", 7],
    ],
  );
  assert.deepEqual(groups.map(groupTitle), ["Missed (1,200)", "False alarms (7)"]);
  assert.match(groups[0].words, /^ill, but said to be well: a score below 0\.3/);
  assert.match(groups[1].words, /^well, but said to be ill: a score of 0\.3 or more/);
});

test("errors are those of the saved operating point, and say so", () => {
  const final = {
    split: "test",
    confusion_matrix: [
      [90, 7],
      [1200, 5],
    ],
    class_names: ["well", "ill"],
    threshold: 0.3,
  };
  const saved = { threshold: 0.123456789, log_odds: null, splits: { test: { cm_fp: 40, cm_fn: 3 } } };
  const [missed, alarms] = errorGroups(final, saved);
  assert.deepEqual([missed.size, alarms.size], [3, 40]);
  assert.match(missed.words, /a score below 0\.123457, at the saved operating point, the lowest first/);
  assert.match(alarms.words, /a score of 0\.123457 or more, at the saved operating point/);
  const [byLogit] = errorGroups(final, { ...saved, threshold: 1, log_odds: 41.5 });
  assert.match(byLogit.words, /a logit below 41\.5, at the saved operating point/);
});

test("a missed score never reads as one from the threshold on", () => {
  const final = {
    confusion_matrix: [
      [9, 1],
      [1, 9],
    ],
    class_names: ["well", "ill"],
    threshold: 0.5,
  };
  const [missed] = errorGroups(final);
  const sample = { ...SAMPLE, score: 0.49997, threshold: missed.threshold };
  assert.equal(sampleFacts(sample)[0][1], "0.49997");
  assert.match(sampleLabel(sample), /score 0\.49997$/);
  const saved = { threshold: 0.123456, log_odds: null, splits: {} };
  assert.equal(errorGroups(final, saved)[1].threshold, 0.123456);
  assert.equal(errorGroups(final, { ...saved, log_odds: 3 })[1].threshold, null);
});

test("several classes have one list of errors", () => {
  const final = {
    confusion_matrix: [
      [5, 1, 2],
      [0, 7, 3],
      [4, 0, 9],
    ],
    class_names: ["a", "b", "c"],
    threshold: null,
  };
  const [group, ...more] = errorGroups(final);
  assert.deepEqual([group.cell, group.size, more.length], ["errors", 10, 0]);
});

test("what is known of a sample", () => {
  const facts = Object.fromEntries(sampleFacts(SAMPLE));
  assert.deepEqual(facts, {
    Score: "0.020",
    "True class": "ill",
    Predicted: "well",
    Patient: "not known",
    Sample: "s1",
    File: "a/s1.png",
  });
  assert.equal(Object.fromEntries(sampleFacts({ ...SAMPLE, file: "s1" })).File, undefined);
  assert.equal(sampleLabel(SAMPLE), "s1: ill, predicted well, score 0.020");
});

test("long names are told by their ends", () => {
  assert.equal(shortName("short.png"), "short.png");
  const long = `${"x".repeat(40)}-0001.png`;
  assert.equal(shortName(long).length, 28);
  assert.ok(shortName(long).endsWith("-0001.png"));
});
