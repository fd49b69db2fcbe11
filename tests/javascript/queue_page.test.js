// The page of the queue: what it knows of runs, and how it speaks of workers and GPUs.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  capacityText,
  countText,
  gpusText,
  loadText,
  memoryText,
  shareText,
  slotsText,
} from "../../realtime/static/realtime/queue/machine_text.js";
import { RunRows } from "../../realtime/static/realtime/queue/run_rows.js";

const row = (id, status = "queued") => ({ id, status, experiment_name: `run ${id}`, owner: "ada" });
const entry = (id, place) => ({ run_id: id, queue_position: place, estimated_start: null, waits_for: "" });
const summary = (id, status) => ({ type: "run_summary", run_id: id, data: row(id, status) });
const ids = (rows) => rows.map((one) => (one.row ?? one).id);

test("waiting runs are in the order of the queue, running ones newest first", () => {
  const rows = new RunRows();
  rows.replace({ queued: [row(1), row(2)], running: [row(3, "in_progress"), row(4, "cancelling")] });
  assert.deepEqual(ids(rows.waiting([entry(2, 1), entry(1, 2)])), [2, 1]);
  assert.deepEqual(ids(rows.running()), [4, 3]);
});

test("a run that starts, ends, is deleted or is new moves where it belongs", () => {
  const rows = new RunRows();
  rows.replace({ queued: [row(1)], running: [] });
  assert.equal(rows.receive(summary(1, "in_progress")), true);
  assert.deepEqual(ids(rows.running()), [1]);
  assert.deepEqual(ids(rows.waiting([entry(1, 1)])), []); // the queue's own message is older
  assert.equal(rows.receive(summary(1, "completed")), true);
  assert.deepEqual(ids(rows.running()), []);
  assert.equal(rows.receive(summary(1, "completed")), false);
  rows.receive(summary(5, "queued"));
  assert.deepEqual(ids(rows.waiting([entry(5, 1)])), [5]);
  assert.equal(rows.receive({ type: "run_deleted", run_id: 5 }), true);
  rows.receive(summary(6, "queued"));
  assert.equal(rows.receive({ type: "run_withdrawn", run_id: 6 }), true);
  assert.deepEqual(ids(rows.waiting([entry(6, 1)])), []);
  assert.equal(rows.receive({ type: "run_status", run_id: 5, data: {} }), false);
});

test("runs that the queue names and nobody described are asked for", () => {
  const rows = new RunRows();
  rows.replace({ queued: [row(1)], running: [] });
  assert.equal(rows.lacks([entry(1, 1)]), false);
  assert.equal(rows.lacks([entry(1, 1), entry(2, 2)]), true);
  assert.deepEqual(ids(rows.waiting([entry(2, 1), entry(1, 2)])), [1]);
  assert.equal(rows.nameOf(2), "");
});

test("slots, limits and numbers are said once", () => {
  const workers = [{ name: "a:1" }];
  assert.equal(
    capacityText({ slots: 2, workers, runs_per_user: 1 }),
    "1 worker with 2 slots: so many runs train at once. Of one user, at most 1 run at once.",
  );
  assert.equal(capacityText({ slots: 0, workers: [], runs_per_user: null }), "");
  assert.equal(countText({ queued: 1200, running: 0 }), "1,200 waiting, 0 running");
  assert.equal(slotsText({ slots: 4, busy: 1 }), "1 of 4 busy");
  assert.equal(gpusText({ gpus: [] }), "None assigned");
});

test("of a GPU only what is known is said", () => {
  const gib = 1024 ** 3;
  assert.equal(memoryText({ memory_used: 2 * gib, memory_total: 80 * gib }), "2.0 GiB of 80.0 GiB");
  assert.equal(memoryText({ memory_used: 0, memory_total: 80 * gib }), "0 bytes of 80.0 GiB");
  assert.equal(memoryText({ memory_used: 2 * gib, memory_total: null }), "2.0 GiB");
  assert.equal(memoryText({ memory_used: null, memory_total: 80 * gib }), "80.0 GiB in all");
  assert.match(memoryText({ memory_used: null, memory_total: null }), /^Not measured/);
  assert.equal(loadText({ utilisation: 0 }), "0 %");
  assert.equal(loadText({ utilisation: null }), "–");
  assert.deepEqual(
    [[], [1], [1, 2]].map((runs) => shareText({ runs })),
    ["Free", "In use", "Shared by 2 runs"],
  );
});
