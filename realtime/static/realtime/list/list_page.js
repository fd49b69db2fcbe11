// The page of all runs: pages from the REST API as the address asks for them, kept up to date by ws/runs/.

import { LONGEST_DELAY } from "../events/backoff.js";
import { connectListSocket } from "../events/list_socket.js";
import { ApiError, call, statusOf } from "../frame/api.js";
import { drawConnection } from "../frame/connection.js";
import { el, setText } from "../frame/dom.js";
import { plural } from "../frame/format.js";
import { onQueue, updateQueue } from "../queue/queue_state.js";
import { BulkActions } from "./bulk_actions.js";
import { columnPicker } from "./columns/column_picker.js";
import { DEFAULT_COLUMNS } from "./columns/column_keys.js";
import { columnsOf } from "./columns/columns.js";
import { drawCount, Filters } from "./filters.js";
import { Groups } from "./groups.js";
import { registerListKeys } from "./keyboard_navigation.js";
import { ListControls } from "./list_controls.js";
import { matches } from "./matching.js";
import { NewRuns } from "./new_runs.js";
import { ScrollPosition } from "./scroll_position.js";
import { Selection } from "./selection.js";
import { NEWEST_FIRST } from "./address.js";
import { State } from "./state.js";
import { RunTable } from "./table.js";

const [SOON, LATER, COUNT_EVERY] = [300, 4000, 5000]; // milliseconds

const find = (id) => document.getElementById(id);

export class ListPage {
  #hasPage = false;
  #isWhole = false; // whether the page has all runs, nothing before or after it
  #isSorted = true; // whether its order still holds
  #requests = 0; // an answer counts if it is to the newest request
  #lists = 0; // a count is of the list that was asked for last
  #loading = Promise.resolve(); // the newest request
  #refreshing = null;
  #counting = null;
  #connection = { kind: "connecting" };
  #knownColumns = null;

  // `source`: {api, websocket, newest}, as the page has them.
  constructor(source) {
    this.source = source;
    this.state = new State(() => this.#changed());
    this.ofDeleted = this.state.deleted;
    this.newRuns = new NewRuns(Number(source.newest));
    this.controls = new ListControls(this.state);
    this.filters = new Filters(find("menus"), find("chips"), this.state, source.api);
    this.selection = new Selection(
      () => [...this.flat.rows.values()].map(({ run }) => run),
      () => this.#drawSelection(),
    );
    this.#makeTables();
    this.bulkActions = new BulkActions(find("selection"), this.state, {
      selection: this.selection,
      api: source.api,
      known: async () => (await this.filters.facets("tag")).tag.map(({ value }) => value),
      onDone: (action, ids) => this.#acted(action, ids),
    });
    this.position = new ScrollPosition({
      more: () => ({ selected: this.selection.ids, open: this.groups.openKeys }),
      onReturn: ({ selected, open }) => (this.#selectShown(new Set(selected)), this.groups.open(open)),
    });
    this.#listen();
  }

  #makeTables() {
    const { state, selection, source } = this;
    const options = {
      selection,
      staff: Boolean(find("queue").dataset.staff),
      onTag: (tag) => state.set({ tag: [...new Set([...state.tag, tag])] }),
    };
    const onSort = (column) => this.#sort(column);
    this.flat = new RunTable(find("table"), { ...options, caption: "Runs", onSort });
    this.groups = new Groups(find("grouped"), {
      ...options,
      state,
      api: source.api,
      columns: () => columnsOf(state.columns),
      onShowAll: (key) => state.set({ by: "", [state.by]: [String(key)] }),
    });
  }

  #listen() {
    const known = async () => this.#knownColumns ?? (await this.filters.facets()).columns;
    find("toolbar").append(columnPicker(this.state, known));
    find("fresh").addEventListener("click", () => this.#showNewRuns());
    registerListKeys({
      onSelect: (id) =>
        this.#tables.forEach((table) => table.rows.has(id) && this.selection.click(table.rows.get(id).run)),
      onCompare: () => this.bulkActions.compare(),
      onClear: () =>
        document.querySelector("details.menu[open]") || !this.selection.runs.size ? false : this.selection.clear(),
    });
    onQueue(() => {
      for (const table of this.#tables)
        for (const { run } of table.rows.values()) if (run.status === "queued") table.fill(run);
    });
  }

  start() {
    setInterval(() => this.#setConnection(this.#connection), 1000);
    this.#drawControls();
    this.#load();
    connectListSocket(this.source.websocket, {
      onItem: (item) => this.#receive(item),
      onState: (connection) => this.#setConnection(connection),
      onMissed: () => this.#loadAgain(),
      onAccessChanged: () => (this.selection.clear(), this.#load()),
    });
  }

  get #tables() {
    return this.state.by ? this.groups.tables : [this.flat];
  }

  // --- requests ---

  #changed() {
    if (this.ofDeleted !== this.state.deleted) this.selection.clear(); // no action applies to both kinds
    this.ofDeleted = this.state.deleted;
    this.#drawControls();
    this.#load();
  }

  #address() {
    const { state, source } = this;
    const query = new URLSearchParams([...state.filters(), ...(state.by ? [["by", state.by]] : state.extras)]);
    if (!state.by && state.ordering !== NEWEST_FIRST) query.set("ordering", state.ordering);
    if (state.cursor) query.set("cursor", state.cursor);
    return `${source.api}${state.by ? "grouped/" : ""}?${query}`;
  }

  #load(how) {
    this.#loading = this.#loadNow(how);
  }

  // After the answer that is on its way: the reader waits for it.
  async #loadAgain() {
    await this.#loading;
    const before = this.#shownIds;
    this.#load({ quiet: true });
    await this.#loading;
    if (this.#shownIds !== before) this.#countSoon(SOON);
  }

  get #shownIds() {
    return [...this.flat.rows.keys()].join();
  }

  // `quiet`: the same list as before, as it is now.
  async #loadNow({ quiet = false } = {}) {
    const request = ++this.#requests;
    if (!quiet) this.#lists += 1;
    clearTimeout(this.#refreshing);
    this.#refreshing = null;
    if (!quiet) find("shown").setAttribute("aria-busy", "true");
    try {
      const page = await call(this.#address());
      if (request !== this.#requests) return;
      this.#show(page, quiet);
    } catch (error) {
      if (request === this.#requests) this.#failed(error);
    }
    if (request === this.#requests && !quiet) this.#countSoon(0);
  }

  #failed(error) {
    const { state, controls } = this;
    find("loading").hidden = true;
    find("shown").removeAttribute("aria-busy");
    if (!(error instanceof ApiError) || error.status >= 500) {
      if (!this.flat.rows.size) controls.showProblem("The server does not answer. This page tries again.");
      return this.#refreshAfter(LONGEST_DELAY);
    }
    if ([401, 403].includes(statusOf(error))) return this.#setConnection({ kind: "logged-out" });
    const defaults = { ...state.cleared, ordering: NEWEST_FIRST, columns: DEFAULT_COLUMNS, by: "", cursor: "" };
    const reset = el("button", { type: "button", click: () => state.set(defaults) }, "Show all runs with the defaults");
    controls.showProblem(error.message, reset);
  }

  #refreshAfter(delay) {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = null;
      if (!document.hidden) return this.#load({ quiet: true });
      document.addEventListener("visibilitychange", () => this.#refreshAfter(0), { once: true });
    }, delay);
  }

  #countSoon(delay) {
    if (delay === 0) clearTimeout(this.#counting);
    else if (this.#counting) return;
    this.#counting = setTimeout(() => this.#count(), delay);
  }

  async #count() {
    this.#counting = null;
    const list = this.#lists;
    const found = await this.filters.facets().catch(() => null);
    if (!found || list !== this.#lists) return;
    this.#knownColumns = found.columns;
    drawCount(find("count"), found.count, !this.state.isFiltered && !this.state.search);
  }

  // --- what is shown ---

  #show({ results, next, previous }, quiet) {
    const { state, controls } = this;
    [this.#hasPage, this.#isWhole] = [true, !next && !previous];
    if (!quiet) this.newRuns.forgetReceived();
    find("loading").hidden = true;
    controls.showProblem("");
    find("shown").removeAttribute("aria-busy");
    (state.by ? this.flat : this.groups).clear();
    if (state.by) this.groups.show(results);
    else this.#showRuns(results, quiet);
    find("table").parentNode.hidden = Boolean(state.by) || results.length === 0;
    find("grouped").parentNode.hidden = !state.by || results.length === 0;
    controls.drawEmpty(results.length === 0);
    controls.drawPaging({ next, previous });
    this.position.restore();
  }

  // Of those that were selected, what is on the page: the state of the others is not known.
  #selectShown(ids) {
    const runs = [...this.flat.rows.values()].map(({ run }) => run).filter(({ id }) => ids.has(id));
    if (runs.length) this.selection.all(runs, true);
  }

  #showRuns(results, quiet) {
    const { state, flat } = this;
    flat.setColumns(columnsOf(state.columns), state.ordering);
    const shown = flat.rows;
    const stays = quiet && !(state.isNewestFirst && state.isFirstPage) && results.some(({ id }) => shown.has(id));
    this.#isSorted = !stays || [...shown.keys()].join() === results.map(({ id }) => id).join();
    if (stays) {
      results.forEach((run) => flat.fill(run)); // another order would move what is being read
      return this.#drawNewRuns();
    }
    flat.show(results);
    if (!quiet || state.isFirstPage) this.#clearNewRuns();
  }

  #sort({ sort: name, descends }) {
    const { state } = this;
    const [first, second] = descends ? [`-${name}`, name] : [name, `-${name}`];
    state.set({ ordering: { [first]: second, [second]: NEWEST_FIRST }[state.ordering] ?? first });
  }

  #drawControls() {
    this.controls.draw(this.filters.draw());
    this.#drawSelection();
  }

  #drawSelection() {
    this.#tables.forEach((table) => table.drawSelected());
    this.bulkActions.draw();
  }

  #setConnection(connection) {
    this.#connection = connection;
    drawConnection(find("connection"), connection, { running: false, ended: false });
  }

  // --- updates ---

  #receive({ type, data, run_id: id }) {
    if (type === "queue") updateQueue(data);
    else if (type === "run_deleted" || type === "run_withdrawn") this.#remove(id);
    else if (type === "run_summary") this.#receiveRun(data);
  }

  #receiveRun(run) {
    this.selection.update(run);
    const shown = this.#tables.filter((table) => table.rows.has(run.id));
    const fitting = matches(run, this.state);
    if (shown.length && !fitting && !this.state.by) return this.#remove(run.id);
    for (const table of shown) {
      const before = table.rows.get(run.id).run;
      table.fill(run);
      const advanced = before.progress.epoch !== run.progress.epoch || before.status !== run.status;
      if (advanced) this.#refreshAfter(LATER); // its curve, its metrics, its group
    }
    if (!shown.length && fitting) this.#receiveNewRun(run);
  }

  // A run that matches and is not shown. It is asked for once for each status: the server may decide otherwise.
  #receiveNewRun(run) {
    if (!this.newRuns.isUpdate(run) || !this.#hasPage) return;
    this.#countSoon(COUNT_EVERY);
    if (this.state.by) return this.#refreshAfter(LATER);
    if (this.#belongsHere(run)) return this.#refreshAfter(SOON);
    if (this.newRuns.add(run)) this.#drawNewRuns();
  }

  #belongsHere({ id }) {
    const { isNewestFirst, isFirstPage } = this.state;
    return isNewestFirst && isFirstPage && (this.#isWhole || id > Math.min(...this.flat.rows.keys()));
  }

  #remove(id) {
    this.#tables.forEach((table) => table.remove(id));
    if (this.newRuns.remove(id)) this.#drawNewRuns();
    if (this.state.by || !this.flat.rows.size) this.#refreshAfter(SOON);
    this.#countSoon(SOON);
  }

  // What was done with runs here shows at once, before the server sends it.
  #acted(action, ids) {
    const leaves = action === "restore" ? this.state.deleted : action === "delete" && !this.state.deleted;
    if (leaves) ids.forEach((id) => this.#remove(id));
    this.#refreshAfter(SOON);
  }

  #drawNewRuns() {
    const { size } = this.newRuns;
    find("fresh").hidden = size === 0 && this.#isSorted;
    setText(find("fresh"), size ? `${plural(size, "new run")} – show` : "The order has changed – sort again");
  }

  #clearNewRuns() {
    this.newRuns.clear(this.flat.rows.keys());
    this.#drawNewRuns();
  }

  #showNewRuns() {
    const { state } = this;
    if (!this.newRuns.size || (state.isFirstPage && !state.isNewestFirst)) this.#load();
    else state.set({ ordering: NEWEST_FIRST });
  }
}
