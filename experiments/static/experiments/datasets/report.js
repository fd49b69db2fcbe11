// What the pre-flight report of a data set found, in words, and its classes in each split as bars.

import { el } from "../../realtime/frame/dom.js";
import { count, percent, splitName } from "../../realtime/frame/format.js";
import { factNodes } from "../../realtime/reading/fact_list.js";
import { linkedQuestions } from "../../realtime/reading/questions.js";
import { isKnown, readingFacts, trainingText } from "../../realtime/reading/reading_text.js";
import { readingParts } from "../../realtime/reading/reading_view.js";
import { isQuestion, NOTICES } from "../preflight/verdicts.js";

const COLOURS = 8; // of the style sheet; then they come again
const KEYS_SHOWN = 12;

// Notices, the most severe first; what was not found needs no words.
export function drawFindings(report) {
  if (!report) return [];
  if (report.status === "failed")
    return [el("div", { class: "notice warning" }, `The pre-flight report could not be made: ${report.problem}`)];
  if (report.status === "cancelled") {
    const words = `There is no pre-flight report: ${report.problem} Check the data set again to have one made.`;
    return [el("div", { class: "notice info" }, words)];
  }
  const order = Object.keys(NOTICES);
  const found = report.findings
    .filter((finding) => !isQuestion(finding))
    .sort((one, other) => order.indexOf(one.level) - order.indexOf(other.level));
  return found.map(({ level, text }) => el("div", { class: `notice ${NOTICES[level]}` }, el("span", {}, text)));
}

// How a training with default options would read the data, and the questions that it leaves open.
export function drawReading(report, name) {
  const place = document.getElementById("reading");
  place.hidden = !isKnown(report?.reading);
  if (place.hidden) return [];
  const { reading, verdict } = report;
  return [
    el(
      "div",
      { class: "card" },
      el("p", { class: "words" }, trainingText(reading, verdict)),
      ...linkedQuestions(reading.questions, new URLSearchParams({ dataset: name }).toString()),
      el("dl", { class: "facts data-facts" }, ...factNodes(readingFacts(reading))),
    ),
    el(
      "details",
      { class: "whole-reading" },
      el("summary", {}, "Everything about how it is read"),
      el("div", { class: "reading" }, ...readingParts(reading)),
    ),
  ];
}

// One bar for each split, all of the same length: shares of classes are compared, sizes are written beside them.
export function drawSplits(place, report) {
  const parts = report?.counts ?? [];
  const key = JSON.stringify(parts);
  if (place.dataset.drawn === key) return;
  place.dataset.drawn = key;
  place.hidden = parts.length === 0;
  place.replaceChildren(
    el("h3", {}, "In each split"),
    ...parts.map((part) => bar(part, report.classes)),
    keys(report?.classes ?? []),
  );
}

function bar({ split, classes: sizes, total }, names) {
  const words = sizes.map((size, at) => `${names[at]} ${count(size)} (${percent(size / (total || 1))})`).join(", ");
  const strip = el(
    "div",
    { class: "strip", role: "img", "aria-label": `${splitName(split)}: ${words}`, title: words },
    ...sizes.map((size, at) => piece(size / (total || 1), at)),
  );
  return el(
    "div",
    { class: "split-row" },
    el("span", {}, splitName(split)),
    strip,
    el("span", { class: "number muted" }, count(total)),
  );
}

function piece(share, at) {
  const node = el("i");
  node.style.width = `${100 * share}%`;
  node.style.background = `var(--c${(at % COLOURS) + 1})`;
  return node;
}

function keys(names) {
  const shown = names.slice(0, KEYS_SHOWN).map((name, at) => {
    const swatch = el("i", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = `var(--c${(at % COLOURS) + 1})`;
    return el("li", {}, swatch, name);
  });
  return el(
    "ul",
    { class: "keys" },
    ...shown,
    names.length > KEYS_SHOWN ? el("li", { class: "muted" }, `and ${count(names.length - KEYS_SHOWN)} more`) : null,
  );
}
