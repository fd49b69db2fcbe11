// The live page of one run: opens with a snapshot, continues with each event, and draws what has changed. Which state
// it is in decides what happens to events and requests; see page_state.js.

import { Stream } from "../events/stream.js";
import { statusOf } from "../frame/api.js";
import { ENDED } from "../frame/format.js";
import { axesFor } from "./curves/curve_kinds.js";
import { CurveStore } from "./curves/curve_store.js";
import { DetailRefresher } from "./detail_refresher.js";
import { DrawScheduler } from "./draw_scheduler.js";
import { HeldEvents } from "./held_events.js";
import { PageState, SIGNALS } from "./page_state.js";
import { PageView } from "./page_view.js";
import { SnapshotLoader } from "./snapshot_loader.js";
import { applyEvent, changesWithTime, needsSnapshot, newState, restore } from "./state.js";
import { seconds } from "./timestamps.js";

const HINTS_CHANGE = ["epoch_end", "early_stopping", "training_start", "training_end"];
const DETAILS_CHANGE = ["run_status", "training_start", "training_end"];
const AXIS_RETRY = 100; // milliseconds

export class RunPage {
  #state;
  #store = new CurveStore(axesFor(null), { zero: 0, stepsPerEpoch: null });
  #page = new PageState();
  #held = new HeldEvents();
  #connection = { kind: "connecting" };
  #hasSnapshot = false; // until then the page stays as the server wrote it
  #point = ""; // the operating point that was drawn
  #loads = 0; // an answer counts if it is to the newest request

  // `detail` and `labels` as the page contains them; `mayAct`: whether the reader may change the run.
  constructor({ detail, labels, snapshotAddress, mayAct }) {
    this.#state = newState(detail);
    this.#point = JSON.stringify(this.#state.operatingPoint);
    this.scheduler = new DrawScheduler(() => this.#draw());
    this.loader = new SnapshotLoader(detail.links, snapshotAddress, (trouble) => this.#setConnection(trouble));
    this.details = new DetailRefresher(detail.links, this.#state, {
      isPaused: () => this.#page.is("deleted"),
      onAnswer: () => {
        this.#store.dirty.add("epoch");
        this.view.dirty.about = true;
        this.#takePoint();
        this.requestDraw();
      },
    });
    this.view = new PageView(detail, this.#state, { labels, mayAct, details: this.details, page: this });
    this.stream = new Stream({
      links: detail.links,
      target: 0,
      onEvents: (events) => this.#receive(events),
      onState: (connection) => this.#setConnection(connection),
      onTouched: () => this.details.request(),
    });
  }

  async start() {
    document.addEventListener("visibilitychange", () => document.hidden || this.scheduler.drawNow());
    setInterval(() => this.#tick(), 1000);
    this.view.drawFirst(this.#connection);
    await this.#load();
    if (this.#hasSnapshot) this.stream.open();
    this.details.ask();
  }

  requestDraw() {
    this.scheduler.requestDraw();
  }

  // --- the reader's choices ---

  // Along another axis: the curves alone are asked for; events meanwhile are held.
  async changeAxis(by) {
    if (this.#page.is("loading")) return this.#changeAxisLater();
    const load = this.#beginLoading();
    try {
      const store = by ? await this.loader.loadAlong(by, this.#store) : (await this.loader.load(null)).store;
      if (load !== this.#loads) return;
      this.#store = store;
      this.view.showAxisProblem("");
    } catch (error) {
      if (load !== this.#loads) return;
      this.view.resetAxis(error.message);
    }
    this.#store.markAllDirty();
    this.#finishLoading("loaded");
    this.#receive(this.#held.release());
  }

  // The choice came while an answer was awaited: it holds as soon as that is there.
  #changeAxisLater() {
    setTimeout(() => {
      if (this.#page.is("loading")) this.#changeAxisLater();
      else if (!this.#page.is("deleted")) this.changeAxis(this.view.axis);
    }, AXIS_RETRY);
  }

  loadDetail(prefix, range) {
    return this.loader.loadDetail(this.#store, prefix, range);
  }

  redrawAllCurves() {
    this.#store.markAllDirty();
    this.requestDraw();
  }

  drawAllCurves() {
    this.#store.markAllDirty();
    this.scheduler.drawNow();
  }

  redrawMachine() {
    this.#store.dirty.add("usage").add("throughput");
    this.requestDraw();
  }

  redrawGradients() {
    this.#store.dirty.add("gradient");
    this.requestDraw();
  }

  // Somebody may have saved or withdrawn an operating point: what follows from it is drawn again.
  #takePoint() {
    const point = JSON.stringify(this.#state.operatingPoint);
    if (point !== this.#point) this.view.dirty.results = true;
    this.#point = point;
  }

  // As the server answered to a change of name or description.
  takeOver(run) {
    this.details.discardPending();
    this.details.take(run);
    this.requestDraw();
  }

  setTags(tags) {
    this.#state.tags = tags;
    this.details.discardPending();
    this.details.request();
    this.requestDraw();
  }

  // Nothing is asked for any more, and nothing can be done but restoring the run.
  showDeleted(kind = "gone") {
    if (kind === "missing" && this.#page.is("deleted")) return;
    this.#page.signal("deleted");
    Object.assign(this.#state, { deleted: true, goneAs: kind });
    this.#connection = { kind };
    this.view.showDeleted(true);
    this.requestDraw();
  }

  async showRestored() {
    this.#page.signal("restored");
    this.#state.deleted = false;
    this.#connection = { kind: "connecting" };
    this.view.showDeleted(false);
    this.requestDraw();
    await this.#load();
    if (this.#page.is("deleted") || !this.#hasSnapshot) return;
    this.stream.open();
    this.details.ask();
  }

  // --- the connection ---

  #setConnection(connection) {
    this.#connection = connection;
    if (SIGNALS[connection.kind] === "deleted") return this.showDeleted(connection.kind);
    this.#followConnection();
    this.requestDraw();
  }

  #followConnection() {
    const signal = SIGNALS[this.#connection.kind];
    if (signal) this.#page.signal(signal);
    this.#page.signal(ENDED.has(this.#state.status) ? "run_ended" : "run_continued");
  }

  // --- loading ---

  #beginLoading(items = []) {
    this.#page.signal("load");
    this.#held.restart(items);
    return ++this.#loads;
  }

  #finishLoading(signal) {
    this.#page.signal(signal);
    this.#followConnection();
  }

  // Everything as it is now; what arrives meanwhile is held. `items` are those that cannot be applied one by one.
  async #load(items = []) {
    if (this.#page.is("deleted")) return;
    const load = this.#beginLoading(items);
    try {
      const found = await this.#loadAlongChosenAxis();
      if (load === this.#loads && !this.#page.is("deleted")) this.#open(found);
    } catch (error) {
      if (load === this.#loads) this.#failLoading(statusOf(error));
    }
  }

  async #loadAlongChosenAxis() {
    try {
      return await this.loader.load(this.view.axis);
    } catch (error) {
      if (statusOf(error) !== 400) throw error;
      this.view.resetAxis(error.message);
      return this.loader.load(null);
    }
  }

  // Final: the server refuses. The page stays in `loading`, since events without their snapshot mean nothing.
  #failLoading(status) {
    this.#setConnection({ kind: status === 404 ? "missing" : status ? "logged-out" : "refused" });
  }

  #open({ snapshot, store }) {
    this.#store = store;
    restore(this.#state, snapshot);
    this.view.restoreLog(snapshot);
    this.#store.markAllDirty();
    this.view.markAllDirty();
    this.#hasSnapshot = true;
    this.stream.skipTo(snapshot.last_seq);
    this.view.hints.ask();
    this.#finishLoading("loaded");
    const newer = this.#held.release().filter(({ type, seq }) => type !== "skipped" && seq > snapshot.last_seq);
    this.#receive(newer);
  }

  // --- events ---

  #receive(items) {
    if (this.#page.is("loading")) return this.#held.add(items);
    for (const [i, item] of items.entries()) {
      if (needsSnapshot(item)) return this.#load(items.slice(i));
      this.#apply(item);
    }
    this.requestDraw();
  }

  #apply(event) {
    const [state, store] = [this.#state, this.#store];
    applyEvent(state, event);
    if (event.type === "run_status" || event.type === "training_start")
      store.zero ||= state.startTime ? seconds(state.startTime) : 0;
    store.stepsPerEpoch = state.stepsPerEpoch;
    store.add(event);
    this.view.addToLog(event);
    this.#followUp(event);
  }

  #followUp({ type, data }) {
    const { dirty, hints } = this.view;
    if (type === "training_start") dirty.about = dirty.results = true;
    if (type === "final_stats" || type === "run_status") dirty.results = true;
    if (type === "early_stopping") this.#store.dirty.add("epoch"); // its mark
    if (HINTS_CHANGE.includes(type)) hints.ask();
    const diverged = type === "epoch_end" && data.metrics[`${data.phase}_loss`] === null; // a note may say so
    if (DETAILS_CHANGE.includes(type) || diverged) this.details.request();
    if (type === "run_status") this.#followConnection();
  }

  // --- drawing ---

  #tick() {
    if (changesWithTime(this.#state, this.#connection)) this.requestDraw();
  }

  #draw() {
    document.documentElement.dataset.page = this.#page.name;
    this.view.drawConnection(this.#connection);
    if (this.#hasSnapshot) this.view.draw(this.#store);
  }
}
