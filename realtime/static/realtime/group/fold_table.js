// The table of the folds, and their mean.

import { arrange, el, setText } from "../frame/dom.js";
import { duration, known, plural } from "../frame/format.js";
import { metricValue } from "../frame/metric_text.js";
import { bestCells, fillStatusCells, statusCells } from "../list/columns/status_cells.js";

const SHOWN = {
  final_auroc_cm: "AUROC",
  final_sensitivity: "Sensitivity",
  final_precision_cm: "Precision",
  final_f1_cm: "F1",
  final_accuracy_cm: "Accuracy",
};

export class FoldTable {
  #rows = new Map(); // run id -> its row

  constructor(node) {
    this.node = node;
  }

  // `split`: the one whose statistics are shown.
  draw({ runs, splits, completed }, split) {
    runs.forEach((run) => this.fill(run, split));
    arrange(
      this.node.tBodies[0],
      runs.map(({ id }) => this.#rows.get(id).node),
    );
    this.node.tFoot.replaceChildren(...(completed ? [meanRow(splits[split])] : []));
  }

  fill(run, split) {
    if (!this.#rows.has(run.id)) this.#rows.set(run.id, newRow(run));
    const row = this.#rows.get(run.id);
    fillStatusCells({ cells: row.status, best: row.best }, run);
    setText(row.duration, duration(run.duration_seconds));
    const found = run.final_stats[split]?.statistics ?? {};
    for (const name of Object.keys(SHOWN)) setText(row[name], metricValue(name, found[name]));
  }
}

const cell = (label, ...content) => el("td", { class: "number", "data-label": label }, ...content);

function newRow(run) {
  const [status, best] = [statusCells(), bestCells()];
  const cells = Object.fromEntries([...Object.keys(SHOWN), "duration"].map((name) => [name, el("span")]));
  const link = el("a", { href: run.links.page }, `Fold ${run.fold}`);
  const node = el(
    "tr",
    { "data-run": run.id },
    el("th", { scope: "row" }, link, el("small", { class: "muted" }, `#${run.id}`)),
    ...status.nodes,
    best.node,
    ...Object.entries(SHOWN).map(([name, label]) => cell(label, cells[name])),
    cell("Duration", cells.duration),
  );
  return { node, status, best, ...cells };
}

function meanRow({ runs, of, statistics }) {
  const folds = el("small", { class: "muted" }, `over ${runs} of ${plural(of, "fold")}`);
  const numbers = Object.entries(SHOWN).map(([name, label]) =>
    cell(label, el("b", {}, metricValue(name, statistics[name]?.mean)), deviation(name, statistics[name])),
  );
  const head = el("th", { scope: "row", colspan: 4 }, "Mean ± standard deviation", folds);
  return el("tr", {}, head, ...numbers, el("td"));
}

const deviation = (name, found) =>
  el("small", { class: "muted" }, known(found?.sd) ? `± ${metricValue(name, found.sd)}` : "");
