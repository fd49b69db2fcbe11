// What is known of the run, and what each event means for it.

import { ENDED } from "../frame/format.js";
import { Epochs } from "./epochs.js";
import { seconds } from "./store.js";

const lastName = (path) => path.split(/[/:]/).filter(Boolean).pop() ?? path;

// `detail` as GET /api/runs/<id>/ has it.
const ofRow = (detail) => ({
  status: detail.status,
  reason: detail.reason,
  queuePosition: detail.queue_position,
  estimatedStart: detail.estimated_start,
  waitsFor: detail.waits_for,
  queuedAt: detail.queued_at,
  attempt: detail.attempt,
  stopRequest: detail.stop_request,
  lastCheckpoint: detail.last_checkpoint,
  startTime: detail.start_time,
  attemptStart: detail.attempt_start,
  spent: detail.spent_seconds, // in attempts that are over
  duration: detail.duration_seconds,
  progress: detail.progress.epoch === null ? null : detail.progress,
  maxEpochs: detail.progress.max_epochs,
  epochsDone: detail.total_epochs ?? 0,
  best: detail.best,
  bestEpoch: detail.best.epoch,
  notes: detail.notes,
  tags: detail.tags,
  deleted: Boolean(detail.deleted_at),
  asked: { data: lastName(detail.source_path), model: detail.model_name }, // until the training says what it found
  dataset: detail.dataset,
  model: detail.model,
});

export const newState = (detail) => ({
  ...ofRow(detail),
  monitor: detail.monitor,
  mode: detail.config?.callbacks?.mode ?? (detail.monitor === "val_loss" ? "min" : "max"),
  files: detail.links.files,
  epochs: new Epochs(),
  step: 0,
  stepsPerEpoch: null,
  rate: null,
  resumes: [], // attempts that went on after an epoch: {attempt, epoch, time}
  stop: null, // early stopping: {epoch, time}
  usage: null, // what the machine does, as it was told last
  finals: new Map(),
  lastMoment: null,
  heardAt: Date.now(),
});

// Takes over all that a snapshot says; `epochs`: its curves of metrics.
export function restore(
  state,
  { run, training_start: start, progress, step, learning_rate: rate, finals, events },
  epochs,
) {
  Object.assign(state, ofRow(run), { step, rate, finals: new Map(Object.entries(finals)), resumes: [], stop: null });
  if (start)
    Object.assign(state, {
      maxEpochs: start.max_epochs,
      dataset: start.dataset,
      model: start.model,
      stepsPerEpoch: perEpoch(start),
      progress,
    });
  if (run.status === "queued") forgetPace(state);
  for (const event of events) {
    if (event.type === "training_start") noteAttempt(state, event);
    if (event.type === "early_stopping") state.stop = stopOf(event);
    if (event.type === "resource_usage") state.usage = event.data;
  }
  state.epochs.load(epochs);
  if (state.epochs.size) reckonBest(state);
  if (ENDED.has(run.status))
    Object.assign(state, {
      best: run.best,
      bestEpoch: run.best.epoch,
      epochsDone: run.total_epochs ?? state.epochsDone,
    });
  state.lastMoment = events.at(-1)?.timestamp ?? state.lastMoment;
  state.heardAt = Date.now();
}

const perEpoch = ({ total_steps: total, max_epochs: epochs }) => (total && epochs ? total / epochs : null);
const stopOf = ({ data, timestamp }) => ({ epoch: data.epoch, time: seconds(timestamp) });

function forgetPace(state) {
  state.progress = state.progress && { ...state.progress, samples_per_second: null, eta_seconds: null };
}

function noteAttempt(state, { data, attempt, timestamp }) {
  const epoch = data.resumed_from_epoch;
  state.resumes = state.resumes.filter((other) => epoch !== null && other.epoch <= epoch);
  if (epoch !== null) state.resumes.push({ attempt, epoch, time: seconds(timestamp) });
  state.stop = null;
}

export function reckonBest(state) {
  const { epochs } = state;
  const of = (name, mode, rules) => {
    const epoch = epochs.best(name, mode, rules);
    return [epoch, epoch === null ? null : epochs.value(epoch, name)];
  };
  const [epoch, value] = of(state.monitor, state.mode, { byLoss: true });
  const [recallEpoch, recall] = of("val_recall", "max");
  const [lossEpoch, loss] = of("val_loss", "min");
  state.bestEpoch = epoch;
  state.best = {
    epoch,
    value,
    val_recall: recall,
    val_recall_epoch: recallEpoch,
    val_loss: loss,
    val_loss_epoch: lossEpoch,
  };
  state.epochsDone = epochs.size;
}

// Whether what is known must be asked for anew: a resume makes some of it void, and spared events are missing.
export const breaks = ({ type, attempt }) => type === "skipped" || (type === "training_start" && attempt > 1);

// One function per event type of the contract.
export const handlers = {
  run_status(state, { status, previous, reason, queue_position: position }, { attempt, timestamp }) {
    Object.assign(state, { status, reason, queuePosition: position, attempt });
    if (status === "queued" && previous !== status)
      Object.assign(state, { queuedAt: timestamp, estimatedStart: null, waitsFor: null });
    if (status === "in_progress") {
      state.startTime ??= timestamp;
      if (previous !== status) state.attemptStart = timestamp;
    } else if (status !== "cancelling") state.attemptStart = null; // what was spent comes with the answer
    if (status === "queued") forgetPace(state);
  },
  training_start(state, data, event) {
    Object.assign(state, {
      maxEpochs: data.max_epochs,
      dataset: data.dataset,
      model: data.model,
      stepsPerEpoch: perEpoch(data),
      progress: null,
      step: 0,
      rate: null,
    });
    noteAttempt(state, event);
    state.finals.clear();
  },
  batch_metrics(state, { step }) {
    state.step = step;
  },
  gradient_stats() {},
  epoch_end(state, { epoch, metrics }) {
    state.epochs.put(epoch, metrics);
    reckonBest(state);
  },
  lr_update(state, { learning_rate: rate }) {
    state.rate = rate;
  },
  early_stopping(state, _, event) {
    state.stop = stopOf(event);
  },
  progress(state, data) {
    state.progress = data;
    state.step = data.step;
  },
  resource_usage(state, data) {
    state.usage = data;
  },
  final_stats(state, data) {
    state.finals.set(data.split, data);
  },
  training_end(state, { total_epochs: epochs, duration_seconds: seconds_, best_epoch: best }) {
    Object.assign(state, { duration: seconds_, epochsDone: epochs, bestEpoch: best });
  },
};
