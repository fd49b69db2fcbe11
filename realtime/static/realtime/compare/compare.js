// The page that compares runs: what the address asks for, fetched, drawn, and kept true while they train.

import { drawMatrix } from "../charts/matrix.js";
import { follow } from "../events/news.js";
import { drawConnection } from "../frame/connection.js";
import { deletedNotice } from "../frame/deleted.js";
import { arrange, el, setText } from "../frame/dom.js";
import { ENDED, plural, splitName, STATUS_WORDS } from "../frame/format.js";
import { Curves, DEFAULT_CURVES, title } from "./curves.js";
import { differences, drawOptions } from "./options.js";
import { drawParallel } from "./parallel.js";
import { fetchCurves, fetchFinals, fetchNames, fetchRuns } from "./runs.js";
import { drawScores, scoreRows } from "./scores.js";
import { AXES, State } from "./state.js";

const COLOURS = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8"];
const DASHES = [undefined, [6, 4], [2, 3]];
const REFRESH_AFTER = 2000; // milliseconds, while a run trains

const find = (id) => document.getElementById(id);
const labels = JSON.parse(find("statistic-labels").textContent);
const state = new State(() => draw());
const curves = new Curves(find("curves"), (name, range) => detail(name, range));
let [runs, names, finals] = [[], [], new Map()];
let connection = { kind: "connecting" };
let refreshing = null;
const [seen, gone] = [new Map(), new Set()]; // what runs were called; those that were deleted meanwhile
let loaded = 0; // requests whose answer would be older than what is shown are dropped

const label = (run) => `#${run.id} ${run.experiment_name}`;
const look = (id) => {
  const at = state.runs.indexOf(id);
  return { colour: COLOURS[at % COLOURS.length], dash: DASHES[Math.floor(at / COLOURS.length)] };
};
const chosen = () => (state.metrics.length ? state.metrics : DEFAULT_CURVES.filter((name) => names.includes(name)));

async function load() {
  const turn = ++loaded;
  try {
    const found = await fetchRuns(state.runs.filter((id) => !gone.has(id)));
    const ids = found.runs.map(({ id }) => id);
    const [known, results] = await Promise.all([fetchNames(ids), fetchFinals(ids)]);
    if (turn !== loaded) return;
    [runs, names, finals] = [found.runs, known, results];
    problem("");
    tellMissing([...gone, ...found.missing].filter((id) => state.runs.includes(id)));
    for (const run of runs) seen.set(run.id, label(run));
    await loadCurves(turn);
  } catch (error) {
    if (turn === loaded) problem(error.message);
  }
}

async function loadCurves(turn = ++loaded) {
  const found = await fetchCurves(
    runs.map(({ id }) => id),
    chosen(),
    state.by,
  );
  if (turn !== loaded) return;
  curves.put(found);
  draw();
}

async function detail(name, range) {
  if (!range) return loadCurves().catch(({ message }) => problem(message));
  const found = await fetchCurves(
    runs.map(({ id }) => id),
    [name],
    state.by,
    range,
  ).catch(() => null);
  if (!found) return;
  curves.put(found, [name]);
  drawCurves();
}

function problem(text) {
  find("problem").hidden = !text;
  setText(find("problem"), text);
}

// A run that is not there (any more) is left out, and named; the notice of one that was told of stays as it is.
function tellMissing(ids) {
  const told = new Map([...find("gone").children].map((node) => [Number(node.dataset.run), node]));
  const words = (id) => (seen.has(id) ? `Run ${seen.get(id)} was deleted.` : `There is no run ${id} (any more).`);
  arrange(
    find("gone"),
    ids.map((id) => told.get(id) ?? deletedNotice(id, words(id), () => back(id))),
  );
}

function back(id) {
  gone.delete(id);
  return load();
}

function draw() {
  find("few").hidden = runs.length >= 2;
  find("compared").hidden = runs.length === 0;
  const order = state.runs.map((id) => runs.find((run) => run.id === id)).filter(Boolean);
  runs = order;
  document.title = `Compare ${runs.length ? plural(runs.length, "run") : "runs"} · Livetrain`;
  setText(find("count"), plural(runs.length, "run"));
  drawChips();
  drawCurves();
  drawPicker();
  drawOptions(find("options"), runs, heads, state);
  drawScores(find("scores"), scoreRows(runs, finals, labels), heads);
  drawMatrices();
  drawAxes();
  find("all").checked = state.all;
  find("by").value = state.by;
  find("smooth").value = state.smooth;
}

function drawChips() {
  arrange(
    find("chips"),
    runs.map((run) => {
      const swatch = el("i", { class: "swatch", "aria-hidden": "true" });
      swatch.style.background = `var(${look(run.id).colour})`;
      const visible = !state.hidden.has(run.id);
      return el(
        "li",
        { class: visible ? "chip" : "chip faded", "data-run": run.id },
        el(
          "button",
          {
            type: "button",
            class: "eye",
            "aria-pressed": String(visible),
            title: visible ? "Hide its curves" : "Show its curves",
            click: () => toggle(run.id),
          },
          swatch,
          el("span", { class: "hidden-visually" }, `Curves of ${label(run)}`),
        ),
        el("a", { href: run.links.page }, label(run)),
        el("span", { class: `pill ${run.status}` }, STATUS_WORDS[run.status]),
        el(
          "button",
          {
            type: "button",
            class: "quiet",
            "aria-label": `Remove ${label(run)}`,
            title: "Remove",
            click: () => leave(run.id),
          },
          "✕",
        ),
      );
    }),
  );
}

function toggle(id) {
  const hidden = new Set(state.hidden);
  if (!hidden.delete(id)) hidden.add(id);
  state.set({ hidden });
}

function leave(id) {
  find("gone").querySelector(`[data-run="${id}"]`)?.remove();
  runs = runs.filter((run) => run.id !== id);
  state.set({ runs: state.runs.filter((other) => other !== id) });
}

function drawCurves() {
  const shown = runs
    .filter((run) => !state.hidden.has(run.id))
    .map((run) => ({ id: run.id, name: label(run), ...look(run.id) }));
  curves.draw(chosen(), shown, state);
}

function drawPicker() {
  const place = find("metrics");
  const key = names.join();
  if (place.dataset.names === key) return;
  place.dataset.names = key;
  const now = new Set(chosen());
  place.replaceChildren(
    ...names
      .filter((name) => !name.startsWith("usage/") && !/_cm_/.test(name))
      .map((name) =>
        el(
          "label",
          {},
          el("input", { type: "checkbox", value: name, checked: now.has(name), change: pick }),
          ` ${title(name)}`,
        ),
      ),
  );
}

function pick() {
  const metrics = [...find("metrics").querySelectorAll("input:checked")].map(({ value }) => value);
  state.set({ metrics });
  loadCurves().catch(({ message }) => problem(message));
}

const heads = () =>
  runs.map((run) => {
    const swatch = el("i", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = `var(${look(run.id).colour})`;
    return el(
      "th",
      { scope: "col" },
      swatch,
      el("a", { href: run.links.page }, `#${run.id}`),
      el("small", { class: "muted" }, run.experiment_name),
    );
  });

function drawMatrices() {
  const splits = ["test", "val"].filter((split) => [...finals.values()].some((found) => found[split]));
  const split = splits.includes(state.split) ? state.split : splits[0];
  find("matrices-part").hidden = !split;
  if (!split) return;
  find("split").replaceChildren(
    ...splits.map((name) => el("option", { value: name, selected: name === split }, splitName(name))),
  );
  find("matrices").replaceChildren(
    ...runs.map((run) => {
      const final = finals.get(run.id)?.[split];
      return el(
        "article",
        { class: "card" },
        el("h3", {}, label(run)),
        final
          ? drawMatrix(final, label(run), `Epoch ${final.epoch}; rows true, columns predicted`)
          : el("p", { class: "muted" }, "Not evaluated on this split."),
      );
    }),
  );
}

// What differs and can be put on an axis, then what came out.
function drawAxes() {
  const simple = (value) => value === undefined || value === null || typeof value !== "object";
  const options = differences(runs).filter(
    ([path, values]) => values.every(simple) && !["experiment_name", "priority"].includes(path),
  );
  const results = scoreRows(runs, finals, labels).filter(
    ({ group, name }) =>
      group === "Best epoch" || ["final_auroc_cm", "final_f1_cm", "final_sensitivity", "duration"].includes(name),
  );
  const axes = [
    ...options.map(([path, values]) => ({ label: path.split(".").pop().replaceAll("_", " "), values })),
    ...results.map(({ group, label: name, values }) => ({
      label:
        group === "Cost"
          ? name
          : `${group.replace(/ (split|epoch)$/, "").replace("Validation", "Val")} ${name.replace(/ \(.*\)$/, "").replace("Validation", "val")}`,
      values,
    })),
  ];
  drawParallel(
    find("parallel"),
    axes,
    runs.map((run) => ({ id: run.id, name: label(run), colour: look(run.id).colour })),
    highlight,
  );
  find("parallel-part").hidden = find("parallel").hidden;
}

function highlight(id) {
  for (const path of find("parallel").querySelectorAll("path.run"))
    path.classList.toggle("faded", id !== null && Number(path.dataset.run) !== id);
  for (const chip of find("chips").children) chip.classList.toggle("picked", Number(chip.dataset.run) === id);
}

async function add(event) {
  event.preventDefault();
  const ids = find("add")
    .value.split(/[\s,#]+/)
    .filter(Boolean)
    .map(Number);
  if (ids.some((id) => !Number.isSafeInteger(id) || id < 1))
    return problem("Give the numbers of runs: 12, or 12 15 20.");
  const wanted = [...new Set([...state.runs, ...ids])];
  if (wanted.length > 20) return problem("At most 20 runs can be compared; remove some first.");
  find("add").value = "";
  state.set({ runs: wanted });
  await load();
}

function take(item) {
  if (item.type === "run_deleted" && state.runs.includes(item.run_id)) return (gone.add(item.run_id), load());
  if (item.type === "run_summary" && gone.has(item.run_id)) return back(item.run_id);
  const run = item.type === "run_summary" && runs.find(({ id }) => id === item.run_id);
  if (!run) return;
  const ended = ENDED.has(item.data.status) && run.status !== item.data.status;
  Object.assign(run, item.data);
  if (ended) return load();
  refreshing ??= setTimeout(
    () => ((refreshing = null), document.hidden || loadCurves().catch(() => {})),
    REFRESH_AFTER,
  );
}

function say(next) {
  connection = next;
  drawConnection(find("connection"), connection, {
    running: false,
    ended: runs.length > 0 && runs.every(({ status }) => ENDED.has(status)),
  });
}

find("by").replaceChildren(...AXES.map((name) => el("option", { value: name }, name)));
find("by").addEventListener(
  "change",
  ({ target }) => (state.set({ by: target.value }), loadCurves().catch(({ message }) => problem(message))),
);
find("smooth").addEventListener("input", ({ target }) => state.set({ smooth: Number(target.value) }));
find("all").addEventListener("change", ({ target }) => state.set({ all: target.checked }));
find("split").addEventListener("change", ({ target }) => state.set({ split: target.value }));
find("add-form").addEventListener("submit", add);
addEventListener("resize", drawAxes);
setInterval(() => say(connection), 1000);
draw();
load();
follow("/ws/runs/", { onItem: take, onState: say, onMissed: load });
