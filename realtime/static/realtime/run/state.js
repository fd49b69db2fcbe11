// What is known of the run, and what each event changes. Pure.

import { ENDED } from "../frame/format.js";
import { Epochs } from "./curves/epochs.js";
import { seconds } from "./timestamps.js";

/** @typedef {import("./run_types").RunDetail} RunDetail */
/** @typedef {import("./run_types").RunState} RunState */
/** @typedef {import("./run_types").Snapshot} Snapshot */
/** @typedef {import("../events/event_types").EventData} EventData */
/** @typedef {import("../events/event_types").EventType} EventType */
/** @typedef {import("../events/event_types").RunEvent} RunEvent */
/** @typedef {import("../events/event_types").StreamItem} StreamItem */

/** @typedef {{attempt: number, timestamp: string}} Moment */

/** @type {{[T in EventType]: (state: RunState, data: EventData[T], moment: Moment) => void}} */
export const handlers = {
  run_status(state, { status, previous, reason, queue_position: position }, { attempt, timestamp }) {
    Object.assign(state, { status, reason, queuePosition: position, attempt });
    if (status === "queued" && previous !== status)
      Object.assign(state, { queuedAt: timestamp, estimatedStart: null, waitsFor: null });
    if (status === "in_progress") {
      state.startTime ??= timestamp;
      if (previous !== status) state.attemptStart = timestamp;
    } else if (status !== "cancelling") state.attemptStart = null; // the time spent comes with the server's next answer
    if (status === "queued") clearRate(state);
  },
  training_start(state, data, moment) {
    Object.assign(state, startOf(data), { progress: null, step: 0, rate: null });
    recordAttempt(state, data.resumed_from_epoch, moment);
    state.finals.clear();
  },
  batch_metrics(state, { step }) {
    state.step = step;
  },
  gradient_stats() {},
  epoch_end(state, { epoch, metrics }) {
    state.epochs.put(epoch, metrics);
    updateBest(state);
  },
  lr_update(state, { learning_rate: rate }) {
    state.rate = rate;
  },
  early_stopping(state, { epoch }, { timestamp }) {
    state.stop = { epoch, time: seconds(timestamp) };
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
  training_end(state, { total_epochs: epochsDone, duration_seconds: duration, best_epoch: bestEpoch }) {
    Object.assign(state, { duration, epochsDone, bestEpoch });
  },
};

/**
 * Apply an event to the state.
 *
 * @param {RunState} state
 * @param {RunEvent} event
 * @param {number} [now] milliseconds
 */
export function applyEvent(state, event, now = Date.now()) {
  const handle = /** @type {((state: RunState, data: any, moment: Moment) => void) | undefined} */ (
    handlers[event.type]
  );
  handle?.(state, event.data, event);
  state.lastMoment = event.timestamp;
  state.heardAt = now;
}

/**
 * Return whether the known state cannot be continued by this item, so that a snapshot is needed: a resume makes some of
 * it void, and after skipped events some of it is missing.
 *
 * @param {StreamItem} item
 */
export const needsSnapshot = (item) => item.type === "skipped" || (item.type === "training_start" && item.attempt > 1);

/** @param {string} path */
const lastName = (path) => path.split(/[/:]/).filter(Boolean).pop() ?? path;

/**
 * Return what people call the run, and what they note about it.
 *
 * @param {RunDetail} detail
 */
export const describedBy = ({ experiment_name: name, description, revision, revised_by: by, revised_at: at }) => ({
  name,
  description,
  revision,
  by,
  at,
});

/** @param {RunDetail} detail */
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
  spent: detail.spent_seconds,
  duration: detail.duration_seconds,
  progress: detail.progress.epoch === null ? null : detail.progress,
  maxEpochs: detail.progress.max_epochs,
  epochsDone: detail.total_epochs ?? 0,
  best: detail.best,
  bestEpoch: detail.best.epoch,
  described: describedBy(detail),
  notes: detail.notes,
  tags: detail.tags,
  execution: detail.execution ?? [],
  recalibration: detail.recalibration ?? null,
  operatingPoint: detail.operating_point ?? null,
  testSplit: detail.test_split ?? null,
  deleted: Boolean(detail.deleted_at),
  goneAs: "gone",
  asked: { data: lastName(detail.source_path), model: detail.model_name },
  dataset: detail.dataset,
  model: detail.model,
});

/**
 * Return the state of a run of which nothing but its row is known.
 *
 * @param {RunDetail} detail
 * @returns {RunState}
 */
export const newState = (detail) => ({
  ...ofRow(detail),
  monitor: detail.monitor,
  mode: detail.config?.callbacks?.mode ?? (detail.monitor === "val_loss" ? "min" : "max"),
  files: detail.links.files,
  epochs: new Epochs(),
  step: 0,
  stepsPerEpoch: null,
  rate: null,
  resumes: [],
  stop: null,
  usage: null,
  finals: new Map(),
  lastMoment: null,
  heardAt: Date.now(),
});

/**
 * Take over all that a snapshot says.
 *
 * @param {RunState} state
 * @param {Snapshot} snapshot
 */
export function restore(state, { run, training_start: start, progress, step, learning_rate: rate, finals, ...rest }) {
  const { events, series } = rest;
  Object.assign(state, ofRow(run), { step, rate, finals: new Map(Object.entries(finals)), resumes: [], stop: null });
  if (start) Object.assign(state, startOf(start), { progress });
  if (run.status === "queued") clearRate(state);
  for (const event of events) {
    if (event.type === "training_start") recordAttempt(state, event.data.resumed_from_epoch, event);
    if (event.type === "early_stopping") state.stop = { epoch: event.data.epoch, time: seconds(event.timestamp) };
    if (event.type === "resource_usage") state.usage = event.data;
  }
  state.epochs.load(series.filter(({ name }) => name.startsWith("epoch/")));
  if (state.epochs.size) updateBest(state);
  if (ENDED.has(run.status))
    Object.assign(state, {
      best: run.best,
      bestEpoch: run.best.epoch,
      epochsDone: run.total_epochs ?? state.epochsDone,
    });
  state.lastMoment = events.at(-1)?.timestamp ?? state.lastMoment;
  state.heardAt = Date.now();
}

/**
 * Return the optimizer steps of one epoch; null where they are unknown.
 *
 * @param {{total_steps: number | null, max_epochs: number} | null} start
 */
export const stepsPerEpoch = (start) =>
  start?.total_steps && start.max_epochs ? start.total_steps / start.max_epochs : null;

/** @param {EventData["training_start"]} start */
const startOf = (start) => ({
  maxEpochs: start.max_epochs,
  dataset: start.dataset,
  model: start.model,
  stepsPerEpoch: stepsPerEpoch(start),
});

/** @param {RunState} state */
function clearRate(state) {
  state.progress = state.progress && { ...state.progress, samples_per_second: null, eta_seconds: null };
}

/**
 * Record where an attempt continued; attempts that began after that epoch are void, and so is early stopping.
 *
 * @param {RunState} state
 * @param {number | null} epoch the last one that the attempt kept; null for a start from scratch
 * @param {Moment} moment
 */
function recordAttempt(state, epoch, { attempt, timestamp }) {
  state.resumes = epoch === null ? [] : state.resumes.filter((other) => other.epoch <= epoch);
  if (epoch !== null) state.resumes.push({ attempt, epoch, time: seconds(timestamp) });
  state.stop = null;
}

/** @param {RunState} state */
function updateBest(state) {
  const { epochs } = state;
  const bestOf = (/** @type {string} */ name, /** @type {string} */ mode, rules = {}) => {
    const epoch = epochs.best(name, mode, rules);
    return { epoch, value: epoch === null ? null : (epochs.value(epoch, name) ?? null) };
  };
  const monitored = bestOf(state.monitor, state.mode, { byLoss: true });
  const recall = bestOf("val_recall", "max");
  const loss = bestOf("val_loss", "min");
  state.bestEpoch = monitored.epoch;
  state.best = {
    ...monitored,
    val_recall: recall.value,
    val_recall_epoch: recall.epoch,
    val_loss: loss.value,
    val_loss_epoch: loss.epoch,
  };
  state.epochsDone = epochs.size;
}

/**
 * Return the seconds spent in all attempts, by the server's clock: that of its last event, and what has passed here
 * since.
 *
 * @param {RunState} state
 * @param {number} [now] milliseconds
 */
export function elapsedSeconds({ startTime, attemptStart, lastMoment, heardAt, spent }, now = Date.now()) {
  if (!startTime || !lastMoment) return null;
  if (!attemptStart) return spent;
  return spent + Math.max(0, Date.parse(lastMoment) - Date.parse(attemptStart) + (now - heardAt)) / 1000;
}

const SHOWN_ONCE_MORE = 2000; // milliseconds: what has just passed must be seen to be over

/**
 * Return whether what the page shows changes with the time alone: how long the run has taken, when it starts, how long
 * the connection is lost already. Of an ended run nothing does.
 *
 * @param {Pick<RunState, "status" | "attemptStart">} state
 * @param {import("../events/connection_state").ConnectionState} connection
 * @param {number} [now] milliseconds
 */
export const changesWithTime = ({ status, attemptStart }, { kind, caughtUp }, now = Date.now()) =>
  status === "queued" ||
  Boolean(attemptStart) ||
  kind === "reconnecting" ||
  (caughtUp?.until ?? 0) > now - SHOWN_ONCE_MORE;
