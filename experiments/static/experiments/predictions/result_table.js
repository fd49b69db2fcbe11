// The table of predictions: each with a small picture that the browser draws from the reader's own file.

import { dataTable } from "../../realtime/frame/data_table.js";
import { el } from "../../realtime/frame/dom.js";
import { percent, UNKNOWN } from "../../realtime/frame/format.js";
import { barsOf, readWords } from "./prediction_words.js";

const SIDE = 56; // pixels of a picture's longer side
const MOST_PICTURES = 500; // more would take more memory than the reader can look at

export class ResultTable {
  #place;
  #described;
  #explain;
  #rows = [];

  // `explain` is called with an item and what it was predicted of, where a reader asks what its score depends on.
  constructor(place, described, explain) {
    this.#place = place;
    this.#described = described;
    this.#explain = explain;
  }

  /** All items, in the order in which they were added. */
  items = [];

  clear() {
    this.items = [];
    this.#rows = [];
    this.#place.replaceChildren();
  }

  // `files` or `rows` are those of the items, in the same order; neither is known of a table's.
  add(items, { files = [], rows = [] } = {}) {
    items.forEach((item, at) => {
      this.items.push(item);
      const of = { file: files[at] ?? null, row: rows[at] ?? null };
      this.#rows.push([...this.#row(item, of.file), this.#explainButton(item, of)]);
    });
    this.#place.replaceChildren(dataTable("Predictions", this.#head, this.#rows));
  }

  // A model whose scores are not recalibrated has no probabilities to show.
  get #head() {
    const probability = this.#described.recalibration.method ? ["Probability"] : [];
    return ["Name", "Predicted", "Score", ...probability, "Read", "Explain"];
  }

  #explainButton({ name, problem }, of) {
    if (problem || (!of.file && !of.row)) return UNKNOWN;
    const open = () => this.#explain(name, of);
    return el("button", { type: "button", "aria-label": `Explain ${name}`, click: open }, "Explain");
  }

  #row(item, file) {
    const picture = file && this.items.length <= MOST_PICTURES ? pictureOf(file) : null;
    const name = el("span", { class: "item-name" }, picture, el("span", {}, item.name));
    if (item.problem) {
      const problem = el("span", { class: "item-problem" }, item.problem);
      return this.#cells(name, el("span", { class: "mark bad" }, "Not predicted"), problem, UNKNOWN, item.read);
    }
    const bars = barsOf(item, this.#described);
    const scores = bars.map(({ name: of, score, text, threshold }) => scoreBar(of, score, text, threshold));
    const probabilities = bars
      .filter(({ probability }) => probability !== null)
      .map(({ name: of, probability }) => scoreBar(of, probability, percent(probability), null));
    const predicted = el("b", { class: "predicted" }, item.predicted);
    return this.#cells(
      name,
      predicted,
      el("span", { class: "bars" }, ...scores),
      probabilities.length ? el("span", { class: "bars" }, ...probabilities) : UNKNOWN,
      item.read,
    );
  }

  #cells(name, predicted, score, probability, read) {
    const cells = [name, predicted, score, ...(this.#described.recalibration.method ? [probability] : [])];
    return [...cells, readWords(read)];
  }
}

// A bar from 0 to 1 with its text; a line marks the threshold.
function scoreBar(name, share, text, threshold) {
  const bar = el("span", { class: "score-bar", "aria-hidden": "true" });
  bar.style.setProperty("--share", `${100 * share}%`);
  if (threshold !== null) {
    bar.classList.add("has-threshold");
    bar.style.setProperty("--threshold", `${100 * threshold}%`);
  }
  return el("span", { class: "score-line" }, el("span", {}, `${name} `, el("b", {}, text)), bar);
}

// A canvas needs no address of the file, so the page's content policy stays as narrow as it is.
function pictureOf(file) {
  const canvas = el("canvas", { class: "item-picture", width: SIDE, height: SIDE, "aria-hidden": "true" });
  createImageBitmap(file)
    .then((bitmap) => {
      const scale = SIDE / Math.max(bitmap.width, bitmap.height);
      canvas.width = Math.max(1, Math.round(bitmap.width * scale));
      canvas.height = Math.max(1, Math.round(bitmap.height * scale));
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      bitmap.close();
      canvas.classList.add("drawn");
    })
    .catch(() => canvas.classList.add("unknown")); // a DICOM file, or one that is damaged
  return canvas;
}
