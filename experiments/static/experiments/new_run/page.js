// The form of a new run: made from the schema of the options, checked here and by the server, started once.

import { setText } from "../../realtime/frame/dom.js";
import { plural } from "../../realtime/frame/format.js";
import { call } from "../../realtime/frame/api.js";
import { Check } from "./check.js";
import { fetchDatasets } from "./dataset.js";
import { loadDraft, deleteDraft, saveDraft } from "./draft.js";
import { faultsOf } from "./faults.js";
import { Form } from "./form.js";
import { CodePanel } from "./code_panel.js";
import { setUpPasting } from "./paste.js";
import {
  applySettings,
  askedErrors,
  fetchOrigin,
  fetchReading,
  missingOrigin,
  nameOrigin,
  prefill,
} from "./prefill.js";
import { KnownReadings, labelStart, Questions } from "./questions.js";
import { Request } from "./request.js";
import { submit } from "./submission.js";
import { TestShare } from "./test_share.js";

const find = (id) => document.getElementById(id);
const place = find("new-run").dataset;

async function start() {
  const [options, { models }, datasets, origin] = await Promise.all([
    call(place.options),
    call(place.models),
    fetchDatasets(place.datasets),
    fetchOrigin(),
  ]);
  if (!options.may_hurry) bindPriority(options);
  nameMetrics(options);
  const request = new Request(options);
  const { run } = origin;
  const mayClone = run && (run.owner === place.user || options.may_hurry);
  fillIn(request, origin, mayClone, datasets);
  const questions = new Questions(find("questions"), request, (paths) => answered(paths));
  const reading = await fetchReading(origin).catch(() => null); // before anything is set
  questions.show(reading?.questions ?? []);
  const settings = applySettings(request);
  const before = new Map(request.texts);
  const draft = loadDraft();
  request.texts = draft ?? request.texts;
  const share = run || origin.preflight ? null : new TestShare(options.test_share, draft !== null);
  let patients = null;
  const { weights, builtins } = options;
  const form = new Form(request, { models, weights, datasets, builtins, roots: place.roots }, () => update());
  const read = (found) => {
    form.suggestColumns(found?.header ?? []);
    patients = found?.patients?.count ?? null;
  };
  const known = [...datasets, ...builtins];
  const facts = () => ({ ...known.find((one) => one.source_path === request.text("source_path")), patients });
  read(reading);
  const check = new Check(place.train, (report) => {
    questions.show(report.reading?.questions ?? []);
    read(report.reading);
  });
  const readings = new KnownReadings(datasets, request, questions);
  const lines = new CodePanel(document.querySelector(".lines"), place.user);
  const target = mayClone ? run.links.clone : place.train;
  const update = () => {
    if (share) setText(find("share-words"), share.follow(request, facts()));
    const body = mayClone ? request.changes : { experiment_name: "…", source_path: "…", ...request.body };
    request.offerNumbers(); // a draft brings metrics of its own
    form.show();
    questions.draw();
    readings.follow((found) => (read(found), found?.patients && update()), update);
    labelStart(find("start"), questions.open.length);
    check.compare(request.body);
    lines.show(place.origin + target, body);
    setText(find("changed"), changesText(request, run));
    saveDraft(request.texts);
  };
  const body = () => (mayClone ? request.changes : request.body);
  const answered = wire({ request, form, check, questions, update, target, before, body, share });
  update();
  for (const id of ["check", "start", "reset", "copy", "paste"]) find(id).disabled = false;
  find("new-run").hidden = false; // all at once: nothing moves
  find("form").dataset.ready = "";
  if (settings.length) answered(settings);
  form.showServerErrors(askedErrors());
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

function fillIn(request, origin, mayClone, datasets) {
  const unknown = prefill(request, origin, datasets);
  if (unknown.length)
    problem(`It was made with options that this server no longer knows: ${unknown.join(", ")}. They are left out.`);
  nameOrigin(origin, mayClone);
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

// Returns what is to be done after an answer: its options are shown as changed, and the data are checked with it.
function wire({ request, form, check, questions, update, target, before, body, share }) {
  // Shows what is wrong, and whether anything is.
  const isRight = () => {
    problem(null);
    return form.showErrors(request.errors);
  };
  const refused = (error) => showRefusal(error, { form, questions, update });
  const runCheck = () => check.run(request.body).then(update).catch(refused);
  find("check").addEventListener("click", () => isRight() && runCheck());
  find("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!isRight() || find("start").disabled) return;
    if (questions.open.length) return questions.focusFirst();
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
    share?.restart();
    check.discard();
    questions.clear();
    isRight();
    form.showErrors(new Map());
    update();
    deleteDraft();
  });
  addEventListener("pageshow", ({ persisted }) => persisted && (find("start").disabled = false));
  setUpPasting(request, () => (form.showErrors(new Map()), update()));
  return (paths) => {
    form.reveal(paths);
    update();
    if (request.errors.size === 0) runCheck();
  };
}

// Questions are shown with their choices; all else at its field, or above the form.
function showRefusal(error, { form, questions, update }) {
  const { questions: asked, errors, possible } = error.body ?? {};
  if (asked?.length) {
    questions.show(asked);
    update();
    return questions.focusFirst();
  }
  const words =
    error.message === "Failed to fetch" ? "The server does not answer; nothing was started. Try again." : error.message;
  const left = errors ? form.showServerErrors(faultsOf(error.body), possible) : [words];
  problem(left.join(" "));
  if (left.length) find("problem").scrollIntoView({ block: "nearest" });
}

start().catch((error) => {
  find("new-run").hidden = false;
  problem(error.status === 404 ? missingOrigin() : error.message);
});
