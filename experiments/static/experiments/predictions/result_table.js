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
  #rows = [];

  constructor(place, described) {
    this.#place = place;
    this.#described = described;
  }

  /** All items, in the order in which they were added. */
  items = [];

  clear() {
    this.items = [];
    this.#rows = [];
    this.#place.replaceChildren();
  }

  // `files` are those of the items, in the same order; rows have none.
  add(items, files = []) {
    items.forEach((item, at) => {
      this.items.push(item);
      this.#rows.push(this.#row(item, files[at] ?? null));
    });
    const head = ["Name", "Predicted", "Score", "Probability", "Read"];
    this.#place.replaceChildren(dataTable("Predictions", head, this.#rows));
  }

  #row(item, file) {
    const picture = file && this.items.length <= MOST_PICTURES ? pictureOf(file) : null;
    const name = el("span", { class: "item-name" }, picture, el("span", {}, item.name));
    if (item.problem) {
      const problem = el("span", { class: "item-problem" }, item.problem);
      return [name, el("span", { class: "mark bad" }, "Not predicted"), problem, UNKNOWN, readWords(item.read)];
    }
    const bars = barsOf(item, this.#described);
    const scores = bars.map(({ name: of, score, text, threshold }) => scoreBar(of, score, text, threshold));
    const probabilities = bars
      .filter(({ probability }) => probability !== null)
      .map(({ name: of, probability }) => scoreBar(of, probability, percent(probability), null));
    return [
      name,
      el("b", { class: "predicted" }, item.predicted),
      el("span", { class: "bars" }, ...scores),
      probabilities.length ? el("span", { class: "bars" }, ...probabilities) : UNKNOWN,
      readWords(item.read),
    ];
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
