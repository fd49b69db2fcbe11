// The numbers that a run is judged by.

import assert from "node:assert/strict";
import { test } from "node:test";

import { configGroups } from "../../realtime/static/realtime/run/facts/config_groups.js";
import { Epochs } from "../../realtime/static/realtime/run/curves/epochs.js";
import { headline, needsCaveat } from "../../realtime/static/realtime/run/headline.js";

const final = (split, statistics, names = ["a", "b"]) => ({
  split,
  epoch: 3,
  threshold: names.length === 2 ? 0.5 : null,
  class_names: names,
  confusion_matrix: [],
  statistics,
});
const BINARY = {
  final_auroc_cm: 0.96937,
  final_auroc_cm_ci_low: 0.93611,
  final_auroc_cm_ci_high: 0.9998,
  final_sensitivity: 0.875,
  final_sensitivity_ci_low: 0.7278,
  final_sensitivity_ci_high: 0.9442,
  final_specificity: 1,
};

function state(finals, options = {}) {
  const epochs = new Epochs();
  epochs.put(0, { val_recall: 1, val_auroc: 0.5, val_loss: 0.7 });
  epochs.put(1, { val_recall: 0.769, val_auroc: 0.9, val_loss: 0.4 });
  return {
    finals: new Map(finals.map((one) => [one.split, one])),
    best: { value: 0.9, epoch: 1 },
    bestEpoch: 1,
    monitor: "val_auroc",
    epochs,
    ...options,
  };
}

test("test comes before validation, with intervals and the threshold", () => {
  const both = state([final("val", { ...BINARY, final_auroc_cm: 0.5 }), final("test", BINARY)]);
  assert.deepEqual(headline(both), [
    ["Test AUROC", "0.969", "0.936 to >0.999 · epoch 4"],
    ["Sensitivity", "87.5 %", "72.8 to 94.4 % · threshold 0.5"],
    ["Specificity", "100.0 %", "threshold 0.5"],
  ]);
  assert.equal(needsCaveat(both), false);
});

test("at a saved point sensitivity and specificity are its own", () => {
  const splits = { test: { ...BINARY, final_sensitivity: 0.5, final_sensitivity_ci_low: null }, val: BINARY };
  const operatingPoint = { threshold: 0.34999999403953552, splits };
  const both = state([final("val", BINARY), final("test", BINARY)], { operatingPoint });
  assert.deepEqual(headline(both), [
    ["Test AUROC", "0.969", "0.936 to >0.999 · epoch 4"],
    ["Sensitivity", "50.0 %", "no interval: too few · saved threshold 0.35"],
    ["Specificity", "100.0 %", "saved threshold 0.35"],
  ]);
  const unknown = state([final("test", BINARY)], { operatingPoint: { threshold: 0.35, splits: {} } });
  assert.equal(headline(unknown)[1][1], "87.5 %");
});

test("a number without an interval says so, as all of one patient tell nothing of others", () => {
  const ends = { final_sensitivity_ci_low: null, final_sensitivity_ci_high: null };
  const none = state([
    final("test", { final_auroc_cm: 0.978, final_sensitivity: 1, final_specificity: null, ...ends }),
  ]);
  assert.match(headline(none)[1][2], /^no interval: too few · threshold /);
  // One was never computed, one is unknown.
  assert.doesNotMatch(headline(none)[0][2] + headline(none)[2][2], /no interval/);
});

test("validation is said, and comes with its caveat", () => {
  const val = state([final("val", BINARY)]);
  assert.equal(headline(val)[0][0], "Validation AUROC");
  assert.equal(needsCaveat(val), true);
});

test("several classes are judged by their mean and by the worst one", () => {
  const statistics = {
    final_auroc_cm: 1,
    final_balanced_accuracy: 0.5,
    "final_sensitivity/cat": 0.9,
    "final_sensitivity/dog": 0.1,
    "final_sensitivity/emu": null,
  };
  assert.deepEqual(headline(state([final("test", statistics, ["cat", "dog", "emu"])])), [
    ["Test macro AUROC", "1.000", "epoch 4"],
    ["Balanced accuracy", "50.0 %", "3 classes"],
    ["Worst class's recall", "10.0 %", "dog"],
  ]);
});

test("before that, recall is that of the best epoch, not the best of all", () => {
  assert.deepEqual(headline(state([])), [
    ["Best val AUROC", "0.900", "epoch 2"],
    ["Val recall then", "76.9 %", "epoch 2"],
    ["Val loss then", "0.4000", "epoch 2"],
  ]);
  assert.equal(needsCaveat(state([])), true);
  const none = state([], { best: { value: null, epoch: null }, bestEpoch: null });
  assert.deepEqual(headline(none)[1], ["Val recall then", "–", ""]);
  assert.equal(needsCaveat(none), false);
});

test("the groups of a configuration are those that it has", () => {
  const config = {
    experiment_name: "x",
    source_path: "y",
    seed: 1,
    data: { batch_size: 2 },
    loss: { name: "focal", class_weights: null },
    augmentation: { preset: "xray", more: { flip: true } },
    a_new_group: { a: [1] },
    a_new_option: "b",
  };
  assert.deepEqual(configGroups(config), [
    { title: "Data", options: { batch_size: 2 } },
    { title: "Loss", options: { name: "focal", class_weights: null } },
    { title: "Augmentation", options: { preset: "xray", "more.flip": true } },
    { title: "A new group", options: { a: [1] } },
    { title: "Other options", options: { a_new_option: "b" } },
  ]);
  assert.deepEqual(configGroups(null), []);
});
