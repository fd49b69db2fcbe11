// What the page of a run says in words: events, progress, queue, early stopping.

import assert from "node:assert/strict";
import { test } from "node:test";

import { queueText, startsIn } from "../../realtime/static/realtime/queue/queue_state.js";
import { countdownText } from "../../realtime/static/realtime/run/countdown_text.js";
import { attemptRows, executionFacts } from "../../realtime/static/realtime/run/facts/execution_text.js";
import { eventText } from "../../realtime/static/realtime/run/log/event_text.js";
import { progressText, shareDone } from "../../realtime/static/realtime/run/progress_text.js";

const text = (type, data) => eventText({ type, data });

test("a change of status names what was before, the place and the reason", () => {
  const status = (now, previous, more = {}) =>
    text("run_status", { status: now, previous, reason: null, queue_position: null, ...more });
  assert.equal(status("queued", null, { queue_position: 3 }), "Queued, number 3 in the queue.");
  assert.equal(status("queued", "queued", { queue_position: 1 }), "Queued, number 1 in the queue.");
  assert.equal(status("failed", "in_progress", { reason: "Out of memory" }), "Failed (was in progress): Out of memory");
});

test("values that are not finite are written as unknown", () => {
  const batch = { step: 1, batch_idx: 0, epoch: 0, loss: null, accuracy: 0.5, recall: null, f1: null };
  assert.equal(text("batch_metrics", batch), "Epoch 1, batch 1: loss –, accuracy 50.0 %, recall –, F1 –.");
  const norms = { step: 4, total_norm: null, max_norm: 2, min_norm: 1, nonfinite: true };
  assert.equal(text("gradient_stats", norms), "Step 4: gradient norm –, layer groups 1.0000 to 2.0000, not finite.");
  assert.equal(text("lr_update", { epoch: 0, learning_rate: null }), "Learning rate – from epoch 1.");
});

test("an epoch lists its own metrics without the cells of its matrix", () => {
  const metrics = { val_loss: 0.5, val_auroc: 0.9, val_cm_tp: 3 };
  assert.equal(
    text("epoch_end", { epoch: 2, phase: "val", metrics }),
    "Epoch 3, validation: loss 0.5000, AUROC 0.900.",
  );
});

test("a training starts, or continues", () => {
  const start = {
    max_epochs: 1,
    resumed_from_epoch: null,
    dataset: { name: "digits" },
    model: { name: "CNN", parameters: 1234 },
  };
  const rest = "CNN with 1,234 parameters on digits, at most 1 epoch.";
  assert.equal(text("training_start", start), `Training starts: ${rest}`);
  assert.equal(
    text("training_start", { ...start, resumed_from_epoch: 0 }),
    `Training continues after epoch 1: ${rest}`,
  );
});

test("progress says what is known", () => {
  const progress = { epoch: 1, batch_idx: 4, batches: null, samples_per_second: null, eta_seconds: null };
  assert.equal(text("progress", progress), "Epoch 2, batch 5.");
  assert.equal(
    text("progress", { ...progress, batches: 10, samples_per_second: 1234.5, eta_seconds: 7 }),
    "Epoch 2, batch 5 of 10, 1,235 samples per second, about 7 s left.",
  );
});

test("the machine, the results and the end", () => {
  const usage = { cpu_cores: 1.26, memory_pss: null, memory_rss: 2_000_000, gpus: [{ utilisation: 0.5 }] };
  assert.equal(text("resource_usage", usage), "The run uses 1.3 processor cores and 1.9 MiB of memory, GPU 0 50 %.");
  const statistics = { final_auroc_cm: 0.9, final_recall_cm: 0.5, final_precision_cm: null };
  assert.equal(
    text("final_stats", { split: "test", epoch: 3, statistics }),
    "Test split, checkpoint of epoch 4: AUROC 0.900, recall 50.0 %, precision –.",
  );
  const end = { status: "completed", total_epochs: 2, duration_seconds: 65, best_epoch: null, reason: null };
  assert.equal(text("training_end", end), "Completed after 2 epochs and 1 min 05 s.");
});

const running = {
  status: "in_progress",
  progress: null,
  epochsDone: 0,
  maxEpochs: 4,
  stopRequest: null,
  duration: null,
};

test("the share that is done comes from steps, else from epochs", () => {
  assert.equal(shareDone({ progress: { step: 5, total_steps: 20 }, epochsDone: 3, maxEpochs: 4 }), 0.25);
  assert.equal(shareDone({ progress: { step: 25, total_steps: 20 }, epochsDone: 0, maxEpochs: 4 }), 1);
  assert.equal(shareDone({ progress: { fraction: 0.4 }, epochsDone: 3, maxEpochs: 4 }), 0.4);
  assert.equal(shareDone({ progress: null, epochsDone: 3, maxEpochs: 4 }), 0.75);
  assert.equal(shareDone({ progress: null, epochsDone: 0, maxEpochs: 4 }), null);
});

test("progress of a running and of an ended run", () => {
  assert.equal(progressText(running), "Preparing data and model");
  const progress = { batches: 10, batch_idx: 4, samples_per_second: 99.6, eta_seconds: 61 };
  assert.equal(
    progressText({ ...running, progress, epochsDone: 1 }),
    "1 of 4 epochs done · batch 5 of 10 · 100 samples/s · about 1 min 05 s left",
  );
  assert.equal(
    progressText({ ...running, epochsDone: 1, stopRequest: "finish" }),
    "1 of 4 epochs done · finishing early: evaluating the best one",
  );
  assert.equal(progressText({ ...running, status: "failed", epochsDone: 1 }), "1 of 4 epochs done");
  assert.equal(
    progressText({ ...running, status: "completed", epochsDone: 4, duration: 12 }),
    "4 of 4 epochs done in 12 s",
  );
});

test("a queued run says its place and when it starts", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  const after = (minutes) => startsIn(new Date(now + minutes * 60_000).toISOString(), now);
  assert.deepEqual([-5, 0.4, 12, 90, 47 * 60, 72 * 60].map(after), [
    "starts within a minute",
    "starts within a minute",
    "starts in about 12 min",
    "starts in about 1.5 hours",
    "starts in about 47 hours",
    "starts in about 3 days",
  ]);
  assert.equal(startsIn(null, now), "");
  assert.equal(queueText({}), "Waiting for a worker");
  assert.equal(queueText({ queuePosition: 1, waitsFor: "a GPU" }), "Number 1 in the queue · a GPU");
  assert.equal(queueText({ queuePosition: 7, waitsFor: "6 runs before it." }), "Number 7 in the queue");
  assert.equal(queueText({ queuePosition: 2, waitsFor: "1 run before it." }), "Number 2 in the queue");
  assert.equal(
    queueText({ queuePosition: null, waitsFor: "6 runs before it." }),
    "Waiting for a worker · 6 runs before it.",
  );
});

const countdown = {
  monitor: "val_loss",
  mode: "min",
  min_delta: 0,
  patience: 3,
  best: 0.5,
  waited: 1,
  left: 2,
  stops_after_epoch: 6,
  exhausted: false,
};

test("early stopping counts down while the run trains", () => {
  assert.equal(
    countdownText(countdown, "in_progress"),
    "Stops in 2 epochs unless validation loss improves on 0.5000 (lower is better).",
  );
  assert.equal(
    countdownText({ ...countdown, mode: "max", monitor: "val_auroc", min_delta: 0.01 }, "in_progress"),
    "Stops in 2 epochs unless validation AUROC improves on 0.500 by more than 0.01.",
  );
  assert.equal(
    countdownText({ ...countdown, best: null }, "in_progress"),
    "Early stopping waits for the first validation loss; then 3 epochs without an improvement stop the run.",
  );
  assert.equal(
    countdownText({ ...countdown, stops_after_epoch: null }, "in_progress"),
    "Early stopping: 1 of 3 epochs in which validation loss has not improved on 0.5000; " +
      "the run has its last epoch before they are over.",
  );
});

test("an ended run says only that early stopping ended it", () => {
  assert.equal(countdownText(countdown, "completed"), "");
  assert.equal(
    countdownText({ ...countdown, exhausted: true }, "completed"),
    "Early stopping: validation loss has not improved on 0.5000 for 3 epochs.",
  );
});

const CPU = {
  attempt: 1,
  accelerator: "cpu",
  device: "CPU",
  processes: 1,
  nodes: 1,
  precision: "bf16-mixed",
  compute_type: "bfloat16",
  evaluation_precision: "32-true",
  tf32_convolutions: false,
  tf32_products: false,
  threads: 2,
  loader_processes: 0,
  batch_size: 32,
  samples_per_step: 32,
  deterministic: false,
  sync_batchnorm: false,
  loss_weights: [1, 0.9402984976768494],
  versions: { python: "3.11.7", torch: "2.13.0+cpu" },
};
const GPUS = {
  ...CPU,
  attempt: 2,
  device: "NVIDIA H200",
  processes: 4,
  nodes: 2,
  precision: "32-true",
  compute_type: "float32",
  tf32_convolutions: true,
  loader_processes: 3,
  samples_per_step: 256,
  sync_batchnorm: true,
  deterministic: true,
  loss_weights: null,
};

test("what carried out a run is said with what was asked for instead", () => {
  assert.deepEqual(executionFacts(CPU, { precision: "16-mixed" }, ["healthy", "ill"]), [
    ["Device", "CPU", "one process"],
    ["Precision", "bfloat16", "bf16-mixed, not 16-mixed as asked for"],
    ["Evaluation", "float32", "of the best checkpoint"],
    ["Threads", "2", "that compute"],
    ["Loading of data", "in the training", ""],
    ["Batch", "32 samples", ""],
    ["Loss weights", "1 · 0.9403", "of healthy, ill"],
    ["Deterministic", "no", ""],
    ["PyTorch", "2.13.0+cpu", "Python 3.11.7"],
  ]);
});

test("several processes, machines and rounded factors are told", () => {
  const facts = new Map(executionFacts(GPUS, { precision: "32-true" }, []).map(([name, ...rest]) => [name, rest]));
  assert.deepEqual(facts.get("Device"), ["NVIDIA H200", "4 processes on 2 machines"]);
  assert.deepEqual(facts.get("Precision"), [
    "float32",
    "32-true; convolutions with TF32: the factors keep 10 binary digits",
  ]);
  assert.deepEqual(facts.get("Threads"), ["2", "of each process"]);
  assert.deepEqual(facts.get("Loading of data"), ["3", "processes of its own"]);
  assert.deepEqual(facts.get("Batch"), ["32 samples", "256 in one step of the optimizer"]);
  assert.deepEqual(facts.get("Batch normalisation"), ["synchronised", "over all processes"]);
  assert.deepEqual(facts.get("Deterministic"), ["yes", "the same numbers each time"]);
  assert.equal(facts.has("Loss weights"), false);
});

test("many loss weights are shortened", () => {
  const many = { ...CPU, loss_weights: [1, 2, 3, 4, 5] };
  const weights = executionFacts(many, {}, ["a", "b", "c", "d", "e"]).find(([name]) => name === "Loss weights");
  assert.deepEqual(weights, ["Loss weights", "1 · 2 · 3 · 4 · …", "one per class"]);
});

test("attempts are told apart where there are several", () => {
  assert.deepEqual(attemptRows([CPU]), []);
  assert.deepEqual(attemptRows([CPU, GPUS]), [
    ["1", "CPU", "bf16-mixed", "2", "32"],
    ["2", "NVIDIA H200", "32-true", "2", "256"],
  ]);
});
