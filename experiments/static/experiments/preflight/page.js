// The page of a pre-flight report: asks until there is one, then draws it once.

import { setText } from "../../realtime/frame/dom.js";
import { drawFacts } from "./facts.js";
import { drawSections } from "./sections.js";
import { findingNotice, VERDICTS } from "./verdicts.js";

const ASK_EVERY = 1000; // milliseconds
const ASK_AGAIN_AFTER = 5000; // after a failure

const find = (id) => document.getElementById(id);
const source = find("preflight").dataset;
const ofRun = "run" in source;

async function ask() {
  try {
    const response = await fetch(source.api, { cache: "no-store", headers: { Accept: "application/json" } });
    if (response.status === 401 || response.status === 403)
      return say("failed", "Logged out", "Log in again to see the report.");
    if (response.status === 404 && ofRun)
      return say(
        "queued",
        "No report",
        "This run has made none: it has not come so far, or began before there were any.",
      );
    if (!response.ok) throw new Error(response.status);
    show(await response.json());
  } catch {
    say("cancelling", "No answer", "The server does not answer. This page tries again.");
    setTimeout(ask, ASK_AGAIN_AFTER);
  }
}

function show(answer) {
  if (ofRun) return draw(answer);
  if (answer.report) return draw(answer.report);
  if (answer.status === "failed") return say("failed", "No report", answer.problem);
  if (answer.status === "queued") say("queued", "Queued", "Waiting for a worker");
  else say("in_progress", "In progress", answer.progress || "Starting");
  return setTimeout(ask, ASK_EVERY);
}

function say(kind, title, words) {
  find("verdict").className = `pill ${kind}`;
  setText(find("verdict"), title);
  setText(find("words"), words);
}

function draw(report) {
  say(...VERDICTS[report.verdict]);
  drawFacts(find("facts"), report);
  find("findings").replaceChildren(...report.findings.map(findingNotice));
  find("sections").replaceChildren(...drawSections(report));
}

ask();
