// The list of runs: one page from the REST API, kept true by ws/runs/.

import { drawConnection } from "../frame/connection.js";
import { arrange, el, setText } from "../frame/dom.js";
import { dateTime, duration, number, percent } from "../frame/format.js";
import { LONGEST_DELAY, follow } from "../events/news.js";
import { Moving } from "../queue/moving.js";
import { bestCells, fillState, stateCells } from "./standing.js";
import { lengthOfQueue, onQueue, placeOf, takeQueue } from "../queue/waiting.js";

const ASK_DELAY = 300;

const find = (id) => document.getElementById(id);
const source = find("runs").dataset;
const asked = new URLSearchParams([...new URLSearchParams(location.search)].filter(([, value]) => value));
const filtered = ["name", "status", "group"].some((name) => asked.has(name));
const staff = Boolean(find("queue").dataset.staff);
const rows = new Map(); // run id -> its row, in the order of the page
let connection = { kind: "connecting" };
let asking = null;

async function load() {
  try {
    const response = await fetch(`${source.api}?${asked}`, { headers: { Accept: "application/json" } });
    if (response.status === 401 || response.status === 403) return say({ kind: "logged-out" });
    const page = await response.json();
    if (!response.ok) return problem(page.errors?.map(({ field, message }) => `${field}: ${message}`).join(" ") ?? page.detail);
    show(page);
  } catch {
    if (!rows.size) problem("The server does not answer. This page tries again.");
    askAgain(LONGEST_DELAY);
  }
}

function problem(text) {
  find("loading").hidden = true;
  find("problem").hidden = false;
  setText(find("problem"), text);
}

function show({ results, next, previous }) {
  find("loading").hidden = find("problem").hidden = true;
  const kept = new Map(rows);
  rows.clear();
  for (const run of results) rows.set(run.id, fill(kept.get(run.id) ?? newRow(run), run));
  arrange(find("table").tBodies[0], [...rows.values()].map((row) => row.node));
  find("table").hidden = rows.size === 0;
  find("none").hidden = rows.size > 0 || !(filtered || asked.has("cursor"));
  find("empty").hidden = rows.size > 0 || filtered || asked.has("cursor");
  find("paging").hidden = !next && !previous;
  for (const [id, url] of [["next", next], ["previous", previous]]) {
    find(id).hidden = !url;
    if (url) find(id).href = new URL(url).search;
  }
}

function newRow(run) {
  const cells = Object.fromEntries(["auroc", "recall", "precision", "duration"].map((name) => [name, el("span")]));
  const [standing, best] = [stateCells(), bestCells()];
  const words = run.fold ? `fold ${run.fold} of ${run.folds}` : "";
  const fold = run.group_id ? el("a", { href: run.links.group_page }, words) : words;
  const number = (name, label) => el("td", { class: "number", "data-label": label }, cells[name]);
  const node = el("tr", { "data-run": run.id },
    el("th", { scope: "row" }, el("a", { href: run.links.page }, run.experiment_name), el("small", { class: "muted" }, `#${run.id} · `, fold, `${words ? " · " : ""}${run.source_path}`)),
    ...standing.nodes, best.node,
    number("auroc", "Final AUROC"), number("recall", "Final recall"), number("precision", "Final precision"), number("duration", "Duration"),
    el("td", { "data-label": "Created", class: "when" }, ...dateTime(run.created_at).split(" ").map((part) => el("span", {}, `${part} `))));
  const place = el("span", { class: "actions moving" });
  if (staff) standing.words.after(place);
  return { node, standing, best, moving: staff && new Moving(place, run.links.move, () => {}), ...cells };
}

function fill(row, run) {
  row.run = run;
  fillState(row, run);
  drawMoving(row);
  setText(row.auroc, number(run.final?.auroc));
  setText(row.recall, percent(run.final?.recall));
  setText(row.precision, percent(run.final?.precision));
  setText(row.duration, duration(run.duration_seconds));
  return row;
}

function drawMoving({ moving, run }) {
  const position = (placeOf(run.id) ?? run).queue_position;
  if (moving) moving.draw({ queued: run.status === "queued", position, length: lengthOfQueue() });
}

onQueue(() => {
  for (const row of rows.values()) if (row.run.status === "queued") fill(row, row.run);
});

function take(item) {
  if (item.type === "queue") return takeQueue(item.data);
  const row = rows.get(item.run_id);
  if (item.type === "run_summary" && row && fits(item.data)) fill(row, item.data);
  else if (item.type === "run_summary" && (row || (fits(item.data) && !asked.has("cursor")))) askAgain(ASK_DELAY); // comes or goes
}

function fits({ status, experiment_name: name, group_id: group }) {
  const [statuses, part] = [asked.get("status"), asked.get("name")];
  if (asked.has("group") && Number(asked.get("group")) !== group) return false;
  return (!statuses || statuses.split(",").includes(status)) && (!part || name.toLowerCase().includes(part.trim().toLowerCase()));
}

function askAgain(delay) {
  asking ??= setTimeout(() => ((asking = null), load()), delay);
}

function say(next) {
  connection = next;
  drawConnection(find("connection"), connection, { running: false, ended: false });
}

setInterval(() => say(connection), 1000);
load();
follow(source.websocket, { onItem: take, onState: say, onMissed: load });
