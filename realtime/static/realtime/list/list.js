// The list of runs: pages from the REST API as the address asks for them, kept true by ws/runs/.

import { call, Refused } from "../frame/api.js";
import { drawConnection } from "../frame/connection.js";
import { el, setText } from "../frame/dom.js";
import { plural } from "../frame/format.js";
import { LONGEST_DELAY, follow } from "../events/news.js";
import { onQueue, takeQueue } from "../queue/waiting.js";
import { Acting } from "./acting.js";
import { columnsMenu } from "./choosing.js";
import { columnsOf, USUAL } from "./columns.js";
import { drawCount, Filters } from "./filters.js";
import { BY, Groups } from "./groups.js";
import { offerKeys } from "./keys.js";
import { matches } from "./matching.js";
import { Place } from "./place.js";
import { Selection } from "./selection.js";
import { NEWEST_FIRST, State } from "./state.js";
import { RunTable } from "./table.js";

const [SOON, LATER, COUNT_EVERY, TYPING] = [300, 4000, 5000, 250]; // milliseconds

const find = (id) => document.getElementById(id);
const source = find("runs").dataset;
const state = new State(() => changed());
const selection = new Selection(
  () => [...flat.rows.values()].map(({ run }) => run),
  () => drawSelection(),
);
const acting = new Acting(find("selection"), state, {
  selection,
  api: source.api,
  known: async () => (await filters.facets("tag")).tag.map(({ value }) => value),
  onDone: done,
});
const options = {
  selection,
  staff: Boolean(find("queue").dataset.staff),
  onTag: (tag) => state.set({ tag: [...new Set([...state.tag, tag])] }),
};
const flat = new RunTable(find("table"), { ...options, caption: "Runs", onSort: sort });
const groups = new Groups(find("grouped"), {
  ...options,
  state,
  api: source.api,
  columns: () => columnsOf(state.columns),
  onShowAll: (key) => state.set({ by: "", [state.by]: [String(key)] }),
});
const filters = new Filters(find("menus"), find("chips"), state, source.api);
const place = new Place({
  more: () => ({ selected: selection.ids, open: groups.openKeys }),
  onReturn: ({ selected, open }) => (selectShown(new Set(selected)), groups.open(open)),
});
const told = new Map(); // run id -> the state in which news of it, which is not shown, came last
let [loaded, isWhole, isSorted] = [false, false, true]; // whether there is a page, nothing before or after it, and its order still holds
let ofDeleted = state.deleted;
let [turns, timer, counting, typing] = [0, null, null, null];
let connection = { kind: "connecting" };
let newest = Number(source.newest); // the highest number of a run that the page has taken notice of
let columnsKnown = null;
const fresh = new Set(); // runs that would be shown, but not here and now

const tables = () => (state.by ? groups.tables : [flat]);

// --- what is asked for ---

function changed() {
  if (ofDeleted !== state.deleted) selection.clear(); // nothing can be done with both kinds
  ofDeleted = state.deleted;
  drawControls();
  load();
}

function address() {
  const asked = new URLSearchParams([...state.filters(), ...(state.by ? [["by", state.by]] : state.extras)]);
  if (!state.by && state.ordering !== NEWEST_FIRST) asked.set("ordering", state.ordering);
  if (state.cursor) asked.set("cursor", state.cursor);
  return `${source.api}${state.by ? "grouped/" : ""}?${asked}`;
}

// `quiet`: nothing else is asked for than before.
async function load({ quiet = false } = {}) {
  const turn = ++turns;
  clearTimeout(timer);
  timer = null;
  if (!quiet) find("shown").setAttribute("aria-busy", "true");
  try {
    const page = await call(address());
    if (turn !== turns) return;
    show(page, quiet);
  } catch (error) {
    if (turn === turns) failed(error);
  }
  if (turn === turns && !quiet) countSoon(0);
}

function failed(error) {
  find("loading").hidden = true;
  find("shown").removeAttribute("aria-busy");
  if (!(error instanceof Refused) || error.status >= 500) {
    if (!flat.rows.size) problem("The server does not answer. This page tries again.");
    return refreshAfter(LONGEST_DELAY);
  }
  if ([401, 403].includes(error.status)) return say({ kind: "logged-out" });
  const usual = () => state.set({ ...state.cleared, ordering: NEWEST_FIRST, columns: USUAL, by: "", cursor: "" });
  problem(error.message, el("button", { type: "button", click: usual }, "Show all runs in the usual way"));
}

function problem(text, ...more) {
  find("problem").hidden = !text;
  find("problem").replaceChildren(el("span", {}, text), ...more);
}

// --- what is shown ---

function show({ results, next, previous }, quiet) {
  [loaded, isWhole] = [true, !next && !previous];
  if (!quiet) told.clear();
  find("loading").hidden = true;
  problem("");
  find("shown").removeAttribute("aria-busy");
  (state.by ? flat : groups).clear();
  if (state.by) groups.show(results);
  else showRuns(results, quiet);
  find("table").parentNode.hidden = Boolean(state.by) || results.length === 0;
  find("grouped").parentNode.hidden = !state.by || results.length === 0;
  drawNothing(results.length === 0);
  find("paging").hidden = !next && !previous;
  for (const [id, url] of [
    ["next", next],
    ["previous", previous],
  ])
    drawPage(find(id), url);
  place.restore();
}

// Of those that were selected, what is here: what the others are like by now is not known.
function selectShown(ids) {
  const runs = [...flat.rows.values()].map(({ run }) => run).filter(({ id }) => ids.has(id));
  if (runs.length) selection.all(runs, true);
}

function showRuns(results, quiet) {
  flat.setColumns(columnsOf(state.columns), state.ordering);
  const shown = flat.rows;
  const stays = quiet && !(state.isNewestFirst && state.isFirstPage) && results.some(({ id }) => shown.has(id));
  isSorted = !stays || [...shown.keys()].join() === results.map(({ id }) => id).join();
  if (stays) return (results.forEach((run) => flat.fill(run)), drawFresh()); // another order would move what is being read
  flat.show(results);
  if (!quiet || state.isFirstPage) forgetFresh();
}

function drawNothing(nothing) {
  const filtered = state.isFiltered || state.cursor || state.by;
  find("empty").hidden = !nothing || Boolean(filtered);
  find("none").hidden = !nothing || !filtered;
  setText(
    find("none-words"),
    state.deleted
      ? "No deleted run can be restored here: after some days deleted runs are removed for ever."
      : state.by === "tag" && !state.isFiltered
        ? "No run has a tag yet. Select runs in the list and press Tag."
        : "No run is as the filters ask for. Remove one of them, or all.",
  );
}

function drawPage(link, url) {
  link.hidden = !url;
  if (!url) return;
  const kept = new URLSearchParams(location.search);
  kept.set("cursor", new URL(url).searchParams.get("cursor"));
  link.href = `?${kept}`;
}

function turnPage(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  state.set({ cursor: new URL(event.target.href).searchParams.get("cursor") });
  find("runs").scrollIntoView();
}

function sort({ sort: name, descends }) {
  const [first, second] = descends ? [`-${name}`, name] : [name, `-${name}`];
  state.set({ ordering: { [first]: second, [second]: NEWEST_FIRST }[state.ordering] ?? first });
}

function drawControls() {
  if (typing === null && find("search").value !== state.search) find("search").value = state.search;
  find("by").value = state.by;
  const used = filters.draw();
  setText(find("more"), used ? `Filters (${used})` : "Filters");
  drawOrders();
  drawSelection();
}

// On a narrow screen nothing stands above the columns that could be pressed.
function drawOrders() {
  const sortable = columnsOf(state.columns).filter(({ sort: name }) => name);
  const found = [
    [NEWEST_FIRST, "Newest first"],
    ["experiment_name", "Name"],
    ...sortable.flatMap(({ sort: name, label, descends, numeric }) =>
      numeric || descends
        ? [
            [`-${name}`, `${label}, highest first`],
            [name, `${label}, lowest first`],
          ]
        : [[name, label]],
    ),
  ];
  if (!found.some(([value]) => value === state.ordering)) found.push([state.ordering, "As sorted"]);
  find("order").replaceChildren(
    ...found.map(([value, words]) => el("option", { value, selected: value === state.ordering }, words)),
  );
}

function drawSelection() {
  tables().forEach((table) => table.drawSelected());
  acting.draw();
}

// --- what is new ---

function take(item) {
  if (item.type === "queue") return takeQueue(item.data);
  if (item.type === "run_deleted") return takeAway(item.run_id);
  if (item.type === "run_summary") takeRun(item.data);
}

function takeRun(run) {
  selection.update(run);
  const shown = tables().filter((table) => table.rows.has(run.id));
  const fitting = matches(run, state);
  if (shown.length && !fitting && !state.by) return takeAway(run.id);
  for (const table of shown) {
    const before = table.rows.get(run.id).run;
    table.fill(run);
    if (before.progress.epoch !== run.progress.epoch || before.status !== run.status) refreshAfter(LATER); // its curve, its metrics, its group
  }
  if (!shown.length && fitting) takeNew(run);
}

// A run that fits and is not shown. It is asked for once for each state it is in: the server may see it otherwise.
function takeNew(run) {
  const isNews = told.get(run.id) !== run.status;
  told.set(run.id, run.status);
  if (!isNews || !loaded) return;
  countSoon(COUNT_EVERY);
  if (state.by) return refreshAfter(LATER);
  if (belongsHere(run)) return refreshAfter(SOON);
  if (run.id <= newest) return; // it stands on another page
  newest = run.id;
  fresh.add(run.id);
  drawFresh();
}

const belongsHere = ({ id }) =>
  state.isNewestFirst && state.isFirstPage && (isWhole || id > Math.min(...flat.rows.keys()));

function takeAway(id) {
  told.delete(id);
  tables().forEach((table) => table.remove(id));
  if (fresh.delete(id)) drawFresh();
  if (state.by || !flat.rows.size) refreshAfter(SOON);
  countSoon(SOON);
}

// What was done with runs here shows at once, with or without news.
function done(action, ids) {
  if (["delete", "restore"].includes(action) && (action === "restore") === state.deleted) ids.forEach(takeAway);
  refreshAfter(SOON);
}

function drawFresh() {
  find("fresh").hidden = fresh.size === 0 && isSorted;
  setText(find("fresh"), fresh.size ? `${plural(fresh.size, "new run")} – show` : "The order has changed – sort again");
}

function forgetFresh() {
  fresh.clear();
  newest = Math.max(newest, ...flat.rows.keys());
  drawFresh();
}

function refreshAfter(delay) {
  timer ??= setTimeout(() => {
    timer = null;
    if (document.hidden) return document.addEventListener("visibilitychange", () => refreshAfter(0), { once: true });
    load({ quiet: true });
  }, delay);
}

function countSoon(delay) {
  if (delay === 0) clearTimeout(counting);
  else if (counting) return;
  counting = setTimeout(countNow, delay);
}

async function countNow() {
  counting = null;
  const turn = turns;
  const found = await filters.facets().catch(() => null);
  if (!found || turn !== turns) return;
  columnsKnown = found.columns;
  drawCount(find("count"), found.count, !state.isFiltered && !state.search);
}

function say(next) {
  connection = next;
  drawConnection(find("connection"), connection, { running: false, ended: false });
}

function search() {
  clearTimeout(typing);
  typing = null;
  const words = find("search").value;
  if (words.trim() !== state.search.trim()) state.set({ search: words }, { kind: "search" });
}

find("by").replaceChildren(
  el("option", { value: "" }, "None"),
  ...Object.entries(BY).map(([value, words]) => el("option", { value }, words)),
);
find("by").addEventListener("change", ({ target }) => state.set({ by: target.value }));
find("order").addEventListener("change", ({ target }) => state.set({ ordering: target.value }));
find("search").addEventListener("input", () => (clearTimeout(typing), (typing = setTimeout(search, TYPING))));
find("toolbar").addEventListener("submit", (event) => (event.preventDefault(), search()));
find("toolbar").append(columnsMenu(state, async () => columnsKnown ?? (await filters.facets()).columns));
find("more").addEventListener("click", () => {
  const open = find("more").getAttribute("aria-expanded") !== "true";
  find("more").setAttribute("aria-expanded", String(open));
  for (const id of ["toolbar", "narrowing"]) find(id).classList.toggle("open", open);
});
find("fresh").addEventListener("click", () =>
  !fresh.size || (state.isFirstPage && !state.isNewestFirst) ? load() : state.set({ ordering: NEWEST_FIRST }),
);
find("clear-none").addEventListener("click", () => state.set({ ...state.cleared, by: "" }));
for (const id of ["next", "previous"]) find(id).addEventListener("click", turnPage);
offerKeys({
  onSelect: (id) => tables().forEach((table) => table.rows.has(id) && selection.click(table.rows.get(id).run)),
  onCompare: () => acting.compare(),
  onClear: () => (document.querySelector("details.menu[open]") || !selection.runs.size ? false : selection.clear()),
});
onQueue(() => {
  for (const table of tables()) for (const { run } of table.rows.values()) if (run.status === "queued") table.fill(run);
});
setInterval(() => say(connection), 1000);
drawControls();
load();
follow(source.websocket, { onItem: take, onState: say, onMissed: () => load({ quiet: true }) });
