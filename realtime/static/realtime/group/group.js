// The folds of a cross-validation side by side, kept true by ws/runs/; what they say together is asked for when one ends.

import { drawConnection } from "../frame/connection.js";
import { deletedNotice } from "../frame/deleted.js";
import { arrange, el, setText } from "../frame/dom.js";
import { count, duration, ENDED, known, plural, splitName, STATUS_WORDS } from "../frame/format.js";
import { drawClasses, drawMatrix, interval, range, SAME_AS_ANOTHER, value } from "../charts/matrix.js";
import { follow, LONGEST_DELAY } from "../events/news.js";
import { bestCells, fillState, stateCells } from "../list/standing.js";

const ASK_DELAY = 300;
const SHOWN = {
  final_auroc_cm: "AUROC",
  final_sensitivity: "Sensitivity",
  final_precision_cm: "Precision",
  final_f1_cm: "F1",
  final_accuracy_cm: "Accuracy",
};

const find = (id) => document.getElementById(id);
const json = (id) => JSON.parse(find(id).textContent);
const table = document.querySelector(".folds");
const labels = json("statistic-labels");
const rows = new Map(); // run id -> its row
let group = json("group-detail");
let connection = { kind: "connecting" };
let asking = null;

const ended = () => group.runs.every(({ status }) => ENDED.has(status));
const headline = () => ("test" in group.splits ? "test" : "val");

async function load() {
  try {
    const response = await fetch(group.links.self, { cache: "no-store", headers: { Accept: "application/json" } });
    if (response.status === 401 || response.status === 403) return say({ kind: "logged-out" });
    if (response.status === 404) return say({ kind: "gone" }); // the last of its runs was deleted
    if (!response.ok) throw new Error(response.statusText);
    const before = group.runs;
    group = await response.json();
    const folds = new Set(group.runs.map(({ fold }) => fold)); // a retry takes the place of its fold
    before.filter(({ fold }) => !folds.has(fold)).forEach(tellDeleted);
    if (connection.kind === "gone") say({ kind: "live", quiet: 0 });
    draw();
  } catch {
    askAgain(LONGEST_DELAY);
  }
}

function askAgain(delay) {
  asking ??= setTimeout(() => ((asking = null), load()), delay);
}

// A deleted fold leaves the table, and is named until it is back.
function tellDeleted({ id, fold }) {
  if (!noticeOf(id)) find("gone").append(deletedNotice(id, `Fold ${fold} (run ${id}) was deleted.`, load));
}

const noticeOf = (id) => find("gone").querySelector(`[data-run="${id}"]`);

// The group goes with the last of its runs.
function takeAway(run) {
  tellDeleted(run);
  group.runs = group.runs.filter((one) => one !== run);
  draw();
  if (group.runs.length) load();
  else say({ kind: "gone" });
}

function take({ type, data, run_id: id }) {
  const deleted = type === "run_deleted" && group.runs.find((run) => run.id === id);
  if (deleted) return takeAway(deleted);
  const at = type === "run_summary" ? group.runs.findIndex(({ id }) => id === data.id) : -1;
  if (at < 0 && type === "run_summary" && data.group_id === group.id && !data.replaced) askAgain(ASK_DELAY); // a fold's retry
  if (at < 0) return;
  if (data.status !== group.runs[at].status) askAgain(ASK_DELAY);
  group.runs[at] = { ...group.runs[at], ...data };
  drawFold(group.runs[at]);
  drawStatus();
}

function draw() {
  for (const { id } of group.runs) noticeOf(id)?.remove();
  setText(
    find("shown"),
    group.completed
      ? `Best value while training, and the final statistics of the ${splitName(headline()).toLowerCase()} split`
      : "",
  );
  group.runs.forEach(drawFold);
  arrange(
    table.tBodies[0],
    group.runs.map(({ id }) => rows.get(id).node),
  );
  table.tFoot.replaceChildren(...(group.completed ? [meanRow(group.splits[headline()])] : []));
  drawStatus();
  const order = Object.keys(group.splits).sort((a, b) => (b === "val") - (a === "val"));
  find("results").hidden = !order.length;
  find("splits").replaceChildren(...order.map((split) => drawSplit(split, group.splits[split])));
}

function drawStatus() {
  const { runs, size } = group;
  const counts = Object.entries(STATUS_WORDS).map(([status, words]) => [
    status,
    words,
    runs.filter((run) => run.status === status).length,
  ]);
  const completed = counts.find(([status]) => status === "completed")[2];
  setText(find("done"), `${completed} of ${plural(size, "fold")} completed`);
  setText(
    find("others"),
    counts
      .filter(([status, , n]) => n && status !== "completed")
      .map(([, words, n]) => `${count(n)} ${words.toLowerCase()}`)
      .join(" · "),
  );
  find("progress").hidden = ended();
  find("progress").value =
    runs.reduce((sum, { status, progress }) => sum + (ENDED.has(status) ? 1 : (progress.fraction ?? 0)), 0) / size;
  const missing =
    ended() && completed < size
      ? [
          `${size - completed} of ${plural(size, "fold")} did not complete${runs.length < size ? " or were deleted" : ""}; all numbers here are over the other ${completed}.`,
        ]
      : [];
  const notices = [...missing, ...group.notes];
  if (find("notices").dataset.said !== notices.join())
    find("notices").replaceChildren(...notices.map((text) => el("p", { class: "notice warning" }, text)));
  find("notices").dataset.said = notices.join();
  document.title = `${completed}/${size} ${group.name} · Livetrain`;
}

function drawFold(run) {
  if (!rows.has(run.id)) rows.set(run.id, newRow(run));
  const row = rows.get(run.id);
  fillState(row, run);
  setText(row.duration, duration(run.duration_seconds));
  const found = run.final_stats[headline()]?.statistics ?? {};
  for (const name of Object.keys(SHOWN)) setText(row[name], value(name, found[name]));
}

const cell = (label, ...content) => el("td", { class: "number", "data-label": label }, ...content);

function newRow(run) {
  const [standing, best] = [stateCells(), bestCells()];
  const cells = Object.fromEntries([...Object.keys(SHOWN), "duration"].map((name) => [name, el("span")]));
  const numbers = Object.entries(SHOWN).map(([name, label]) => cell(label, cells[name]));
  const node = el(
    "tr",
    { "data-run": run.id },
    el(
      "th",
      { scope: "row" },
      el("a", { href: run.links.page }, `Fold ${run.fold}`),
      el("small", { class: "muted" }, `#${run.id}`),
    ),
    ...standing.nodes,
    best.node,
    ...numbers,
    cell("Duration", cells.duration),
  );
  return { node, standing, best, ...cells };
}

function meanRow({ runs, of, statistics }) {
  const numbers = Object.entries(SHOWN).map(([name, label]) =>
    cell(label, el("b", {}, value(name, statistics[name]?.mean)), deviation(name, statistics[name])),
  );
  return el(
    "tr",
    {},
    el(
      "th",
      { scope: "row", colspan: 4 },
      "Mean ± standard deviation",
      el("small", { class: "muted" }, `over ${runs} of ${plural(of, "fold")}`),
    ),
    ...numbers,
    el("td"),
  );
}

const deviation = (name, spread) =>
  el("small", { class: "muted" }, known(spread?.sd) ? `± ${value(name, spread.sd)}` : "");

function drawSplit(split, { runs, of, statistics, pooled }) {
  const head = [`over ${runs} of ${plural(of, "fold")}`, pooled ? `${count(pooled.samples)} samples, each once` : null];
  return el(
    "article",
    { class: "card split", "data-split": split },
    el(
      "header",
      {},
      el("h3", {}, `${splitName(split)} split`),
      el("p", { class: "muted" }, head.filter(Boolean).join(" · ")),
    ),
    el(
      "div",
      { class: "split-body" },
      drawSpreads(statistics, pooled),
      pooled && drawMatrix(pooled, splitName(split), "Sum over the folds: rows true, columns predicted"),
      pooled && drawClasses(pooled, labels),
    ),
  );
}

function drawSpreads(statistics, pooled) {
  const names = Object.keys(labels).filter((name) => name in statistics && !SAME_AS_ANOTHER.has(name));
  const heads = ["Mean", "SD", "Range", "95 % of the mean", ...(pooled ? ["Together"] : [])];
  return el(
    "div",
    { class: "scroll spreads", tabindex: "0", role: "region", "aria-label": "Mean and spread" },
    el(
      "table",
      {},
      el(
        "caption",
        {},
        pooled
          ? "Mean and spread over the folds; together: from the summed matrix, with its 95 % interval"
          : "Mean and spread over the folds",
      ),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, "Name"),
          ...heads.map((words) => el("th", { scope: "col", class: "number" }, words)),
        ),
      ),
      el("tbody", {}, ...names.map((name) => spreadRow(name, statistics[name], pooled?.statistics))),
    ),
  );
}

function spreadRow(name, spread, pooled) {
  const limits = known(spread.corrected_ci_low)
    ? [spread.corrected_ci_low, spread.corrected_ci_high]
    : [spread.ci_low, spread.ci_high];
  const texts = [
    value(name, spread.mean),
    value(name, spread.sd),
    range(name, spread.min, spread.max),
    range(name, ...limits),
  ];
  const together =
    pooled &&
    el(
      "td",
      { class: "number" },
      name in pooled ? value(name, pooled[name]) : "",
      el("small", { class: "muted" }, interval(name, pooled)),
    );
  const partly = spread.n < group.completed ? el("small", { class: "muted" }, `known in ${spread.n}`) : null;
  return el(
    "tr",
    { "data-name": name },
    el("th", { scope: "row" }, labels[name], partly),
    ...texts.map((text) => el("td", { class: "number" }, text)),
    together,
  );
}

function say(next) {
  connection = next;
  drawConnection(find("connection"), connection, { running: false, ended: ended() });
}

setInterval(() => say(connection), 1000);
draw();
follow(table.dataset.websocket, { onItem: take, onState: say, onMissed: load });
load();
