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

test("of a thinned history the last epochs are completed, and no epoch is counted twice", () => {
  const epochs = new Epochs();
  const loss = { name: "epoch/val_loss", x: [0, 997, 999], y: [1, 0.3, 0.2], total: 1000, nonfinite: 0, exact: false };
  epochs.load([loss, { ...loss, name: "epoch/val_auroc", x: [0, 998, 999], y: [0.5, 0.9, null] }]);
  assert.deepEqual([epochs.thinned, epochs.size], [true, 1000]);
  epochs.put(1000, { val_loss: 0.1, val_auroc: 0.95 });
  assert.equal(epochs.size, 1001);
  const last = { x: [996, 997, 998, 999, 1000, 1001], total: 6, nonfinite: 0, exact: true };
  epochs.complete([
    { ...last, name: "epoch/val_loss", y: [0.4, 0.3, 0.25, 0.2, 0.1, 0.05] },
    { ...last, name: "epoch/val_auroc", y: [0.6, 0.7, 0.9, null, 0.95, 0.97] },
  ]);
  epochs.put(1001, { val_loss: 0.05, val_auroc: 0.97 });
  assert.deepEqual(epochs.last(5), [997, 998, 999, 1000, 1001]);
  assert.equal(epochs.value(997, "val_auroc"), 0.7);
  assert.equal(epochs.value(998, "val_loss"), 0.25);
  assert.equal(epochs.value(999, "val_auroc"), null);
  assert.equal(epochs.size, 1002);
});

test("curves that together have all epochs are thinned all the same", () => {
  const epochs = new Epochs();
  const curve = { total: 3, nonfinite: 0, exact: false };
  epochs.load([
    { ...curve, name: "epoch/val_loss", x: [0, 2], y: [1, 1] },
    { ...curve, name: "epoch/val_auroc", x: [0, 1], y: [1, 1] },
  ]);
  assert.deepEqual([epochs.thinned, epochs.size], [true, 3]);
});

test("the best epoch follows each change as if all were compared again", () => {
  const epochs = new Epochs();
  const rows = new Map();
  const fromScratch = (name, mode, rules) => filled([...rows]).best(name, mode, rules);
  let seed = 7;
  const random = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (let turn = 0; turn < 400; turn++) {
    const epoch = random(60);
    const values = [null, 0.25, 0.5, 0.75];
    const metrics = random(2) ? { val_auroc: values[random(4)], val_loss: values[random(4)] } : { train_loss: 1 };
    epochs.put(epoch, metrics);
    rows.set(epoch, { ...rows.get(epoch), ...metrics });
    for (const [mode, byLoss] of [
      ["max", true],
      ["max", false],
      ["min", true],
      ["min", false],
    ])
      assert.equal(epochs.best("val_auroc", mode, { byLoss }), fromScratch("val_auroc", mode, { byLoss }));
  }
});

test("an epoch more costs the same however many there are", () => {
  const reads = (many) => {
    const epochs = filled(Array.from({ length: many }, (_, epoch) => [epoch, { val_auroc: epoch / many }]));
    epochs.best("val_auroc", "max");
    let count = 0;
    const value = epochs.value.bind(epochs);
    epochs.value = (...of) => {
      count += 1;
      return value(...of);
    };
    epochs.put(many, { val_auroc: 0.5 });
    assert.equal(epochs.best("val_auroc", "max"), many - 1);
    return count;
  };
  assert.ok(reads(4000) <= 2);
  assert.equal(reads(4000), reads(40));
});

test("names have the order of a report", () => {
  const names = { other: 1, val_auroc: 1, val_loss: 1, train_f1: 1, train_loss: 1, val_cm_tp: 1 };
  const sorted = ["train_loss", "train_f1", "val_loss", "val_auroc", "val_cm_tp", "other"];
  assert.deepEqual(filled([[0, names]]).names(), sorted);
});
