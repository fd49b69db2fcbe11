// Results of many classes, of which no screen shows all: the most frequent mistakes, the classes of the lowest recall,
// and others by name.

import { el } from "../frame/dom.js";
import { count, percent } from "../frame/format.js";
import { labelsNamed, lowestFirst, mostFrequent, pairsText } from "./mistakes.js";

const MOST = 100; // mistakes shown
const MOST_CLASSES = 50;
const BY = "final_sensitivity";

// A list under a field in which classes are searched; `draw(words)` gives the table for what was written.
function searched({ label, region, draw, form = "" }) {
  const place = el("div", { class: `scroll classes ${form}`, tabindex: "0", role: "region", "aria-label": region });
  const field = el("input", {
    type: "search",
    placeholder: "Search classes",
    "aria-label": label,
    input: () => place.replaceChildren(draw(field.value)),
  });
  place.append(draw(""));
  return el("div", { class: "searched" }, field, place);
}

export function drawConfusions({ confusion_matrix: matrix, class_names: names }, of) {
  const draw = (words) => confusionTable(matrix, names, words);
  return searched({ label: `Search the confusions, ${of}`, region: `Confusions, ${of}`, draw });
}

function confusionTable(matrix, names, words) {
  const meant = new Set(labelsNamed(names, words));
  const { mistakes, pairs, right, all } = mostFrequent(matrix, MOST, (label) => meant.has(label));
  const which = words.trim() ? `with “${words.trim()}”` : `of ${count(names.length)} classes`;
  const caption = `${count(right)} of ${count(all)} right. ${pairsText(mistakes.length, pairs, which)}`;
  return pairTable(mistakes, names, caption);
}

// Which class is taken for which; `mistakes` as those of `mostFrequent`.
export function pairTable(mistakes, names, caption) {
  const rows = mistakes.map(({ i, j, cell, share }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, names[i] ?? String(i)),
      el("td", {}, names[j] ?? String(j)),
      el("td", { class: "number" }, count(cell)),
      el("td", { class: "number" }, percent(share)),
    ),
  );
  const head = ["True", "Predicted", "Samples", "Of the class"].map((name, place) =>
    el("th", { scope: "col", class: place > 1 ? "number" : null }, name),
  );
  return el(
    "table",
    { class: "confusions" },
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...head)),
    el("tbody", {}, ...rows),
  );
}

// `draw(names, caption)` gives the table of some classes.
export function drawSearchedClasses({ statistics, class_names: names }, region, draw) {
  const some = (words) => {
    const found = labelsNamed(names, words);
    const labels = lowestFirst(found, (label) => statistics[`${BY}/${names[label]}`]).slice(0, MOST_CLASSES);
    const listed = labels.length < found.length ? `${labels.length} of ${count(found.length)}` : count(found.length);
    return draw(
      labels.map((label) => names[label]),
      `${listed} classes, lowest recall first, each against the rest, with 95 % intervals`,
    );
  };
  return searched({ label: `Search the classes, ${region}`, region, draw: some, form: "blocks" });
}
