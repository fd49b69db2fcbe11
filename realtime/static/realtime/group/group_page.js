// The folds of a cross-validation side by side, kept up to date by ws/runs/; their common statistics are asked for when
// one of them ends.

import { LONGEST_DELAY } from "../events/backoff.js";
import { connectListSocket } from "../events/list_socket.js";
import { ApiError, call } from "../frame/api.js";
import { drawConnection } from "../frame/connection.js";
import { deletedNotice } from "../frame/deleted_run.js";
import { el, setText } from "../frame/dom.js";
import { ENDED, splitName } from "../frame/format.js";
import { FoldTable } from "./fold_table.js";
import { drawSplit } from "./split_card.js";
import { groupSummary } from "./summary.js";

const ASK_DELAY = 300; // milliseconds

const find = (id) => document.getElementById(id);
const noticeOf = (id) => find("gone").querySelector(`[data-run="${id}"]`);

export class GroupPage {
  #connection = { kind: "connecting" };
  #asking = null;
  #missing = new Map(); // id -> a run of the group that was found missing, why is not known

  // `group` as GET /api/groups/<id>/ answers; `labels` of the statistics.
  constructor(group, labels) {
    Object.assign(this, { group, labels });
    this.table = new FoldTable(document.querySelector(".folds"));
  }

  start() {
    setInterval(() => this.#setConnection(this.#connection), 1000);
    this.#draw();
    document.documentElement.dataset.settled = ""; // all has its place
    connectListSocket(this.table.node.dataset.websocket, {
      onItem: (item) => this.#receive(item),
      onState: (connection) => this.#setConnection(connection),
      onMissed: () => this.#load(),
    });
    this.#load();
  }

  // --- requests ---

  async #load() {
    try {
      this.#update(await call(this.group.links.self));
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 500;
      if (status === 401 || status === 403) this.#setConnection({ kind: "logged-out" });
      else if (status === 404)
        this.#setConnection({ kind: "missing" }); // the last of its runs was deleted
      else this.#askAgain(LONGEST_DELAY);
    }
  }

  #update(group) {
    const before = this.group.runs;
    this.group = group;
    const folds = new Set(group.runs.map(({ fold }) => fold)); // a retry replaces the run of its fold
    before
      .filter(({ fold }) => !folds.has(fold))
      .forEach((run) => {
        this.#missing.set(run.id, run);
        this.#showDeleted(run, ", or you may no longer see it");
      });
    if (["gone", "missing"].includes(this.#connection.kind)) this.#setConnection({ kind: "live", quiet: 0 });
    this.#draw();
  }

  #askAgain(delay) {
    if (this.#asking !== null) return;
    this.#asking = setTimeout(() => {
      this.#asking = null;
      this.#load();
    }, delay);
  }

  // --- updates ---

  #receive({ type, data, run_id: id }) {
    const { runs } = this.group;
    if (type === "run_deleted") {
      const deleted = runs.find((run) => run.id === id);
      if (deleted) this.#remove(deleted);
      else if (this.#missing.has(id)) this.#explain(this.#missing.get(id));
    } else if (type === "run_withdrawn") {
      if (runs.some((run) => run.id === id)) this.#load();
    } else if (type === "run_summary") {
      const at = runs.findIndex((run) => run.id === data.id);
      if (at >= 0) this.#updateRun(at, data);
      else if (data.group_id === this.group.id && !data.replaced) this.#askAgain(ASK_DELAY); // a fold's retry
    }
  }

  #updateRun(at, data) {
    const { runs } = this.group;
    if (data.status !== runs[at].status) this.#askAgain(ASK_DELAY);
    runs[at] = { ...runs[at], ...data };
    this.table.fill(runs[at], this.#split);
    this.#drawSummary();
  }

  // The group is deleted with the last of its runs.
  #remove(run) {
    this.#showDeleted(run);
    this.group.runs = this.group.runs.filter((one) => one !== run);
    this.#draw();
    if (this.group.runs.length) this.#load();
    else this.#setConnection({ kind: "gone" });
  }

  // It was found missing before the server told why.
  #explain(run) {
    noticeOf(run.id)?.remove();
    this.#showDeleted(run);
    this.#missing.delete(run.id);
  }

  // A deleted fold leaves the table, and is named until it is restored.
  #showDeleted({ id, fold }, more = "") {
    if (noticeOf(id)) return;
    find("gone").append(deletedNotice(id, `Fold ${fold} (run ${id}) was deleted${more}.`, () => this.#load()));
  }

  // --- drawing ---

  get #split() {
    return "test" in this.group.splits ? "test" : "val";
  }

  #draw() {
    const { group } = this;
    for (const { id } of group.runs) noticeOf(id)?.remove();
    const split = splitName(this.#split).toLowerCase();
    const shown = `Best value while training, and the final statistics of the ${split} split`;
    setText(find("shown"), group.completed ? shown : "");
    this.table.draw(group, this.#split);
    this.#drawSummary();
    const order = Object.keys(group.splits).sort((a, b) => (b === "val") - (a === "val"));
    find("results").hidden = !order.length;
    const options = { labels: this.labels, completed: group.completed, testLooks: group.test_split?.text };
    find("splits").replaceChildren(...order.map((name) => drawSplit(name, group.splits[name], options)));
  }

  #drawSummary() {
    const { completed, ended, done, doneText, othersText, notices } = groupSummary(this.group);
    setText(find("done"), doneText);
    setText(find("others"), othersText);
    find("progress").hidden = ended;
    find("progress").value = done;
    const key = notices.join();
    if (find("notices").dataset.drawn !== key)
      find("notices").replaceChildren(...notices.map((text) => el("p", { class: "notice warning" }, text)));
    find("notices").dataset.drawn = key;
    document.title = `${completed}/${this.group.size} ${this.group.name} · Livetrain`;
  }

  #setConnection(connection) {
    this.#connection = connection;
    const ended = this.group.runs.every(({ status }) => ENDED.has(status));
    drawConnection(find("connection"), connection, { running: false, ended });
  }
}
