// The parts of a run's page, and which of them must be drawn.

import { drawConnection } from "../frame/connection.js";
import { setText } from "../frame/dom.js";
import { ENDED } from "../frame/format.js";
import { Actions } from "./actions/actions.js";
import { Description } from "./actions/description.js";
import { changeAddress } from "./cures.js";
import { Header } from "./header.js";
import { Hints } from "./hints.js";
import { progressText } from "./progress_text.js";
import { drawingOfResult, ResultParts } from "./result_parts.js";
import { elapsedSeconds } from "./state.js";
import { Arrangement } from "./sections/arrangement.js";
import { readerMoves } from "./sections/reader_moves.js";
import { Tags } from "./actions/tags.js";
import { Toolbar } from "./curves/toolbar.js";

const SETTLED_AFTER = 2500; // milliseconds, whatever is still on its way
const WAITING = new Set(["in_progress", "cancelling"]); // their curves may still come
const find = (id) => document.getElementById(id);

export class PageView {
  dirty = { results: true, about: true, events: true };
  #coming = []; // what is drawn a little after the rest
  #lower = new Set(); // what is still to be drawn below the first screen
  #unlogged = []; // what the log has to do when it is there
  #tellDrawn;
  #drawnFirst = new Promise((drawn) => (this.#tellDrawn = drawn));

  // `page`: the RunPage, which handles what the reader does.
  constructor(detail, state, { labels, mayAct, details, page }) {
    Object.assign(this, { detail, state, labels, details, page });
    // A completed run changes no more: its first screen is its result, and what is below waits for a reader.
    this.isLong = detail.status === "completed" && Boolean(detail.final);
    this.reader = this.isLong && !location.hash ? readerMoves() : null;
    if (this.isLong) drawingOfResult().catch(() => {}); // on its way while the page waits for the numbers
    this.#makeCharts();
    this.#makeLogs();
    this.#makeControls(mayAct);
    this.#later(import("./sticky_bar.js").then(({ makeSticky }) => makeSticky(find("status-bar"))));
    // Few readers copy: the script is loaded when one does.
    find("copies").addEventListener("click", async ({ target: { dataset } }) => {
      if (dataset.copy) (await import("./actions/copy_config.js")).copiers[dataset.copy](detail.config);
    });
    find("share")?.addEventListener("click", async () =>
      (await import("../shared/share_dialog.js")).shareRun(detail.id),
    );
    find("print").addEventListener("click", async () =>
      (await import("./printing.js")).printRun(find("print"), this.#allDrawn()),
    );
  }

  #makeCharts() {
    const { page, detail } = this;
    this.arrangement = new Arrangement();
    this.result = new ResultParts(this, {
      below: (work, again) => this.#below(work, again),
      later: (work, again) => this.#later(work, again),
      now: (work, again) => this.#below(work, again, null),
    });
    this.#load(
      "curves",
      async () => (await import("./curves/curves.js")).makeCurves(find("lead-curves"), find("curves"), page),
      (made) => {
        this.curves = made;
        page.drawAllCurves(); // before what is below them is shown
        return made;
      },
    );
    this.#load(
      "machine",
      () => import("./machine.js"),
      ({ Machine }) => {
        page.redrawMachine();
        return new Machine(find("machine"), find("machine-charts"), find("machine-facts"));
      },
    );
    const opened = new Promise((open) => find("epochs").addEventListener("toggle", open, { once: true }));
    opened
      .then(() => import("./curves/epoch_table.js"))
      .then(({ EpochTable }) => {
        this.epochTable = new EpochTable(find("epochs"), detail.links.series, () => this.epochTable.draw(this.state));
        this.epochTable.draw(this.state);
      })
      .catch(() => {}); // the server is away
    this.toolbar = new Toolbar(find("by"), find("smooth"), {
      onAxis: (by) => page.changeAxis(by),
      onSmoothing: () => page.redrawAllCurves(),
    });
    const places = { section: find("hints"), container: find("hint-cards"), countdown: find("countdown") };
    const onUpdate = () => page.redrawGradients();
    this.hints = new Hints(places, detail.links.hints, { mayStop: !this.isLong, onUpdate });
  }

  #makeLogs() {
    const { links, config } = this.detail;
    this.#load(
      "log",
      () => import("./log/event_log.js"),
      ({ EventLog }) => {
        const made = new EventLog(find("log"), links.events);
        for (const act of this.#unlogged) act(made);
        made.draw();
        return made;
      },
    );
    this.#load(
      "trainLog",
      () => import("./log/train_log.js"),
      ({ TrainLog, processCount }) => {
        const made = new TrainLog(find("train-log"), links.log, { ranks: processCount(config) });
        made.draw(this.state);
        made.setPaused(this.state.deleted);
        return made;
      },
    );
  }

  #makeControls(mayAct) {
    const { page, detail, state } = this;
    const { id, experiment_name: name, links, config } = detail;
    this.header = new Header({ id, config, report: find("report").getAttribute("href") });
    this.tags = new Tags(find("tags"), id, { may: mayAct, onChange: (tags) => page.setTags(tags) });
    if (find("warnings")?.childElementCount)
      this.#later(import("./sections/note_lines.js").then(({ watchNotes }) => watchNotes(find("warnings"))));
    if (!this.isLong)
      this.#load(
        "notification",
        () => import("./actions/end_notification.js"),
        ({ EndNotification }) => new EndNotification(find("end-notification"), { id, name }),
      );
    const handlers = { may: mayAct, onDeleted: () => page.showDeleted(), onRestored: () => page.showRestored() };
    this.#later(
      import("./actions/deletion.js").then(({ Deletion }) => {
        const made = new Deletion(find("tools"), find("deleted"), detail, handlers);
        made.draw(this.state);
        if (this.state.deleted) made.showDeleted(this.state.goneAs);
        this.deletion = made;
      }),
    );
    // A new run has a page of its own; what changes on this one arrives as an event.
    const acted = ({ links: found }) => (found?.page ? location.assign(found.page) : this.details.request());
    this.actions = mayAct ? new Actions(find("actions"), { ...links, change: changeAddress(id) }, acted) : null;
    this.description = new Description(links.self, (run) => page.takeOver(run));
    const queued = { buttons: mayAct ? find("move-buttons") : null, onChange: () => page.requestDraw() };
    if (!this.isLong)
      this.#load(
        "queue",
        () => import("./queue_watcher.js"),
        ({ QueueWatcher }) => new QueueWatcher(id, state, { ...queued, moveLink: links.move }),
      );
  }

  // What no first screen needs follows the scripts that draw it; until it is there nobody can have used it.
  #load(name, script, make) {
    this.#below(() => script().then((found) => (this[name] = make(found)))); // the server is away: what was drawn stays
  }

  // What is below the first screen waits for a reader.
  #below(work, again = () => {}, reader = this.reader) {
    const done = (reader ? reader.then(work) : work()).catch(again).then(() => this.#lower.delete(done));
    this.#lower.add(done);
    if (!this.reader) this.#later(done);
  }

  // What is drawn may bring more with it.
  async #allDrawn() {
    await this.#drawnFirst;
    while (this.#lower.size) await Promise.all(this.#lower);
    await this.result.pictures?.();
  }

  // What fails is done too. `again()` draws it with what comes next.
  #later(work, again = () => {}) {
    const done = work.catch(again);
    if (!this.settling) this.#coming.push(done);
  }

  // What is below would be pushed down by what comes: it is shown when all has its place.
  async #settle() {
    this.settling = true;
    await Promise.race([Promise.all(this.#coming), new Promise((done) => setTimeout(done, SETTLED_AFTER))]);
    this.hints.drawCountdown(this.state);
    this.#show();
    while (this.#lower.size) await Promise.all(this.#lower);
    if (!this.reader) await this.result.pictures?.(); // nobody moves: it may be for paper
    document.documentElement.dataset.complete = ""; // programs that print the page wait for it
  }

  #show() {
    if ("settled" in document.documentElement.dataset) return;
    document.documentElement.dataset.settled = "";
    this.index?.draw();
    this.index?.reveal();
  }

  get axis() {
    return this.toolbar.by;
  }

  // Back to each curve's own axis, with the reason.
  resetAxis(problem) {
    this.toolbar.resetAxis();
    this.showAxisProblem(problem);
  }

  showAxisProblem(text) {
    setText(find("axis-problem"), text);
  }

  showDeleted(deleted) {
    if (deleted) this.deletion?.showDeleted(this.state.goneAs);
    for (const node of document.querySelectorAll("#tools, #actions, .tagging form")) node.hidden = deleted;
    this.trainLog?.setPaused(deleted);
    this.hints.setPaused(deleted);
  }

  restoreLog({ events, counts }) {
    this.#toLog((log) => log.restore(events, counts));
  }

  addToLog(event) {
    this.#toLog((log) => log.add(event));
    this.dirty.events = true;
  }

  #toLog(act) {
    if (this.log) act(this.log);
    else this.#unlogged.push(act);
  }

  markAllDirty() {
    Object.assign(this.dirty, { results: true, about: true, events: true });
  }

  // Before anything is known but the run's own row.
  drawFirst(connection) {
    drawConnection(find("connection"), connection, {});
    this.header.draw({ ...this.state, elapsed: null }, false);
    this.description.draw(this.state);
    this.actions?.draw(this.state);
    this.tags.draw(this.state);
    const lowerDone = this.reader?.then(() => Promise.all(this.#lower));
    this.#later(
      import("./sections/section_index.js").then(
        ({ SectionIndex }) => (this.index = new SectionIndex(find("sections"), find("status-bar"), lowerDone)),
      ),
    );
    this.#later(this.hints.first);
    setTimeout(() => this.#show(), 2 * SETTLED_AFTER); // where there is no answer to draw
  }

  drawConnection(connection) {
    const { status } = this.state;
    const run = { running: status === "in_progress", ended: ENDED.has(status) };
    drawConnection(find("connection"), connection, run);
  }

  draw(store) {
    const { state } = this;
    this.header.draw({ ...state, elapsed: elapsedSeconds(state) });
    this.actions?.draw(state);
    this.deletion?.draw(state);
    this.tags.draw(state);
    this.description.draw(state);
    this.notification?.draw(state, progressText(state));
    this.queue?.draw(state);
    this.hints.drawCountdown(state);
    this.hints.tellElsewhere(state.notes);
    find("clone").hidden = state.status === "failed" && Boolean(this.actions); // there it comes first
    this.#later(this.#drawLogTail());
    find("queue-place").hidden = state.status !== "queued" || state.deleted;
    if (!document.hidden) this.#drawWhatChanged(store);
    this.#tellDrawn();
    if (!this.settling) this.#settle();
  }

  // Few runs fail: the script is loaded when one has.
  async #drawLogTail() {
    const { status, attempt, deleted } = this.state;
    const wanted = status === "failed" && !deleted ? attempt : null;
    if (wanted === this.tailOf) return;
    this.tailOf = wanted;
    find("log-tail").hidden = true;
    if (wanted === null) return;
    const { drawLastLines } = await import("./log/log_tail.js");
    await drawLastLines(this.detail.links.log, () => this.tailOf === wanted);
  }

  #drawWhatChanged(store) {
    const { state, dirty } = this;
    const { weight } = this.toolbar;
    const prefixes = store.takeDirty();
    if (prefixes.has("epoch")) this.#drawEpochs(state);
    this.curves?.draw(state, { store, health: this.hints.health, weight, prefixes });
    find("curves-part").hidden = this.curves && !this.curves.showFilled(WAITING.has(state.status));
    this.arrangement.draw(ENDED.has(state.status));
    if (prefixes.has("usage") || prefixes.has("throughput")) this.machine?.draw(state, store, weight);
    if (dirty.events) this.log?.draw();
    this.trainLog?.draw(state);
    if (dirty.results) this.result.draw();
    if (dirty.about) this.#drawAbout();
    setText(find("test-looks"), state.testSplit?.text ?? "");
    this.dirty = { results: false, about: false, events: false };
  }

  #drawEpochs(state) {
    this.epochTable?.draw(state);
    if (state.epochs.size)
      this.#below(() => import("./epoch_matrix/section.js").then(({ drawEpochMatrix }) => drawEpochMatrix(state)));
  }

  // Their scripts are loaded when the page has drawn what is live.
  #drawAbout() {
    const { detail, state, details } = this;
    const again = () => (this.dirty.about = true); // the server is away: again with what comes next
    const known = { detail, state, details };
    this.#below(() => import("./facts/about.js").then(({ drawAbout }) => drawAbout(find("about"), known)), again);
    if (state.status !== "queued")
      this.#below(() => import("../reading/run_data.js").then(({ drawRunData }) => drawRunData(detail, state)), again);
    if (state.execution.length)
      this.#below(
        () => import("./facts/execution.js").then(({ drawExecution }) => drawExecution(detail, state)),
        again,
      );
    if (this.state.recalibration)
      this.#below(
        () => import("./recalibration/section.js").then(({ drawRecalibration }) => drawRecalibration(this.state)),
        again,
      );
  }
}
