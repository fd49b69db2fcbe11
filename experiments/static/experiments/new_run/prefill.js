// What the form begins with, as its address says: a run, a report's request, a data set, and options to set.

import { el, setText } from "../../realtime/frame/dom.js";
import { call } from "../../realtime/frame/api.js";
import { settingsIn } from "../../realtime/reading/answers.js";
import { setOptions } from "./answers.js";

const find = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
// A data set by its name, or one that is built in by its whole name.
const sourceOf = (name) => (name.startsWith("builtin:") ? name : `dataset:${name}`);

// -> {run, preflight}, each null unless the address names it.
export async function fetchOrigin() {
  const [run, preflight] = await Promise.all([
    fetchNumbered("from", "/api/runs/"),
    fetchNumbered("preflight", "/api/experiments/preflights/"),
  ]);
  return { run, preflight };
}

const fetchNumbered = (name, api) =>
  asked.get(name) ? call(`${api}${encodeURIComponent(asked.get(name))}/`) : Promise.resolve(null);

// Returns the names of options that this server no longer knows.
export function prefill(request, { run, preflight }, datasets) {
  const unknown = run
    ? request.fill(run.config, { tags: run.tags, priority: Math.min(0, run.priority) })
    : preflight
      ? request.fill(preflight.config)
      : [];
  request.setProject((run ?? preflight)?.project);
  if (run) request.copyFrom();
  if (!run && !preflight && asked.get("dataset")) request.useData(sourceOf(asked.get("dataset")), datasets);
  return unknown;
}

// Once there is something to compare with: what the address sets counts as a change. Returns the options' names.
export function applySettings(request) {
  const settings = settingsIn(asked);
  setOptions(request, settings);
  return Object.keys(settings);
}

// What a failed run named as wrong, as the form shows errors; nothing without one.
export const askedErrors = () =>
  asked.get("at")
    ? [{ field: asked.get("at"), message: "The run failed here: change this before it runs again." }]
    : [];

// How the data were read, as far as it is known before any check of this form.
export async function fetchReading({ run, preflight }) {
  const name = asked.get("dataset");
  if (preflight) return preflight.report?.reading;
  if (run) return (await call(run.links.reading)).reading;
  return name ? (await call(`/api/datasets/${encodeURIComponent(name)}/`)).preflight?.reading : null;
}

export function nameOrigin({ run, preflight }, mayClone) {
  if (!run && !preflight) return;
  setText(find("heading"), run ? "Clone with changes" : "New run");
  find("origin").hidden = false;
  const owned = run && !mayClone ? ` It belongs to ${run.owner}: yours will be a new run that does not name it.` : "";
  const link = run
    ? el("a", { href: run.links.page }, `run ${run.id}, ${run.experiment_name}`)
    : el("a", { href: new URL(preflight.links.page).pathname }, `pre-flight report ${preflight.preflight_id}`);
  find("origin").replaceChildren("Filled in from ", link, `. What you change is marked.${owned}`);
}

// What does not exist, in words.
export const missingOrigin = () =>
  asked.get("from")
    ? `There is no run ${asked.get("from")} (any more). Open the empty form instead.`
    : `There is no pre-flight report ${asked.get("preflight")}. Open the empty form instead.`;
