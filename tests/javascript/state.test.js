// What each event changes in what is known of the run.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  applyEvent,
  changesWithTime,
  elapsedSeconds,
  handlers,
  needsSnapshot,
  newState,
  restore,
  stepsPerEpoch,
} from "../../realtime/static/realtime/run/state.js";

const START = "2026-01-31T12:00:00.000000Z";
const NO_BEST = {
  epoch: null,
  value: null,
  val_recall: null,
  val_recall_epoch: null,
  val_loss: null,
  val_loss_epoch: null,
};
const detail = (more = {}) => ({
  id: 1,
  status: "queued",
  reason: null,
  queue_position: 2,
  estimated_start: START,
  waits_for: "a worker",
  queued_at: START,
  attempt: 0,
  stop_request: null,
  last_checkpoint: null,
  start_time: null,
  attempt_start: null,
  spent_seconds: 0,
  duration_seconds: null,
  progress: { epoch: null, max_epochs: 5, fraction: null },
  total_epochs: null,
  best: NO_BEST,
  notes: [],
  tags: [],
  deleted_at: null,
  source_path: "builtin:breast-cancer",
  model_name: "auto",
  dataset: null,
  model: null,
  monitor: "val_recall",
  config: {},
  links: { files: "/api/runs/1/files/" },
  ...more,
});
const event = (type, data, more = {}) => ({ type, data, run_id: 1, seq: 1, attempt: 1, timestamp: START, ...more });
const training = (more = {}) => ({
  run_id: 1,
  experiment_name: "x",
  max_epochs: 5,
  training_mode: "centralized",
  resumed_from_epoch: null,
  total_steps: 50,
  dataset: { name: "breast-cancer", classes: ["0", "1"], sizes: { train: 400 } },
  model: { name: "MLP", parameters: 10, trainable: 10 },
  ...more,
});
const epochEnd = (epoch, metrics) => event("epoch_end", { epoch, phase: "val", metrics, timestamp: START });
const status = (now, previous, more = {}) =>
  event("run_status", { status: now, previous, reason: null, queue_position: null }, more);

test("a new run asks for data and model until the training says what it found", () => {
  const state = newState(detail());
  assert.deepEqual(state.asked, { data: "breast-cancer", model: "auto" });
  assert.equal(state.mode, "max");
  assert.equal(newState(detail({ monitor: "val_loss" })).mode, "min");
  assert.equal(newState(detail({ config: { callbacks: { mode: "min" } } })).mode, "min");
  assert.equal(newState(detail({ source_path: "/data/xrays/" })).asked.data, "xrays");
});

test("the start of a run is kept over its attempts, that of an attempt is not", () => {
  const state = newState(detail());
  applyEvent(state, status("in_progress", "queued"));
  assert.deepEqual([state.startTime, state.attemptStart], [START, START]);
  const later = "2026-01-31T13:00:00.000000Z";
  applyEvent(state, status("queued", "in_progress", { timestamp: later }));
  assert.deepEqual([state.startTime, state.attemptStart, state.queuedAt], [START, null, later]);
  assert.deepEqual([state.estimatedStart, state.waitsFor], [null, null]);
  applyEvent(state, status("in_progress", "queued", { timestamp: later, attempt: 2 }));
  assert.deepEqual([state.startTime, state.attemptStart, state.attempt], [START, later, 2]);
});

test("a run that is cancelling still spends time", () => {
  const state = newState(detail());
  applyEvent(state, status("in_progress", "queued"));
  applyEvent(state, status("cancelling", "in_progress"));
  assert.equal(state.attemptStart, START);
});

test("another place in the queue is no new waiting", () => {
  const state = newState(detail());
  applyEvent(state, status("queued", "queued", { timestamp: "2026-01-31T13:00:00.000000Z" }));
  assert.deepEqual([state.queuedAt, state.estimatedStart], [START, START]);
});

test("a queued run forgets its speed, not its progress", () => {
  const state = newState(detail());
  const progress = { epoch: 1, step: 7, batches: 10, batch_idx: 6, samples_per_second: 90, eta_seconds: 5 };
  applyEvent(state, event("progress", progress));
  assert.equal(state.step, 7);
  applyEvent(state, status("queued", "in_progress"));
  assert.deepEqual([state.progress.samples_per_second, state.progress.eta_seconds], [null, null]);
  assert.equal(state.progress.epoch, 1);
});

test("the best epoch follows the monitored metric", () => {
  const state = newState(detail());
  applyEvent(state, epochEnd(0, { val_recall: 0.5, val_loss: 0.6 }));
  applyEvent(state, epochEnd(1, { val_recall: 0.9, val_loss: 0.7 }));
  applyEvent(state, epochEnd(2, { val_recall: null, val_loss: null }));
  assert.equal(state.bestEpoch, 1);
  assert.equal(state.epochsDone, 3);
  assert.deepEqual(state.best, {
    epoch: 1,
    value: 0.9,
    val_recall: 0.9,
    val_recall_epoch: 1,
    val_loss: 0.6,
    val_loss_epoch: 0,
  });
});

test("a training that starts clears the results of an earlier one", () => {
  const state = newState(detail());
  state.finals.set("test", {});
  Object.assign(state, { step: 9, rate: 0.1, stop: { epoch: 1, time: 1 } });
  applyEvent(state, event("training_start", training()));
  assert.deepEqual([state.step, state.rate, state.stop, state.finals.size], [0, null, null, 0]);
  assert.equal(state.stepsPerEpoch, 10);
  assert.deepEqual(state.resumes, []);
});

test("attempts after the epoch of a resume are void", () => {
  const state = newState(detail());
  const resumed = (attempt, epoch) =>
    applyEvent(state, event("training_start", training({ resumed_from_epoch: epoch }), { attempt }));
  resumed(2, 3);
  resumed(3, 5);
  resumed(4, 4);
  assert.deepEqual(
    state.resumes.map(({ attempt, epoch }) => [attempt, epoch]),
    [
      [2, 3],
      [4, 4],
    ],
  );
  resumed(5, null);
  assert.deepEqual(state.resumes, []);
});

test("steps per epoch may be unknown", () => {
  assert.equal(stepsPerEpoch(null), null);
  assert.equal(stepsPerEpoch({ total_steps: null, max_epochs: 5 }), null);
  assert.equal(stepsPerEpoch({ total_steps: 5, max_epochs: 2 }), 2.5);
});

test("a resume and skipped events need a snapshot, nothing else does", () => {
  assert.equal(needsSnapshot({ type: "skipped", from: 1, to: 2 }), true);
  assert.equal(needsSnapshot(event("training_start", training(), { attempt: 2 })), true);
  assert.equal(needsSnapshot(event("training_start", training(), { attempt: 1 })), false);
  assert.equal(needsSnapshot(status("in_progress", "queued", { attempt: 2 })), false);
});

test("an unknown type of event only moves the clock", () => {
  const state = newState(detail());
  applyEvent(state, event("from_the_future", {}), 123);
  assert.deepEqual([state.lastMoment, state.heardAt], [START, 123]);
  assert.ok(!("from_the_future" in handlers));
});

const snapshot = (more = {}) => ({
  run: detail({ status: "in_progress", start_time: START, attempt_start: START, attempt: 1 }),
  last_seq: 9,
  training_start: training(),
  progress: null,
  step: 12,
  learning_rate: 0.01,
  finals: {},
  counts: {},
  series: [],
  events: [],
  ...more,
});

test("a snapshot replaces superseded epochs and marks", () => {
  const state = newState(detail());
  applyEvent(state, epochEnd(4, { val_recall: 1, val_loss: 0.1 }));
  applyEvent(state, event("early_stopping", { epoch: 4 }));
  const curve = { name: "epoch/val_recall", x: [0, 1], y: [0.4, 0.6], total: 2, nonfinite: 0, exact: true };
  const start = event("training_start", training({ resumed_from_epoch: 1 }), { attempt: 2 });
  restore(state, snapshot({ series: [curve], events: [start] }));
  assert.deepEqual(state.epochs.epochs(), [0, 1]);
  assert.deepEqual([state.bestEpoch, state.best.value, state.stop], [1, 0.6, null]);
  assert.deepEqual([state.step, state.rate, state.resumes.length], [12, 0.01, 1]);
});

test("of an ended run the server's best epoch counts", () => {
  const best = { ...NO_BEST, epoch: 3, value: 0.8 };
  const run = detail({ status: "completed", best, total_epochs: 5 });
  const curve = { name: "epoch/val_recall", x: [0], y: [0.9], total: 1, nonfinite: 0, exact: true };
  const state = newState(detail());
  restore(state, snapshot({ run, series: [curve] }));
  assert.deepEqual([state.bestEpoch, state.best.value, state.epochsDone], [3, 0.8, 5]);
});

test("an empty snapshot of a queued run keeps what is unknown unknown", () => {
  const state = newState(detail());
  restore(state, snapshot({ run: detail(), training_start: null, step: 0, learning_rate: null }));
  assert.deepEqual([state.stepsPerEpoch, state.rate, state.bestEpoch, state.lastMoment], [null, null, null, null]);
  assert.equal(elapsedSeconds(state), null);
});

test("time is spent by the server's clock while an attempt runs, and stands still otherwise", () => {
  const running = {
    startTime: START,
    attemptStart: START,
    lastMoment: "2026-01-31T12:00:10.000000Z",
    heardAt: 1_000,
    spent: 100,
  };
  assert.equal(elapsedSeconds(running, 3_500), 112.5);
  assert.equal(elapsedSeconds({ ...running, attemptStart: null }, 3_500), 100);
  assert.equal(elapsedSeconds({ ...running, startTime: null }, 3_500), null);
  assert.equal(elapsedSeconds({ ...running, attemptStart: "2026-01-31T12:10:00.000000Z" }, 3_500), 100);
});

test("of an ended run nothing changes with the time alone, but a connection that is lost", () => {
  const now = 1_000_000;
  const changes = (of, attemptStart, connection = { kind: "live", quiet: 9 }) =>
    changesWithTime({ status: of, attemptStart }, connection, now);
  for (const ended of ["completed", "failed", "cancelled"]) {
    assert.equal(changes(ended, null), false);
    assert.equal(changes(ended, null, { kind: "reconnecting", since: now, at: now }), true);
    const caughtUp = (until) => ({ kind: "live", caughtUp: { events: 3, until, slept: false } });
    assert.equal(changes(ended, null, caughtUp(now + 1)), true);
    assert.equal(changes(ended, null, caughtUp(now - 1_500)), true); // it stands there until it is drawn once more
    assert.equal(changes(ended, null, caughtUp(now - 3_000)), false);
  }
  assert.equal(changes("in_progress", START), true);
  assert.equal(changes("cancelling", START), true);
  assert.equal(changes("queued", null), true);
});
