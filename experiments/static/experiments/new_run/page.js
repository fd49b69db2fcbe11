// The form of a new run: made from the schema of the options, checked here and by the server, started once.

import { el, setText } from "../../realtime/frame/dom.js";
import { plural } from "../../realtime/frame/format.js";
import { call } from "../../realtime/frame/api.js";
import { Check } from "./check.js";
import { fetchDatasets } from "./dataset.js";
import { loadDraft, deleteDraft, saveDraft } from "./draft.js";
import { Form } from "./form.js";
import { CodePanel } from "./code_panel.js";
import { setUpPasting } from "./paste.js";
import { Request } from "./request.js";
import { submit } from "./submission.js";

const find = (id) => document.getElementById(id);
const place = find("new-run").dataset;
// A data set by its name, or one that is built in by its whole name.
const sourceOf = (name) => (name.startsWith("builtin:") ? name : `dataset:${name}`);
const asked = new URLSearchParams(location.search);

async function start() {
  const [options, { models }, datasets, run] = await Promise.all([
    call(place.options),
    call(place.models),
    fetchDatasets(place.datasets),
    copied(),
  ]);
  if (!options.may_hurry) bindPriority(options);
  nameMetrics(options);
  const request = new Request(options);
  const mayClone = run && (run.owner === place.user || options.may_hurry);
  if (run) fillFrom(run, request, mayClone);
  else if (asked.get("dataset")) request.set("source_path", sourceOf(asked.get("dataset")));
  const before = new Map(request.texts);
  request.texts = loadDraft() ?? request.texts;
  const form = new Form(request, { models, weights: options.weights, datasets, builtins: options.builtins }, () =>
    update(),
  );
  const check = new Check(place.train);
  const lines = new CodePanel(document.querySelector(".lines"), place.user);
  const target = mayClone ? run.links.clone : place.train;
  const update = () => {
    const body = mayClone ? request.changes : { experiment_name: "…", source_path: "…", ...request.body };
    request.offerNumbers(); // a draft brings metrics of its own
    form.show();
    check.compare(request.body);
    lines.show(place.origin + target, body);
    setText(find("changed"), changesText(request, run));
    saveDraft(request.texts);
  };
  wire({ request, form, check, update, target, before, body: () => (mayClone ? request.changes : request.body) });
  update();
  for (const id of ["check", "start", "reset", "copy", "paste"]) find(id).disabled = false;
  find("form").dataset.ready = "";
}

// Owners may lower the priority of their runs; only staff may raise one.
function bindPriority({ groups }) {
  const field = groups.flatMap(({ fields }) => fields).find(({ path }) => path === "priority");
  field.kinds[0].maximum = 0;
  field.help += ". Only staff may ask for more than 0";
}

// The names that may be written, beside the numbers of every run.
function nameMetrics({ groups, directions }) {
  const field = groups.flatMap(({ fields }) => fields).find(({ path }) => path === "callbacks.metrics");
  const standing = groups.flatMap(({ fields }) => fields).find(({ path }) => path === "callbacks.monitor");
  const names = Object.keys(directions).filter((name) => !standing.kinds[0].choices.includes(name));
  if (names.length) field.help += `: ${names.map((name) => name.replace("val_", "")).join(", ")}`;
}

async function copied() {
  const number = asked.get("from");
  return number ? call(`/api/runs/${encodeURIComponent(number)}/`) : null;
}

function fillFrom(run, request, mayClone) {
  const unknown = request.fill(run.config, { tags: run.tags, priority: Math.min(0, run.priority) });
  if (unknown.length)
    problem(`Run ${run.id} has options that this server no longer knows: ${unknown.join(", ")}. They are left out.`);
  request.copyFrom();
  setText(find("heading"), "Clone with changes");
  find("origin").hidden = false;
  const owned = mayClone ? "" : ` It belongs to ${run.owner}: yours will be a new run that does not name it.`;
  find("origin").replaceChildren(
    "Filled in from ",
    el("a", { href: run.links.page }, `run ${run.id}, ${run.experiment_name}`),
    `. What you change is marked.${owned}`,
  );
}

function changesText(request, run) {
  const number = request.changed.length;
  if (run)
    return number
      ? `${plural(number, "option")} differ${number === 1 ? "s" : ""} from run ${run.id}.`
      : `Nothing differs from run ${run.id} yet.`;
  return number
    ? `${plural(number, "option")} changed; the others have their defaults.`
    : "All options have their defaults.";
}

function problem(text) {
  find("problem").hidden = !text;
  setText(find("problem"), text ?? "");
}

function wire({ request, form, check, update, target, before, body }) {
  // Shows what is wrong, and whether anything is.
  const isRight = () => {
    problem(null);
    return form.showErrors(request.errors);
  };
  const refused = (error) => {
    const left = error.body?.errors
      ? form.showServerErrors(error.body.errors)
      : [
          error.message === "Failed to fetch"
            ? "The server does not answer; nothing was started. Try again."
            : error.message,
        ];
    problem(left.join(" "));
    if (left.length) find("problem").scrollIntoView({ block: "nearest" });
  };
  find("check").addEventListener("click", () => isRight() && check.run(request.body).then(update).catch(refused));
  find("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!isRight() || find("start").disabled) return;
    find("start").disabled = true;
    try {
      const page = await submit(target, body());
      deleteDraft();
      location.assign(page);
    } catch (error) {
      find("start").disabled = false;
      refused(error);
    }
  });
  find("reset").addEventListener("click", () => {
    request.texts = new Map(before);
    check.discard();
    isRight();
    form.showErrors(new Map());
    update();
    deleteDraft();
  });
  addEventListener("pageshow", ({ persisted }) => persisted && (find("start").disabled = false));
  setUpPasting(request, () => (form.showErrors(new Map()), update()));
}

start().catch((error) =>
  problem(
    error.status === 404
      ? `There is no run ${asked.get("from")} (any more). Open the empty form instead.`
      : error.message,
  ),
);
