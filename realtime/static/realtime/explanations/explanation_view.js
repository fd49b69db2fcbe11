// What one score depends on: a map over its image, or a table of its columns, with what that is not. Loaded on demand.

import { errorText } from "../frame/api.js";
import { dataTable } from "../frame/data_table.js";
import { el, fillSelect, setText } from "../frame/dom.js";
import { count, score } from "../frame/format.js";
import { changeText, lengthsOf, mapText, valueText } from "./explanation_words.js";

const OPACITY = 60; // percent of the map at first
const WAITING = "Computing what the score depends on…";

let numbered = 0;

export class ExplanationView {
  #asked = 0; // explanations; the answer to an older one is dropped
  #ask = null;
  #overlay = null;
  #picture = null;

  // `stage` is where an image and its map are shown, by default a place of the view's own.
  constructor(stage = null) {
    const id = `explanation-${++numbered}`;
    this.ownStage = stage ? null : el("div", { class: "explained-stage" });
    this.stage = stage ?? this.ownStage;
    this.words = el("p", { class: "explained-words", role: "status" });
    this.classes = el("select", { change: () => this.#load(this.classes.value) });
    this.shown = el("input", { type: "checkbox", checked: true, change: () => this.#fade() });
    this.opacity = el("input", { type: "range", min: 0, max: 100, value: OPACITY, input: () => this.#fade() });
    this.tools = el(
      "div",
      { class: "explained-tools", hidden: true },
      el("label", {}, "Class ", this.classes),
      el("label", { class: "of-map" }, this.shown, " Show the map"),
      el("label", { class: "of-map" }, "Opacity ", this.opacity),
    );
    this.body = el("div", { class: "explained-body" });
    this.root = el(
      "section",
      { class: "explanation", "aria-labelledby": id },
      el("h4", { id }, "What the score depends on"),
      this.words,
      this.tools,
      this.ownStage,
      this.body,
    );
  }

  // `ask` returns a promise of the server's answer for a class, or for the predicted one (null).
  show(ask) {
    this.#ask = ask;
    return this.#load(null);
  }

  // Drop what is shown, and the answer that is awaited.
  clear() {
    this.#asked++;
    this.#overlay = this.#picture = null;
    setText(this.words, "");
    this.tools.hidden = true;
    this.body.replaceChildren();
    this.ownStage?.replaceChildren();
  }

  async #load(name) {
    const asked = ++this.#asked;
    setText(this.words, WAITING);
    this.root.setAttribute("aria-busy", "true");
    let answer = null;
    let problem = "";
    try {
      answer = await this.#ask(name);
    } catch (error) {
      problem = errorText(error);
    }
    if (asked !== this.#asked) return;
    this.root.removeAttribute("aria-busy");
    setText(this.words, problem);
    if (answer) this.#draw(answer);
    else if (name === null) this.body.replaceChildren();
  }

  #draw(answer) {
    const names = Object.keys(answer.item.scores);
    fillSelect(
      this.classes,
      names.map((name) => [name, name]),
    );
    this.classes.value = answer.class;
    this.tools.hidden = false;
    for (const label of this.tools.querySelectorAll(".of-map")) label.hidden = !answer.image;
    const about = `${answer.method_name} for ${answer.class}, whose score is ${score(answer.score)}.`;
    setText(this.words, answer.note ? `${about} ${answer.note}` : about);
    if (answer.image) this.#drawMap(answer.image);
    this.body.replaceChildren(...this.#parts(answer));
  }

  #drawMap(image) {
    this.#picture = el("img", {
      class: "explained-picture",
      src: image.picture,
      alt: "The image as the network got it",
    });
    this.#overlay = el("img", { class: "explained-map", src: image.overlay, alt: `Map: ${mapText(image)}` });
    this.stage.replaceChildren(el("div", { class: "explained-layers" }, this.#picture, this.#overlay));
    this.#fade();
  }

  #fade() {
    if (!this.#overlay) return;
    this.#overlay.hidden = !this.shown.checked;
    this.#overlay.style.opacity = String(this.opacity.valueAsNumber / 100);
    this.opacity.disabled = !this.shown.checked;
  }

  #parts({ image, row, shows, is_not: isNot }) {
    const limits = el("ul", { class: "is-not" }, ...isNot.map((line) => el("li", {}, line)));
    const texts = [el("p", {}, shows), el("h5", {}, "What it is not"), limits];
    if (image) return [scale(image), ...texts];
    return [sharesTable(row), row.others ? el("p", { class: "muted" }, othersText(row.others)) : null, ...texts].filter(
      Boolean,
    );
  }
}

const othersText = (others) => `${count(others)} more columns change it less, or were not looked at.`;

const scale = ({ highest }) =>
  el(
    "p",
    { class: "explained-scale" },
    el("span", {}, "0"),
    el("span", { class: "ramp", role: "img", "aria-label": "From purple and transparent to light yellow" }),
    el("span", {}, highest > 0 ? "1, the highest" : "1"),
  );

function sharesTable({ columns }) {
  const lengths = lengthsOf(columns.map(({ change }) => change));
  const rows = columns.map((share, at) => [share.column, valueText(share), changeBar(share.change, lengths[at])]);
  return dataTable("What each column changes", ["Column", "Value", "Change of the logit"], rows);
}

function changeBar(change, length) {
  const bar = el("span", { class: `share-bar ${change < 0 ? "falls" : "rises"}`, "aria-hidden": "true" });
  bar.style.setProperty("--length", `${50 * length}%`);
  return el("span", { class: "share" }, bar, el("span", {}, changeText(change)));
}
