// The live page of one run: opens with the state of one moment, goes on with each event, and draws what has changed.

import { drawResults } from "../charts/matrix.js";
import { follow } from "../events/news.js";
import { Stream } from "../events/stream.js";
import { call } from "../frame/api.js";
import { drawConnection } from "../frame/connection.js";
import { setText } from "../frame/dom.js";
import { ENDED, known } from "../frame/format.js";
import { Moving } from "../queue/moving.js";
import { lengthOfQueue, onQueue, placeOf, takeQueue } from "../queue/waiting.js";
import { drawAbout } from "./about.js";
import { Actions } from "./actions.js";
import { offerCopies } from "./copying.js";
import { Curves } from "./curves.js";
import { Deleting } from "./deleting.js";
import { EpochTable } from "./epoch_table.js";
import { doing, Header } from "./header.js";
import { Hints } from "./hints.js";
import { Log } from "./log.js";
import { Machine } from "./machine.js";
import { Notifying } from "./notifying.js";
import { fetchAll, fetchDetail, turned } from "./opening.js";
import { Pace } from "./pace.js";
import { breaks, handlers, newState, restore } from "./state.js";
import { stick } from "./sticking.js";
import { along, seconds, Store } from "./store.js";
import { Tags } from "./tags.js";
import { Toolbar } from "./toolbar.js";
import { TrainLog } from "./train_log.js";

const ASK_AGAIN_AFTER = 3000; // milliseconds
const MOST_KEPT_BACK = 5000; // events that wait for an answer; who has more asks once more
const EVERYTHING = ["batch", "gradient", "rate", "throughput", "epoch", "usage"];

const find = (id) => document.getElementById(id);
const json = (id) => JSON.parse(find(id).textContent);
const detail = json("run-detail");
const labels = json("statistic-labels");
const may = Boolean(find("actions"));

const state = newState(detail);
let store = new Store(along(null), { zero: 0, stepsPerEpoch: null });
let opened = false; // until then the server's words hold
let keptBack = null; // events that wait for an answer of the server
let connection = { kind: "connecting" };
let files = [];
const dirty = { results: true, about: true, events: true };

const pace = new Pace(draw);
const wish = () => pace.wish();
const header = new Header(detail.experiment_name);
const curves = new Curves(find("curves"), (prefix, range) => fetchDetail(detail.links, store, prefix, range));
const machine = new Machine(find("machine"), find("machine-charts"), find("machine-facts"));
const epochTable = new EpochTable(find("epochs"), () => epochTable.draw(state));
const log = new Log(find("log"), detail.links.events);
const trainLog = new TrainLog(find("train-log"), detail.links.log, { ranks: processes(detail.config) });
const hints = new Hints(
  { section: find("hints"), container: find("hint-cards"), countdown: find("countdown") },
  detail.links.hints,
  () => (store.dirty.add("gradient"), wish()),
);
const toolbar = new Toolbar(find("by"), find("smooth"), { onAxis: turn, onSmoothing: () => (redrawAll(), wish()) });
const tags = new Tags(find("tags"), detail.id, { may, onChange: tagged });
const notifying = new Notifying(find("notifying"), { id: detail.id, name: detail.experiment_name });
const deleting = new Deleting(find("tools"), find("deleted"), detail, { may, onGone: leave, onBack: comeBack });
// A new run has a page of its own; what changes on this one comes as an event.
const actions = may
  ? new Actions(find("actions"), detail.links, ({ links }) => (links?.page ? location.assign(links.page) : askAgain()))
  : null;
const moving = may ? new Moving(find("moving"), detail.links.move, wish) : null;
const stream = new Stream({ links: detail.links, target: 0, onEvents: take, onState: say });

function processes({ trainer = {} } = {}) {
  const each = Number.isInteger(trainer.devices) ? Math.max(1, trainer.devices) : 1;
  return each * (trainer.num_nodes ?? 1);
}

function tagged(next) {
  state.tags = next;
  asked += 1; // an answer that is on its way does not know of it
  askAgain();
  wish();
}

function say(next) {
  connection = next;
  if (next.kind === "gone") leave();
  wish();
}

// Deleted, whoever did that: nothing is asked any more, and nothing can be done but bringing it back.
function leave() {
  state.deleted = true;
  connection = { kind: "gone" };
  deleting.gone();
  drawWhetherDeleted();
}

async function comeBack() {
  state.deleted = false;
  drawWhetherDeleted();
  await reopen();
  if (state.deleted || !opened) return;
  stream.open();
  askForNotesAndFiles();
}

function drawWhetherDeleted() {
  for (const node of document.querySelectorAll("#tools, #actions, .tagging form")) node.hidden = state.deleted;
  trainLog.rest(state.deleted);
  hints.rest(state.deleted);
  wish();
}

function redrawAll() {
  EVERYTHING.forEach((prefix) => store.dirty.add(prefix));
}

function take(events) {
  if (keptBack) return keepBack(events);
  for (const [i, event] of events.entries()) {
    if (breaks(event)) return reopen(events.slice(i));
    apply(event);
  }
  wish();
}

function keepBack(events) {
  keptBack.push(...events);
  if (keptBack.length > MOST_KEPT_BACK) keptBack.splice(0, keptBack.length - MOST_KEPT_BACK);
}

function apply(event) {
  handlers[event.type]?.(state, event.data, event);
  if (event.type === "run_status" || event.type === "training_start")
    store.zero ||= state.startTime ? seconds(state.startTime) : 0;
  store.stepsPerEpoch = state.stepsPerEpoch;
  store.take(event);
  log.add(event);
  Object.assign(state, { lastMoment: event.timestamp, heardAt: Date.now() });
  dirty.events = true;
  consequences(event);
}

function consequences({ type, data }) {
  if (type === "training_start") dirty.about = dirty.results = true;
  if (type === "final_stats") dirty.results = true;
  if (type === "early_stopping") store.dirty.add("epoch"); // its mark
  if (["epoch_end", "early_stopping", "training_start", "training_end"].includes(type)) hints.ask();
  const diverged = type === "epoch_end" && data.metrics[`${data.phase}_loss`] === null; // it may have been noted
  if (["run_status", "training_start", "training_end"].includes(type) || diverged) askAgain();
}

// Everything anew, as it is now; what comes meanwhile waits. `events` are those that cannot be taken one by one.
async function reopen(events = []) {
  if (state.deleted) return;
  keptBack = events;
  try {
    const found = await fetchAll(detail.links, toolbar.by, say).catch((error) => {
      if (error.status !== 400) throw error;
      giveUpAxis(error);
      return fetchAll(detail.links, null, say);
    });
    open(found);
  } catch (error) {
    say({ kind: error.status === 404 ? "gone" : error.status ? "logged-out" : "refused" });
  }
}

function open({ snapshot, store: found }) {
  store = found;
  const { last_seq: last, series, events, counts } = snapshot;
  restore(
    state,
    snapshot,
    series.filter(({ name }) => name.startsWith("epoch/")),
  );
  log.restore(events, counts);
  curves.show(store);
  redrawAll();
  Object.assign(dirty, { results: true, about: true, events: true });
  opened = true;
  const waited = keptBack.filter((event) => event.seq > last);
  keptBack = null;
  stream.knows(last);
  hints.ask();
  take(waited.filter(({ type }) => type !== "skipped"));
}

// Along another axis: the curves alone are asked for; events meanwhile wait.
async function turn(by) {
  if (keptBack) return reopenLater();
  keptBack = [];
  try {
    const found = by ? await turned(detail.links, by, store) : (await fetchAll(detail.links, null, say)).store;
    [store, problem.textContent] = [found, ""];
  } catch (error) {
    giveUpAxis(error);
  }
  const waited = keptBack;
  keptBack = null;
  curves.show(store);
  redrawAll();
  take(waited);
}

const problem = find("axis-problem");

function giveUpAxis({ message }) {
  toolbar.giveUpAxis();
  setText(problem, message);
}

// The choice came while an answer was waited for: it holds as soon as that is there.
function reopenLater() {
  if (keptBack) setTimeout(reopenLater, 100);
  else turn(toolbar.by);
}

// Seconds in all attempts, by the server's clock: that of its last event, and what has passed here since.
function elapsed() {
  if (!state.startTime || !state.lastMoment) return null;
  if (!state.attemptStart) return state.spent;
  return (
    state.spent +
    Math.max(0, Date.parse(state.lastMoment) - Date.parse(state.attemptStart) + (Date.now() - state.heardAt)) / 1000
  );
}

function draw() {
  drawConnection(find("connection"), connection, {
    running: state.status === "in_progress",
    ended: ENDED.has(state.status),
  });
  if (!opened) return;
  header.draw({ ...state, elapsed: elapsed() });
  actions?.draw(state);
  deleting.draw(state);
  tags.draw(state);
  notifying.draw(state, doing(state));
  drawWaiting();
  hints.drawCountdown(state);
  find("queue-place").hidden = state.status !== "queued" || state.deleted;
  if (!document.hidden) drawWhatChanged();
}

function drawWhatChanged() {
  const prefixes = store.dirty;
  const weight = toolbar.weight;
  store.dirty = new Set();
  if (prefixes.has("epoch")) epochTable.draw(state);
  curves.draw(state, { health: hints.health, weight, prefixes });
  if (prefixes.has("usage") || prefixes.has("throughput")) machine.draw(state, store, weight);
  if (dirty.events) log.draw();
  trainLog.draw(state);
  if (dirty.results) drawResults(find("results"), find("splits"), state.finals, labels);
  if (dirty.about) drawAbout(find("about"), { detail, files, dataset: state.dataset, model: state.model });
  Object.assign(dirty, { results: false, about: false, events: false });
}

// What other runs do moves this one in the queue, without an event of its own: listened to as long as it waits.
let unfollow = null;
function drawWaiting() {
  const queued = state.status === "queued" && !state.deleted;
  moving?.draw({ queued, position: state.queuePosition, length: lengthOfQueue() });
  if (queued)
    unfollow ??= follow("/ws/runs/?only=queue", {
      onItem: ({ type, data }) => type === "queue" && takeQueue(data),
      onState() {},
      onMissed() {},
    });
  else unfollow = unfollow?.() ?? null;
}

onQueue(() => {
  const place = placeOf(detail.id);
  if (!place || state.status !== "queued") return;
  Object.assign(state, {
    queuePosition: place.queue_position,
    estimatedStart: place.estimated_start,
    waitsFor: place.waits_for,
  });
  wish();
});

// Notes and files are no events: ask for them when something happened, but not for every event of a long history.
let asking = null;
let asked = 0; // questions; an answer counts if it is to the last one
function askAgain(after = ASK_AGAIN_AFTER / 10) {
  asking ??= setTimeout(() => {
    asking = null;
    askForNotesAndFiles();
  }, after);
}

async function askForNotesAndFiles() {
  if (state.deleted) return;
  const question = ++asked;
  try {
    const [run, list] = await Promise.all([call(detail.links.self), call(detail.links.files)]);
    if (question !== asked) return;
    Object.assign(state, { notes: run.notes, tags: run.tags });
    if (run.status === state.status) {
      Object.assign(state, {
        stopRequest: run.stop_request,
        lastCheckpoint: run.last_checkpoint,
        spent: run.spent_seconds,
      });
    }
    if (ENDED.has(run.status) && run.status === state.status)
      Object.assign(state, { best: run.best, bestEpoch: run.best.epoch });
    files = list.files;
    store.dirty.add("epoch");
    dirty.about = true;
    wish();
  } catch (error) {
    if (!error.status || error.status >= 500) askAgain(ASK_AGAIN_AFTER);
  }
}

document.addEventListener("visibilitychange", () => document.hidden || pace.now());
setInterval(() => (known(elapsed()) || state.status === "queued") && wish(), 1000);
find("print").addEventListener("click", () => print());
stick(find("status-bar"));
offerCopies(find("copies"), detail.config);
drawConnection(find("connection"), connection, {});
header.draw({ ...state, elapsed: null });
await reopen();
if (opened) stream.open();
askForNotesAndFiles();
