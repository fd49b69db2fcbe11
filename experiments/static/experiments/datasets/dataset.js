// One data set: what it is, who trains on it, and its end.

import { drawConnection } from "../../realtime/frame/connection.js";
import { arrange, el, setText } from "../../realtime/frame/dom.js";
import { bytes, count, dateTime, percent, plural, STATUS_WORDS } from "../../realtime/frame/format.js";
import { call } from "../../realtime/frame/api.js";
import { repeat } from "../../realtime/frame/repeat.js";
import { Features } from "./features.js";
import { Samples } from "./samples.js";
import { drawFindings, drawReading, drawSplits } from "./report.js";
import { doing, pill, samples, isChecked, share, STATE_WORDS, version } from "./states.js";

const BUSY_DELAY = 1000;
const CALM_DELAY = 10_000;

const REPORT_WORDS = {
  queued: "Pre-flight report (queued)",
  running: "Pre-flight report (being made)",
  done: "Pre-flight report",
  failed: "Pre-flight report (failed)",
  cancelled: "Pre-flight report (cancelled)",
};

const find = (id) => document.getElementById(id);
let dataset = JSON.parse(find("dataset-detail").textContent);
const features = new Features();
const gallery = new Samples(() => features.show(dataset));
let forced = false;

function draw() {
  find("state").className = pill(dataset);
  setText(find("state"), STATE_WORDS[dataset.state]);
  setText(find("doing"), doing(dataset));
  find("progress").hidden = share(dataset) === null;
  find("progress").value = share(dataset) ?? 0;
  drawOnce("facts", facts, (all) =>
    all.map(([name, value, detail]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, el("b", {}, value), el("span", {}, detail ?? ""))),
    ),
  );
  drawOnce("about", about, (all) => all.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  drawOnce("notices", notices, (texts) =>
    texts.map(([kind, text]) => el("div", { class: `notice ${kind}`, role: kind === "failed" ? "alert" : null }, text)),
  );
  drawOnce(
    "runs",
    () => [dataset.runs, dataset.run_count],
    ([runs, total]) =>
      runs.length ? [runTable(runs), ...rest(runs, total)] : [el("p", { class: "muted" }, "None yet.")],
  );
  drawOnce(
    "report",
    () => dataset.preflight,
    (report) => (report ? [el("a", { href: report.page }, REPORT_WORDS[report.status])] : []),
  );
  drawClasses();
  drawOnce("findings", () => dataset.preflight, drawFindings);
  drawOnce(
    "reading-parts",
    () => dataset.preflight,
    (report) => drawReading(report, dataset.name),
  );
  drawSplits(find("splits"), dataset.preflight);
  find("train-link").hidden = dataset.state !== "ready";
  gallery.show(dataset);
  find("train").hidden = dataset.state === "refused";
  find("actions").hidden = !dataset.may_change;
  find("check").hidden = !isChecked(dataset);
  find("parts").hidden = false; // with all that stands above
}

// Draws only what differs.
const drawn = new Map();
function drawOnce(id, make, nodes) {
  const value = make();
  const key = JSON.stringify(value);
  if (drawn.get(id) === key) return;
  drawn.set(id, key);
  arrange(find(id), nodes(value));
}

function facts() {
  if (dataset.kind === "builtin") return builtinFacts();
  const { classes, files, size, content_hash: hash } = dataset;
  return [
    ["Samples", count(samples(dataset)), ""],
    ["Classes", classes ? count(classes.length) : "–", ""],
    ["Files", count(files), ""],
    ["Size", size === null ? "–" : bytes(size), dataset.layout === "zip" || dataset.layout === "npz" ? "unpacked" : ""],
    ["Version", version(dataset), hash ? "of names and contents" : ""],
    ["Runs", count(dataset.run_count), ""],
  ];
}

function builtinFacts() {
  const { table, classes, run_count: runs } = dataset;
  return [
    ["Samples", count(samples(dataset)), table ? "rows of a table" : "images"],
    ["Classes", count(classes.length), ""],
    ["Runs", count(runs), ""],
  ];
}

function about() {
  if (dataset.kind === "builtin")
    return [
      ["source_path", dataset.source_path],
      ["kind", "built in"],
      ["what it is", dataset.about],
    ];
  const { kind, path, owner, project, content_hash: hash, checked_at: checked } = dataset;
  return [
    ["source_path", dataset.source_path],
    ["content hash", hash ?? "–"],
    ["kind", kind === "upload" ? "uploaded file" : "folder or file of the server"],
    ...(path ? [["path", path]] : []),
    ["project", project],
    ["by", owner],
    ["added", dateTime(dataset.created_at)],
    ["checked", dateTime(checked)],
  ];
}

function notices() {
  const { state, problem } = dataset;
  if (!problem || !isChecked(dataset)) return [];
  return [
    state === "refused" ? ["failed", problem] : ["warning", `With default options it cannot be trained on: ${problem}`],
  ];
}

function drawClasses() {
  const { classes } = dataset;
  find("classes").hidden = !classes;
  if (!classes) return;
  const total = samples(dataset) || 1;
  drawOnce(
    "class-rows",
    () => classes,
    (all) =>
      all.map(({ name, samples: size }) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, name),
          el("td", { class: "number" }, count(size)),
          el("td", { class: "number" }, percent(size / total)),
          el(
            "td",
            { class: "wide" },
            el("progress", { max: 1, value: size / total, "aria-label": `Share of ${name}` }),
          ),
        ),
      ),
  );
}

function runTable(runs) {
  const head = ["Run", "Status", "Version", "Created"].map((name) => el("th", { scope: "col" }, name));
  const rows = runs.map((run) =>
    el(
      "tr",
      {},
      el(
        "th",
        { scope: "row" },
        el("a", { href: run.page }, run.experiment_name),
        el("small", { class: "muted" }, ` #${run.run_id}`),
      ),
      el("td", {}, el("span", { class: `pill ${run.status}` }, STATUS_WORDS[run.status])),
      el(
        "td",
        {},
        run.same_version
          ? "this one"
          : el("span", {}, "another, ", el("code", {}, (run.dataset_hash ?? "unknown").slice(0, 12))),
      ),
      el("td", { class: "when" }, dateTime(run.created_at)),
    ),
  );
  return el(
    "div",
    { class: "scroll" },
    el("table", { class: "on-it" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)),
  );
}

const rest = (runs, total) =>
  total > runs.length ? [el("p", { class: "muted" }, `and ${plural(total - runs.length, "older run")}`)] : [];

async function load() {
  dataset = await call(dataset.links.self);
  draw();
  return isChecked(dataset) ? CALM_DELAY : BUSY_DELAY;
}

function showProblem(text) {
  find("action-problem").hidden = !text;
  setText(find("action-problem"), text ?? "");
}

find("check").addEventListener("click", async () => {
  try {
    dataset = await call(dataset.links.check, { method: "POST" });
    showProblem(null);
    draw();
    refresh();
  } catch (error) {
    showProblem(error.message);
  }
});

find("delete").addEventListener("click", () => {
  find("confirm").returnValue = "cancel";
  find("confirm").showModal();
});

// A data set in use needs a second confirmation, with the reason.
find("confirm").addEventListener("close", async () => {
  if (find("confirm").returnValue !== "delete") return;
  try {
    await call(`${dataset.links.self}${forced ? "?force=true" : ""}`, { method: "DELETE" });
    location.href = find("confirm").dataset.list;
  } catch (error) {
    if (error.status !== 409) return showProblem(error.message);
    forced = true;
    find("in-use").hidden = false;
    setText(find("in-use"), error.message.split(" Wait for")[0] + " Those that have not read it yet will fail.");
    setText(find("really"), "Delete it anyway");
    find("delete").click();
  }
});

draw();
const refresh = repeat(load, (state) =>
  state ? drawConnection(find("connection"), state, {}) : find("connection").replaceChildren(),
);
