// The list of data sets, and the two ways to add one.

import { drawConnection } from "../../realtime/frame/connection.js";
import { arrange, el, setText } from "../../realtime/frame/dom.js";
import { bytes, count, dateTime } from "../../realtime/frame/format.js";
import { call } from "../../realtime/frame/api.js";
import { repeat } from "../../realtime/frame/repeat.js";
import { contents, doing, findings, pill, isChecked, share, STATE_WORDS, version } from "./states.js";
import { Uploads } from "./uploads.js";

const BUSY_DELAY = 1000;
const CALM_DELAY = 10_000;

const find = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const rows = new Map(); // name -> its row

async function load() {
  await uploads.refresh();
  const { results, next } = await call(`${find("datasets").dataset.api}?${asked}`);
  show(results, next);
  return results.every(isChecked) ? CALM_DELAY : BUSY_DELAY;
}

function show(results, next) {
  const kept = new Map(rows);
  rows.clear();
  for (const dataset of results) rows.set(dataset.name, fill(kept.get(dataset.name) ?? newRow(dataset), dataset));
  arrange(
    find("table").tBodies[0],
    [...rows.values()].map(({ node }) => node),
  );
  find("loading").hidden = true;
  find("table").hidden = rows.size === 0;
  find("empty").hidden = rows.size > 0 || asked.has("after");
  find("paging").hidden = !next && !asked.has("after");
  find("first").hidden = !asked.has("after");
  find("next").hidden = !next;
  if (next) find("next").href = new URL(next).search;
}

function newRow({ name, links, created_at: created, owner, project, source_path: source }) {
  const cells = Object.fromEntries(
    ["state", "words", "problem", "files", "size", "version"].map((part) => [part, el("span")]),
  );
  const bar = el("progress", { max: 1, "aria-label": "Share of the bytes done" });
  const report = el("a", { class: "report", hidden: true });
  const number = (part, label) => el("td", { class: "number", "data-label": label }, cells[part]);
  const node = el(
    "tr",
    { "data-dataset": name },
    el("th", { scope: "row" }, el("a", { href: links.page }, name), el("small", { class: "muted" }, source)),
    el("td", { "data-label": "State" }, cells.state),
    el("td", { "data-label": "Contents", class: "wide" }, bar, cells.words, cells.problem, report),
    number("files", "Files"),
    number("size", "Size"),
    el("td", { "data-label": "Version" }, el("code", {}, cells.version)),
    el(
      "td",
      { "data-label": "Added", class: "when" },
      el("span", {}, `${dateTime(created).slice(0, 10)} `),
      el("span", {}, `by ${owner} in ${project}`),
    ),
  );
  return { node, bar, report, ...cells };
}

function fill(row, dataset) {
  row.state.className = pill(dataset);
  setText(row.state, STATE_WORDS[dataset.state]);
  row.bar.hidden = share(dataset) === null;
  row.bar.value = share(dataset) ?? 0;
  setText(row.words, isChecked(dataset) ? contents(dataset) : doing(dataset));
  row.problem.className = dataset.state === "refused" ? "trouble" : "doubt";
  setText(row.problem, isChecked(dataset) ? (dataset.problem ?? "") : "");
  const found = dataset.report ? findings(dataset.report) : "";
  row.report.hidden = !found;
  row.report.href = dataset.report?.page ?? "";
  setText(row.report, `Pre-flight report: ${found.slice(0, -2)}`);
  setText(row.files, count(dataset.files));
  setText(row.size, dataset.size === null ? "–" : bytes(dataset.size));
  setText(row.version, version(dataset));
  return row;
}

// A form whose request may be refused: it shows the reason, and what was typed stays.
function onSubmit(name, work) {
  const form = find(`${name}-form`);
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [button, problem] = [form.querySelector("button"), find(`${name}-problem`)];
    button.disabled = true;
    problem.hidden = true;
    try {
      await work();
      form.reset();
      refresh();
    } catch (error) {
      problem.hidden = false;
      setText(problem, error.message === "Failed to fetch" ? "The server does not answer; try again." : error.message);
    } finally {
      button.disabled = false;
    }
  });
}

const uploads = new Uploads(find("uploads"), find("upload-form").dataset.api, () => refresh());
// What both forms ask for beside the data: a name, and where there are several the project.
function given(form) {
  const [name, project] = [find(`${form}-name`).value.trim(), find(`${form}-project`)?.value];
  return { ...(name && { name }), ...(project && { project }) };
}
onSubmit("upload", () => uploads.open(find("file").files[0], given("upload")));
onSubmit("register", () =>
  call(find("register-form").dataset.api, {
    method: "POST",
    json: { path: find("path").value, ...given("register") },
  }),
);
const refresh = repeat(load, (state) =>
  state ? drawConnection(find("connection"), state, {}) : find("connection").replaceChildren(),
);
