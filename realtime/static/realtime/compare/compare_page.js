// The page that compares runs: what the address asks for is fetched, drawn, and kept up to date while the runs train.

import { connectListSocket } from "../events/list_socket.js";
import { drawConnection } from "../frame/connection.js";
import { deletedNotice } from "../frame/deleted_run.js";
import { arrange, setText } from "../frame/dom.js";
import { ENDED } from "../frame/format.js";
import { CompareView } from "./compare_view.js";
import { DEFAULT_CURVES } from "./curves.js";
import { runLabel } from "./run_look.js";
import { offerRuns, runsNamed } from "./run_search.js";
import { fetchCurves, fetchDifferences, fetchFinals, fetchNames, fetchRuns } from "./runs.js";
import { MOST_RUNS } from "./address.js";
import { State } from "./state.js";
import { comparable } from "./warnings.js";

const REFRESH_AFTER = 2000; // milliseconds, while a run trains

const find = (id) => document.getElementById(id);
const noticeOf = (id) => find("gone").querySelector(`[data-run="${id}"]`);
const stateOf = (runs) => JSON.stringify(runs.map(({ id, status, experiment_name: name }) => [id, status, name]));

export class ComparePage {
  #runs = [];
  #names = []; // of the curves that there are
  #finals = new Map();
  #differences = {}; // by split
  #connection = { kind: "connecting" };
  #refreshing = null;
  #requests = 0; // an answer counts if it is to the newest request
  #loading = Promise.resolve(); // the newest request
  #labels = new Map(); // run id -> its label when it was seen last
  #deleted = new Set(); // those that were deleted while the page was open

  constructor({ labels, lowerIsBetter }) {
    this.state = new State(() => this.draw());
    this.view = new CompareView(this, { labels, lowerIsBetter });
    offerRuns(find("add"), find("offered"));
    find("add-form").addEventListener("submit", (event) => this.#addRuns(event));
  }

  start() {
    setInterval(() => this.#setConnection(this.#connection), 1000);
    this.draw();
    this.#load();
    connectListSocket("/ws/runs/", {
      onItem: (item) => this.#receive(item),
      onState: (connection) => this.#setConnection(connection),
      onMissed: (first) => this.#loadWhatIsMissed(first),
    });
  }

  get curveNames() {
    const { metrics } = this.state;
    const names = metrics.length ? metrics : DEFAULT_CURVES.filter((name) => this.#names.includes(name));
    return comparable(names, this.#runs);
  }

  // --- requests ---

  #load() {
    return (this.#loading = this.#loadNow());
  }

  async #loadNow() {
    const request = ++this.#requests;
    try {
      const found = await fetchRuns(this.state.runs.filter((id) => !this.#deleted.has(id)));
      const ids = found.runs.map(({ id }) => id);
      const [names, finals] = await Promise.all([fetchNames(ids), fetchFinals(ids)]);
      if (request !== this.#requests) return;
      [this.#runs, this.#names, this.#finals] = [found.runs, names, finals];
      this.#showProblem("");
      this.#showMissing([...this.#deleted, ...found.missing].filter((id) => this.state.runs.includes(id)));
      for (const run of this.#runs) this.#labels.set(run.id, runLabel(run));
      this.#loadDifferences(ids);
      this.#drawExternal(found.runs);
      await this.#loadCurves(request);
    } catch (error) {
      if (request === this.#requests) this.#showProblem(error.message);
    }
  }

  // A comparison takes the server long: right after the page was opened, only where a run is another one by now.
  async #loadWhatIsMissed(first) {
    await this.#loading;
    if (!first) return this.#load();
    const found = await fetchRuns(this.state.runs.filter((id) => !this.#deleted.has(id))).catch(() => null);
    if (found && stateOf(found.runs) !== stateOf(this.#runs)) await this.#load();
  }

  // Reading all predictions takes a while: the page does not wait for it.
  async #loadDifferences(ids) {
    const found = await fetchDifferences(ids).catch(() => ({}));
    if (ids.join() !== this.#ids.join()) return;
    this.#differences = found;
    this.draw();
  }

  // Those of a page that is being left are not loaded any more, which is no fault of the comparison.
  async #drawExternal(runs) {
    const { drawExternal } = await import("./external_tests.js").catch(() => ({}));
    await drawExternal?.(runs);
  }

  async #loadCurves(request = ++this.#requests) {
    const found = await fetchCurves(this.#ids, this.curveNames, this.state.by);
    if (request !== this.#requests) return;
    this.view.curves.put(found);
    this.draw();
  }

  reloadCurves() {
    return this.#loadCurves().catch(({ message }) => this.#showProblem(message));
  }

  // More detail of one curve within a range; null is all of it.
  async loadDetail(name, range) {
    if (!range) return this.reloadCurves();
    const found = await fetchCurves(this.#ids, [name], this.state.by, range).catch(() => null);
    if (!found) return;
    this.view.curves.put(found, [name]);
    this.view.drawCurves(this.#runs);
  }

  get #ids() {
    return this.#runs.map(({ id }) => id);
  }

  // --- which runs ---

  async #addRuns(event) {
    event.preventDefault();
    let ids;
    try {
      ids = await runsNamed(find("add").value);
    } catch ({ message }) {
      return this.#showProblem(message);
    }
    const wanted = [...new Set([...this.state.runs, ...ids])];
    if (wanted.length > MOST_RUNS)
      return this.#showProblem(`At most ${MOST_RUNS} runs can be compared; remove some first.`);
    find("add").value = "";
    this.state.set({ runs: wanted });
    await this.#load();
  }

  removeRun(id) {
    noticeOf(id)?.remove();
    this.#runs = this.#runs.filter((run) => run.id !== id);
    this.state.set({ runs: this.state.runs.filter((other) => other !== id) });
  }

  #showProblem(text) {
    find("problem").hidden = !text;
    setText(find("problem"), text);
  }

  // A run that does not exist (any more) is left out, and named; a notice that is shown already stays as it is.
  #showMissing(ids) {
    const shown = new Map([...find("gone").children].map((node) => [Number(node.dataset.run), node]));
    const text = (id) =>
      this.#labels.has(id)
        ? `Run ${this.#labels.get(id)} was deleted${this.#deleted.has(id) ? "" : ", or you may no longer see it"}.`
        : `There is no run ${id} (any more).`;
    arrange(
      find("gone"),
      ids.map((id) => shown.get(id) ?? deletedNotice(id, text(id), () => this.#restored(id))),
    );
  }

  #restored(id) {
    this.#deleted.delete(id);
    return this.#load();
  }

  // --- updates ---

  #receive({ type, data, run_id: id }) {
    if (type === "run_deleted" && this.state.runs.includes(id)) {
      if (!this.#deleted.has(id)) noticeOf(id)?.remove(); // one that did not know why the run was missing
      this.#deleted.add(id);
      return this.#load();
    }
    if (type === "run_withdrawn" && this.#ids.includes(id)) return this.#load();
    if (type !== "run_summary") return;
    if (this.#deleted.has(id) || noticeOf(id)) return this.#restored(id);
    const run = this.#runs.find((one) => one.id === id);
    if (run) this.#update(run, data);
  }

  #update(run, data) {
    const ended = ENDED.has(data.status) && run.status !== data.status;
    Object.assign(run, data);
    if (ended) return this.#load();
    if (this.#refreshing !== null) return;
    this.#refreshing = setTimeout(() => {
      this.#refreshing = null;
      if (!document.hidden) this.#loadCurves().catch(() => {});
    }, REFRESH_AFTER);
  }

  #setConnection(connection) {
    this.#connection = connection;
    const ended = this.#runs.length > 0 && this.#runs.every(({ status }) => ENDED.has(status));
    drawConnection(find("connection"), connection, { running: false, ended });
  }

  draw() {
    this.#runs = this.state.runs.map((id) => this.#runs.find((run) => run.id === id)).filter(Boolean);
    this.view.draw({ runs: this.#runs, names: this.#names, finals: this.#finals, differences: this.#differences });
  }
}
