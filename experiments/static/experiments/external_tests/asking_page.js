// The form that asks for an external test: what is wrong, what the data ask, and how far the job is.

import { JobProgress } from "../model_jobs/job_progress.js";
import { call, errorText } from "../../realtime/frame/api.js";
import { el, setText } from "../../realtime/frame/dom.js";
import { questionGroup } from "../../realtime/reading/questions.js";
import { answersOf, numberOf, requestBody } from "./request_body.js";

const find = (id) => document.getElementById(id);
const form = find("ask");
const submit = form.querySelector("button[type=submit]");
const job = new JobProgress(find("ask-job"), {
  onDone: ({ result }) => window.location.assign(`${form.dataset.pages}${result.external_test}/`),
  onEnd: () => (submit.disabled = false),
});
let answers = {};

function showRule() {
  const fields = find("rule-fields");
  if (!fields) return;
  const { threshold, rule } = Object.fromEntries(new FormData(form));
  fields.hidden = threshold !== "rechosen";
  const cost = numberOf(rule) === "cost_ratio";
  find("number-field").hidden = !numberOf(rule);
  setText(find("number-words"), cost ? "a missed positive costs as many false alarms as" : "at least");
}

function say(text) {
  setText(find("ask-problem"), text);
  find("ask-problem").hidden = !text;
}

function askBack(questions) {
  find("ask-questions").replaceChildren(
    ...questions.map((question) =>
      questionGroup(question, ({ options }, content) =>
        el("button", { type: "button", class: "choice", click: () => answer(options) }, ...content),
      ),
    ),
  );
}

function answer(options) {
  answers = { ...answers, ...answersOf(options) };
  form.requestSubmit();
}

async function ask() {
  submit.disabled = true;
  say("");
  askBack([]);
  try {
    const fields = Object.fromEntries(new FormData(form));
    job.follow(await call(form.dataset.address, { method: "POST", json: requestBody(fields, answers) }));
  } catch (error) {
    submit.disabled = false;
    say(errorText(error));
    askBack(error.body?.questions ?? []);
  }
}

// One that was asked for before is still under way.
async function follow() {
  const { results } = await call(form.dataset.jobs);
  if (!results.length || submit.disabled) return;
  submit.disabled = true;
  job.follow(results[0]);
}

form.addEventListener("change", showRule);
find("source_path").addEventListener("input", () => (answers = {}));
form.addEventListener("submit", (event) => (event.preventDefault(), ask()));
showRule();
follow().catch(() => {}); // the form can be used all the same
