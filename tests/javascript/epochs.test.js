// The metrics of each epoch, and which epoch is the best.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Epochs } from "../../realtime/static/realtime/run/curves/epochs.js";

const filled = (rows) => {
  const epochs = new Epochs();
  for (const [epoch, metrics] of rows) epochs.put(epoch, metrics);
  return epochs;
};

test("without epochs there is no best one", () => {
  const epochs = new Epochs();
  assert.equal(epochs.size, 0);
  assert.equal(epochs.best("val_loss", "min"), null);
  assert.deepEqual([epochs.epochs(), epochs.names()], [[], []]);
});

test("training and validation of an epoch are put together", () => {
  const epochs = filled([
    [1, { val_loss: 0.4 }],
    [0, { train_loss: 0.9 }],
    [0, { val_loss: 0.5 }],
  ]);
  assert.deepEqual(epochs.epochs(), [0, 1]);
  assert.deepEqual([epochs.value(0, "train_loss"), epochs.value(0, "val_loss")], [0.9, 0.5]);
  assert.equal(epochs.value(1, "train_loss"), undefined);
});

test("the best value depends on the mode, and unknown ones never win", () => {
  const epochs = filled([
    [0, { val_auroc: 0.7 }],
    [1, { val_auroc: null }],
    [2, { val_auroc: 0.9 }],
    [3, { val_auroc: NaN }],
  ]);
  assert.equal(epochs.best("val_auroc", "max"), 2);
  assert.equal(epochs.best("val_auroc", "min"), 0);
  assert.equal(epochs.best("val_recall", "max"), null);
});

test("of equal epochs the earliest counts, or the one with the lowest validation loss", () => {
  const epochs = filled([
    [0, { val_recall: 0.8, val_loss: 0.5 }],
    [1, { val_recall: 0.8, val_loss: 0.3 }],
    [2, { val_recall: 0.8, val_loss: null }],
    [3, { val_recall: 0.8, val_loss: 0.3 }],
  ]);
  assert.equal(epochs.best("val_recall", "max"), 0);
  assert.equal(epochs.best("val_recall", "max", { byLoss: true }), 1);
});

test("loading replaces superseded epochs, and counts those that are left out", () => {
  const epochs = filled([[7, { val_loss: 0.1 }]]);
  epochs.load([
    { name: "epoch/val_loss", x: [0, 50], y: [0.5, 0.4], total: 100, nonfinite: 0, exact: false },
    { name: "epoch/train_loss", x: [0], y: [null], total: 100, nonfinite: 1, exact: false },
  ]);
  assert.deepEqual(epochs.epochs(), [0, 50]);
  assert.equal(epochs.value(0, "train_loss"), null);
  assert.equal(epochs.value(7, "val_loss"), undefined);
  assert.equal(epochs.size, 100);
  epochs.load([]);
  assert.equal(epochs.size, 0);
});

test("names have the order of a report", () => {
  const names = { other: 1, val_auroc: 1, val_loss: 1, train_f1: 1, train_loss: 1, val_cm_tp: 1 };
  const sorted = ["train_loss", "train_f1", "val_loss", "val_auroc", "val_cm_tp", "other"];
  assert.deepEqual(filled([[0, names]]).names(), sorted);
});
