// The live page of one run: what each event means for the page, and when to draw.

import { Actions } from "./actions.js";
import { drawAbout } from "./about.js";
import { drawConnection } from "../frame/connection.js";
import { Curves } from "./curves.js";
import { ENDED, known } from "../frame/format.js";
import { Header } from "./header.js";
import { Log } from "./log.js";
import { drawResults } from "../charts/matrix.js";
import { Epochs, Samples } from "./series.js";
import { Stream } from "../events/stream.js";
import { follow } from "../events/news.js";
import { Moving } from "../queue/moving.js";
import { lengthOfQueue, onQueue, placeOf, takeQueue } from "../queue/waiting.js";

const DRAW_EVERY = 200; // milliseconds
const HIDDEN_DRAW_EVERY = 2000;
const ASK_AGAIN_AFTER = 3000;

const json = (id) => JSON.parse(document.getElementById(id).textContent);
const detail = json("run-detail");

const state = {
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
  monitor: detail.monitor,
  mode: detail.config?.callbacks?.mode ?? (detail.monitor === "val_loss" ? "min" : "max"),
  best: detail.best,
  bestEpoch: detail.best.epoch,
  notes: detail.notes,
  files: detail.links.files,
  dataset: detail.dataset,
  model: detail.model,
  epochs: new Epochs(),
  batches: new Samples(),
  gradients: new Samples(),
  rates: new Samples(),
  step: 0,
  finals: new Map(),
  skipped: 0,
  lastMoment: null,
  heardAt: Date.now(),
};

// One function per event type of the contract; `skipped` stands for sampled events that are not sent.
export const handlers = {
  run_status({ status, previous, reason, queue_position: position }, { attempt, timestamp }) {
    Object.assign(state, { status, reason, queuePosition: position, attempt });
    if (status === "queued" && previous !== status) Object.assign(state, { queuedAt: timestamp, estimatedStart: null, waitsFor: null });
    if (status === "in_progress") {
      state.startTime ??= timestamp;
      if (previous !== status) state.attemptStart = timestamp;
    } else if (status !== "cancelling") state.attemptStart = null; // what was spent comes with the answer
    if (status === "queued") state.progress = state.progress && { ...state.progress, samples_per_second: null, eta_seconds: null };
    askAgain();
  },
  training_start({ resumed_from_epoch: epoch, max_epochs: most, dataset, model }) {
    Object.assign(state, { maxEpochs: most, dataset, model, progress: null, step: 0 });
    for (const series of [state.epochs, state.batches, state.gradients, state.rates]) series.dropAfter(epoch);
    state.finals.clear();
    dirty.results = dirty.about = true;
    reckonBest();
    askAgain(); // the pre-flight report may have left notes and its file
  },
  batch_metrics(data) {
    state.batches.add(data);
    state.step = data.step;
  },
  gradient_stats(data) {
    state.gradients.add(data);
  },
  epoch_end({ epoch, phase, metrics }) {
    state.epochs.put(epoch, metrics);
    reckonBest();
    if (metrics[`${phase}_loss`] === null) askAgain(); // it may have been noted as diverged
  },
  lr_update(data) {
    state.rates.add(data);
  },
  early_stopping() {},
  progress(data) {
    state.progress = data;
    state.step = data.step;
  },
  resource_usage() {},
  final_stats(data) {
    state.finals.set(data.split, data);
    dirty.results = true;
  },
  training_end({ total_epochs: epochs, duration_seconds: seconds, best_epoch: best }) {
    Object.assign(state, { duration: seconds, epochsDone: epochs, bestEpoch: best });
    askAgain();
  },
  skipped({ from, to }) {
    state.skipped += to - from + 1;
  },
};

const dirty = { curves: true, results: false, about: true };
const header = new Header(detail.experiment_name);
const curves = new Curves(document.getElementById("curves"), document.getElementById("epochs"));
const log = new Log(document.getElementById("log"), detail.links.events);
const labels = json("statistic-labels");
let connection = { kind: "connecting" };
let files = [];
let caughtUp = detail.last_seq === 0;
let drawing = null;

function reckonBest() {
  const { epochs } = state;
  const of = (name, mode, rules) => {
    const epoch = epochs.best(name, mode, rules);
    return [epoch, epoch === null ? null : epochs.value(epoch, name)];
  };
  const [epoch, value] = of(state.monitor, state.mode, { byLoss: true });
  const [recallEpoch, recall] = of("val_recall", "max");
  const [lossEpoch, loss] = of("val_loss", "min");
  state.bestEpoch = epoch;
  state.best = { epoch, value, val_recall: recall, val_recall_epoch: recallEpoch, val_loss: loss, val_loss_epoch: lossEpoch };
  state.epochsDone = epochs.size;
}

function take(events) {
  for (const event of events) {
    if (event.type === "skipped") {
      handlers.skipped(event);
      continue;
    }
    handlers[event.type]?.(event.data, event);
    state.lastMoment = event.timestamp;
    log.add(event);
  }
  state.heardAt = Date.now();
  dirty.curves = true;
  caughtUp ||= stream.last >= detail.last_seq;
  schedule();
}

// Seconds in all attempts, by the server's clock: that of its last event, and what has passed here since.
function elapsed() {
  if (!state.startTime || !state.lastMoment) return null;
  if (!state.attemptStart) return state.spent;
  return state.spent + Math.max(0, Date.parse(state.lastMoment) - Date.parse(state.attemptStart) + (Date.now() - state.heardAt)) / 1000;
}

// At most every 200 ms; a page nobody sees only keeps its title right.
function schedule() {
  drawing ??= setTimeout(() => (document.hidden ? draw() : requestAnimationFrame(draw)), document.hidden ? HIDDEN_DRAW_EVERY : DRAW_EVERY);
}

function draw() {
  drawing = null;
  drawConnection(document.getElementById("connection"), connection, { running: state.status === "in_progress", ended: ENDED.has(state.status) });
  if (caughtUp) header.draw({ ...state, elapsed: elapsed() }); // until then the server's words hold: history is not news
  if (caughtUp) actions?.draw(state);
  if (caughtUp) drawWaiting();
  document.getElementById("queue-place").hidden = state.status !== "queued";
  if (document.hidden) return;
  if (dirty.curves) {
    curves.draw(state);
    log.draw();
  }
  if (dirty.results) drawResults(document.getElementById("results"), document.getElementById("splits"), state.finals, labels);
  if (dirty.about) drawAbout(document.getElementById("about"), { detail, files, dataset: state.dataset, model: state.model });
  Object.assign(dirty, { curves: false, results: false, about: false });
}

// What other runs do moves this one in the queue, without an event of its own: listened to as long as it waits.
let unfollow = null;
function drawWaiting() {
  const queued = state.status === "queued";
  moving?.draw({ queued, position: state.queuePosition, length: lengthOfQueue() });
  if (queued) unfollow ??= follow("/ws/runs/?only=queue", { onItem: ({ type, data }) => type === "queue" && takeQueue(data), onState() {}, onMissed() {} });
  else unfollow = unfollow?.() ?? null;
}

onQueue(() => {
  const place = placeOf(detail.id);
  if (!place || state.status !== "queued") return;
  Object.assign(state, { queuePosition: place.queue_position, estimatedStart: place.estimated_start, waitsFor: place.waits_for });
  schedule();
});

// Notes and files are no events: ask for them when something happened, but not for every event of a long history.
let asking = null;
function askAgain() {
  asking ??= setTimeout(() => {
    asking = null;
    askForNotesAndFiles();
  }, ASK_AGAIN_AFTER / 10);
}

async function askForNotesAndFiles() {
  const get = async (url) => {
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    return response.ok ? response.json() : {};
  };
  try {
    const [run, list] = await Promise.all([get(detail.links.self), get(detail.links.files)]);
    state.notes = run.notes ?? state.notes;
    if (run.status === state.status) {
      Object.assign(state, { stopRequest: run.stop_request, lastCheckpoint: run.last_checkpoint, spent: run.spent_seconds });
    }
    if (ENDED.has(run.status) && run.status === state.status) Object.assign(state, { best: run.best, bestEpoch: run.best.epoch });
    files = list.files ?? files;
    dirty.about = dirty.curves = true;
    schedule();
  } catch {
    asking ??= setTimeout(() => ((asking = null), askForNotesAndFiles()), ASK_AGAIN_AFTER);
  }
}

// A new run has a page of its own; what changes on this one comes as an event.
const place = document.getElementById("actions");
const actions = place && new Actions(place, detail.links, document.querySelector("[name=csrfmiddlewaretoken]").value, ({ links }) => {
  if (links?.page) location.assign(links.page);
  else askAgain();
});

const movingPlace = document.getElementById("moving");
const moving = movingPlace && new Moving(movingPlace, detail.links.move, schedule);

const stream = new Stream({
  links: detail.links,
  target: detail.last_seq,
  onEvents: take,
  onState: (next) => {
    connection = next;
    schedule();
  },
});
document.addEventListener("visibilitychange", () => document.hidden || draw());
setInterval(() => (known(elapsed()) || state.status === "queued") && schedule(), 1000);
header.draw({ ...state, elapsed: null });
draw();
stream.open();
askForNotesAndFiles();
