// Curves along the chosen axes, continued by events.

import assert from "node:assert/strict";
import { test } from "node:test";

import { axesFor, samplesOf, CURVE_KINDS } from "../../realtime/static/realtime/run/curves/curve_kinds.js";
import { CurveStore } from "../../realtime/static/realtime/run/curves/curve_store.js";
import { seconds } from "../../realtime/static/realtime/run/timestamps.js";

const START = "2026-01-31T12:00:00.000000Z";
const ZERO = Date.UTC(2026, 0, 31, 12) / 1000;
const event = (type, seq, data, timestamp = START) => ({ type, seq, run_id: 1, attempt: 1, timestamp, data });
const batch = (seq, step, loss, timestamp) =>
  event(
    "batch_metrics",
    seq,
    { step, batch_idx: step, epoch: 0, loss, accuracy: 0.5, recall: null, f1: null },
    timestamp,
  );
const store = (by = null, scale = {}) => new CurveStore(axesFor(by), { zero: ZERO, stepsPerEpoch: 10, ...scale });

test("timestamps keep their microseconds", () => {
  assert.equal(seconds(START), ZERO);
  assert.ok(Math.abs(seconds("2026-01-31T12:00:01.250001Z") - ZERO - 1.250001) < 1e-6);
  assert.equal(seconds("2026-01-31T12:00:02Z"), ZERO + 2);
});

test("every kind has its default axis, and time alone for the machine", () => {
  assert.equal(axesFor(null).epoch, "epoch");
  assert.equal(axesFor(null).batch, "step");
  assert.equal(axesFor("epoch").batch, "epoch");
  assert.equal(axesFor("step").usage, "time");
});

test("an event gives a sample of each of its curves; null is a gap", () => {
  const curves = store();
  curves.add(batch(1, 3, 0.7));
  const table = curves.table("batch");
  assert.deepEqual(table.xs, [3]);
  assert.deepEqual(table.values("batch/loss"), [0.7]);
  assert.deepEqual(table.values("batch/recall"), [null]);
});

test("lists and objects in objects make longer names", () => {
  const norms = {
    step: 1,
    epoch: 0,
    total_norm: 2,
    max_norm: 1.5,
    min_norm: null,
    layer_norms: { conv: 1.5, fc: null },
  };
  const samples = Object.fromEntries(samplesOf(CURVE_KINDS.gradient_stats, { ...norms, nonfinite: false }));
  assert.deepEqual(samples, {
    "gradient/total": 2,
    "gradient/max": 1.5,
    "gradient/min": null,
    "gradient/nonfinite": 0,
    "gradient/layer/conv": 1.5,
    "gradient/layer/fc": null,
  });
  const gpus = [{ id: "GPU-1", name: "A", utilisation: 0.5, memory_used: 7, memory_total: null, temperature: 40 }];
  const usage = Object.fromEntries(samplesOf(CURVE_KINDS.resource_usage, { cpu_cores: 1.5, machine_cores: 8, gpus }));
  assert.deepEqual(usage, {
    "usage/cpu_cores": 1.5,
    "usage/gpu/0/utilisation": 0.5,
    "usage/gpu/0/memory_used": 7,
    "usage/gpu/0/memory_total": null,
    "usage/gpu/0/temperature": 40,
  });
});

test("events without curves and events that are known already change nothing", () => {
  const curves = store();
  curves.load([], 5);
  curves.takeDirty();
  curves.add(batch(5, 3, 0.7));
  curves.add(event("run_status", 6, { status: "completed", previous: "in_progress", reason: null }));
  assert.deepEqual(curves.table("batch").xs, []);
  assert.equal(curves.dirty.size, 0);
  curves.add(batch(7, 4, 0.6));
  assert.deepEqual([...curves.takeDirty()], ["batch"]);
  assert.equal(curves.dirty.size, 0);
});

test("the same sample stands elsewhere along each axis", () => {
  const at = "2026-01-31T12:00:30.000000Z";
  for (const [by, x] of [
    ["step", 25],
    ["epoch", 2.5],
    ["time", 30],
  ]) {
    const curves = store(by);
    curves.add(batch(1, 25, 0.7, at));
    assert.deepEqual(curves.table("batch").xs, [x], by);
  }
});

test("an epoch stands at its number, or at its last step", () => {
  const metrics = event("epoch_end", 1, { epoch: 2, phase: "val", metrics: { val_loss: 0.3 }, timestamp: START });
  const along = (by) => {
    const curves = store(by);
    curves.add(metrics);
    return curves.table("epoch").xs;
  };
  assert.deepEqual([along("epoch"), along("step"), along("time")], [[2], [30], [0]]);
});

test("a place that is not known yet leaves the sample out", () => {
  for (const type of [batch(1, 3, 0.7), event("epoch_end", 2, { epoch: 0, phase: "val", metrics: { val_loss: 1 } })]) {
    const curves = store(type.type === "epoch_end" ? "step" : "epoch", { stepsPerEpoch: null });
    curves.add(type);
    assert.deepEqual(curves.table("batch").xs, []);
    assert.deepEqual(curves.table("epoch").xs, []);
  }
});

test("along time, loaded curves begin at the zero", () => {
  const curves = store("time");
  const loaded = { name: "batch/loss", x: [ZERO + 1, ZERO + 2], y: [1, 2], total: 2, nonfinite: 0, exact: true };
  curves.load([loaded], 9);
  assert.deepEqual(curves.table("batch").xs, [1, 2]);
  assert.equal(curves.newest("rate", { step: 0 }), 2);
});

test("a shared table goes on from what the other store knew", () => {
  const before = store();
  before.load([], 4);
  const usage = (seq, at) => event("resource_usage", seq, { cpu_cores: 1, gpus: [] }, at);
  before.add(usage(5, "2026-01-31T12:00:05.000000Z"));
  const after = store("step");
  after.load([], 8);
  after.share("usage", before);
  after.add(usage(5, "2026-01-31T12:00:05.000000Z"));
  after.add(usage(6, "2026-01-31T12:00:06.000000Z"));
  assert.deepEqual(after.table("usage").xs, [5, 6]);
});

test("the newest place follows the run's step", () => {
  assert.equal(store().newest("rate", { step: 42 }), 42);
  assert.equal(store("epoch").newest("rate", { step: 42 }), 4.2);
  assert.ok(Number.isNaN(store("epoch", { stepsPerEpoch: null }).newest("rate", { step: 42 })));
  assert.equal(store("time").newest("rate", { step: 42 }), 0);
});
