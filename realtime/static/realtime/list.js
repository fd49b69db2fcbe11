// The list of runs: one page from the REST API, kept true by ws/runs/.

import { drawConnection } from "./connection.js";
import { arrange, el, setText } from "./dom.js";
import { count, dateTime, duration, ENDED, known, metricName, number, percent, plural, STATUS_WORDS } from "./format.js";

const FIRST_DELAY = 500;
const LONGEST_DELAY = 10_000;
const ASK_DELAY = 300;
const FINAL_CODES = { 4401: "logged-out", 4403: "refused" };

const find = (id) => document.getElementById(id);
const source = find("runs").dataset;
const asked = new URLSearchParams([...new URLSearchParams(location.search)].filter(([, value]) => value));
const filtered = asked.has("name") || asked.has("status");
const rows = new Map(); // run id -> its row, in the order of the page
let connection = { kind: "connecting" };
let [failures, lostAt, asking] = [0, null, null];

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
  const cells = Object.fromEntries(["status", "words", "best", "monitor", "auroc", "recall", "precision", "duration"].map((name) => [name, el("span")]));
  const bar = el("progress", { max: 1, "aria-label": "Share of the training steps done" });
  const mode = el("small", { class: "muted" }, `#${run.id} · ${run.source_path}`);
  const number = (name, label) => el("td", { class: "number", "data-label": label }, cells[name]);
  const node = el("tr", { "data-run": run.id },
    el("th", { scope: "row" }, el("a", { href: run.links.page }, run.experiment_name), mode),
    el("td", { "data-label": "Status" }, cells.status),
    el("td", { "data-label": "Progress", class: "wide" }, bar, cells.words),
    el("td", { class: "number best-value", "data-label": "Best" }, cells.best, cells.monitor),
    number("auroc", "Final AUROC"), number("recall", "Final recall"), number("precision", "Final precision"), number("duration", "Duration"),
    el("td", { "data-label": "Created", class: "when" }, ...dateTime(run.created_at).split(" ").map((part) => el("span", {}, `${part} `))));
  return { node, bar, ...cells };
}

function fill(row, run) {
  const { status, progress, best, final } = run;
  row.run = run;
  row.status.className = `pill ${status}`;
  setText(row.status, STATUS_WORDS[status]);
  row.bar.hidden = ENDED.has(status) || status === "queued";
  row.bar.value = progress.fraction ?? 0;
  setText(row.words, words(run, progress));
  setText(row.best, number(best.value));
  setText(row.monitor, known(best.epoch) ? `${metricName(run.monitor).replace("validation", "val")}, epoch ${best.epoch}` : "");
  setText(row.auroc, number(final?.auroc));
  setText(row.recall, percent(final?.recall));
  setText(row.precision, percent(final?.precision));
  setText(row.duration, duration(run.duration_seconds));
  return row;
}

function words({ status, reason }, { fraction, epoch, max_epochs: most, eta_seconds: eta }) {
  if (status === "queued") return reason ?? "Waiting for a worker";
  if (ENDED.has(status)) return reason ?? (known(epoch) ? `${count(epoch + 1)} of ${plural(most, "epoch")}` : "");
  if (epoch === null) return "Preparing data and model";
  const left = known(eta) ? ` · about ${duration(Math.ceil(eta))} left` : "";
  return `${percent(fraction, 0)} of ${plural(most, "epoch")}${left}`;
}

function take(item) {
  const row = rows.get(item.run_id);
  if (item.type === "run_summary" && row && fits(item.data)) fill(row, item.data);
  else if (item.type === "run_summary" && (row || (fits(item.data) && !asked.has("cursor")))) askAgain(ASK_DELAY); // comes or goes
}

function fits({ status, experiment_name: name }) {
  const [statuses, part] = [asked.get("status"), asked.get("name")];
  return (!statuses || statuses.split(",").includes(status)) && (!part || name.toLowerCase().includes(part.trim().toLowerCase()));
}

function askAgain(delay) {
  asking ??= setTimeout(() => ((asking = null), load()), delay);
}

function say(next) {
  connection = next;
  drawConnection(find("connection"), connection, { running: false, ended: false });
}

function connect() {
  const url = new URL(source.websocket, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  socket.onopen = () => {
    if (lostAt) load(); // what ended meanwhile is not told again
    [failures, lostAt] = [0, null];
    say({ kind: "live", quiet: 0 });
  };
  socket.onmessage = (message) => JSON.parse(message.data).forEach(take);
  socket.onclose = (event) => {
    if (FINAL_CODES[event.code]) return say({ kind: FINAL_CODES[event.code] });
    lostAt ??= Date.now();
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures++) * (0.75 + Math.random() / 2);
    say({ kind: "reconnecting", since: lostAt, at: Date.now() + delay });
    setTimeout(connect, delay);
  };
}

setInterval(() => say(connection), 1000);
load();
connect();
