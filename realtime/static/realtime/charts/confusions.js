// A confusion matrix of many classes as a list: which class is taken for which, the most frequent mistakes first.

import { el } from "../frame/dom.js";
import { count, percent } from "../frame/format.js";

const MOST = 100; // mistakes shown

export function drawConfusions({ confusion_matrix: matrix, class_names: names }, of) {
  const mistakes = [];
  let [right, all] = [0, 0];
  matrix.forEach((row, i) => {
    const total = row.reduce((sum, cell) => sum + cell, 0);
    all += total;
    right += row[i];
    row.forEach((cell, j) => cell && i !== j && mistakes.push({ i, j, cell, share: cell / total }));
  });
  mistakes.sort((a, b) => b.cell - a.cell || b.share - a.share);
  const shown = mistakes.slice(0, MOST);
  const rows = shown.map(({ i, j, cell, share }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, names[i]),
      el("td", {}, names[j]),
      el("td", { class: "number" }, count(cell)),
      el("td", { class: "number" }, percent(share)),
    ),
  );
  const listed =
    shown.length < mistakes.length ? `${shown.length} most frequent of ${count(mistakes.length)}` : count(shown.length);
  const pairs = `The ${listed} pairs of ${count(names.length)} classes that are mistaken`;
  const caption = `${count(right)} of ${count(all)} right. ${pairs}`;
  const head = el(
    "tr",
    {},
    el("th", { scope: "col" }, "True"),
    el("th", { scope: "col" }, "Predicted"),
    el("th", { scope: "col", class: "number" }, "Samples"),
    el("th", { scope: "col", class: "number" }, "Of the class"),
  );
  const table = el(
    "table",
    { class: "confusions" },
    el("caption", {}, caption),
    el("thead", {}, head),
    el("tbody", {}, ...rows),
  );
  return el(
    "div",
    { class: "scroll classes", tabindex: "0", role: "region", "aria-label": `Confusions, ${of}` },
    table,
  );
}
