// The page of a pre-flight report: asks until there is one, then draws it once.

import { call, errorText } from "../../realtime/frame/api.js";
import { el, setText } from "../../realtime/frame/dom.js";
import { isKnown } from "../../realtime/reading/reading_text.js";
import { linkedQuestions } from "../../realtime/reading/questions.js";
import { readingParts } from "../../realtime/reading/reading_view.js";
import { drawFacts } from "./facts.js";
import { drawSections } from "./sections.js";
import { findingNotice, isQuestion, VERDICTS } from "./verdicts.js";

const ASK_EVERY = 1000; // milliseconds
const ASK_AGAIN_AFTER = 5000; // after a failure

const find = (id) => document.getElementById(id);
const source = find("preflight").dataset;
const ofRun = "run" in source;

async function load() {
  try {
    const response = await fetch(source.api, { cache: "no-store", headers: { Accept: "application/json" } });
    if (response.status === 401 || response.status === 403)
      return showStatus("failed", "Logged out", "Log in again to see the report.");
    if (response.status === 404 && ofRun) return showReadingAlone();
    if (!response.ok) throw new Error(response.status);
    show(await response.json());
  } catch {
    showStatus("cancelling", "No answer", "The server does not answer. This page tries again.");
    setTimeout(load, ASK_AGAIN_AFTER);
  }
}

function show(answer) {
  if (ofRun) return draw(answer);
  find("cancel").hidden = !answer.may_cancel;
  if (answer.report) return draw(answer.report);
  if (answer.status === "cancelled") return showStatus("cancelled", "Cancelled", answer.problem);
  if (answer.status === "failed") return showStatus("failed", "No report", answer.problem);
  if (answer.status === "queued") showStatus("queued", "Queued", "Waiting for a worker");
  else showStatus("in_progress", "In progress", answer.progress || "Starting");
  return setTimeout(load, ASK_EVERY);
}

function showStatus(kind, title, words) {
  find("verdict").className = `pill ${kind}`;
  setText(find("verdict"), title);
  setText(find("words"), words);
}

// The reading is there before the report is, and where open questions have ended the run.
async function showReadingAlone() {
  showStatus("queued", "No report", "This run has made none: it has not come so far, or began before there were any.");
  drawReading((await call(source.reading)).reading);
}

function draw(report) {
  showStatus(...VERDICTS[report.verdict]);
  drawFacts(find("facts"), report);
  find("findings").replaceChildren(...report.findings.filter((finding) => !isQuestion(finding)).map(findingNotice));
  find("sections").replaceChildren(...drawSections(report));
  drawReading(report.reading);
}

function drawReading(reading) {
  if (!isKnown(reading)) return;
  find("questions").replaceChildren(...linkedQuestions(reading.questions, source.origin));
  find("reading").replaceChildren(
    el("h2", { id: "reading-title" }, "How your data were read"),
    el("div", { class: "reading" }, ...readingParts(reading)),
  );
  find("reading").hidden = false;
  if (location.hash === "#reading") find("reading").scrollIntoView();
}

async function cancel() {
  find("cancel").disabled = true;
  try {
    await call(source.api, { method: "DELETE" });
  } catch (error) {
    find("cancel-problem").hidden = false;
    setText(find("cancel-problem"), errorText(error));
  }
  find("cancel").disabled = false; // the next answer hides it
}

find("cancel")?.addEventListener("click", cancel);
load();
