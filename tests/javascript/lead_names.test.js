// Which curves come first.

import assert from "node:assert/strict";
import { test } from "node:test";

import { leadNames } from "../../realtime/static/realtime/run/curves/lead_names.js";

test("while a run trains, the curve that it is judged by comes first", () => {
  for (const status of ["queued", "in_progress", "cancelling"]) {
    assert.deepEqual(leadNames({ status, monitor: "val_auroc" }), ["auroc"]);
    assert.deepEqual(leadNames({ status, monitor: "val_loss" }), ["loss"]);
    assert.deepEqual(leadNames({ status, monitor: "val_my_metric" }), ["my_metric"]);
  }
});

test("of an ended run three different curves come first", () => {
  for (const status of ["completed", "failed", "cancelled"]) {
    assert.deepEqual(leadNames({ status, monitor: "val_auroc" }), ["loss", "auroc", "recall"]);
    assert.deepEqual(leadNames({ status, monitor: "val_f1" }), ["loss", "f1", "recall"]);
    assert.deepEqual(leadNames({ status, monitor: "val_loss" }), ["loss", "auroc", "recall"]);
    assert.deepEqual(leadNames({ status, monitor: "val_recall" }), ["loss", "auroc", "recall"]);
  }
});
