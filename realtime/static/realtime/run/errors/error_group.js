// One group of errors, page by page: pictures that open, or a table's rows.

import { call, errorText } from "../../frame/api.js";
import { el, setText } from "../../frame/dom.js";
import { count, UNKNOWN } from "../../frame/format.js";
import { groupTitle, sampleLabel, scoreOf, shortName } from "./error_words.js";

const PAGE = 24;
const HEAD = ["Sample", "Patient", "Score", "True class", "Predicted"];
let numbered = 0;

// What stands in place of a picture is part of its button's name.
function showWords(frame, words) {
  frame.append(el("span", { class: "no-picture" }, words));
  const button = frame.closest("button");
  button.setAttribute("aria-label", `${button.getAttribute("aria-label")}: ${words}`);
}

export class ErrorGroupView {
  #page = 0;
  #samples = [];
  #rows = new Map(); // of a table, by sample
  #columns = null;
  #frames = new Map(); // of pictures, by sample
  #closed = false;

  // `samples` is the address that lists them.
  constructor(group, { split, samples }) {
    Object.assign(this, { group, split, address: samples });
    const id = `errors-${++numbered}`;
    this.words = el("p", { class: "muted", role: "status" }, group.size ? "Loading…" : "None.");
    // Their room is there before the pictures come, as the server leaves it.
    this.list = el("ul", { class: "shots" }, ...Array.from({ length: Math.min(PAGE, group.size) }, emptyShot));
    this.table = el("div", {});
    this.more = el("button", { type: "button", hidden: true, click: () => this.loadMore() }, "Show more");
    const exported = `${samples}export/?${this.#query()}`;
    this.root = el(
      "section",
      { class: "card error-group", "aria-labelledby": id },
      el("header", {}, el("h3", { id }, groupTitle(group)), el("p", { class: "muted" }, group.words)),
      this.list,
      this.table,
      this.words,
      el(
        "div",
        { class: "actions" },
        this.more,
        group.size ? el("a", { class: "button", href: exported }, "CSV") : null,
      ),
    );
  }

  close() {
    this.#closed = true;
  }

  #query(more = {}) {
    return new URLSearchParams({ split: this.split, cell: this.group.cell, ...more });
  }

  async loadMore() {
    if (!this.group.size) return;
    this.more.hidden = true;
    const asked = this.#query({ page: this.#page + 1, page_size: PAGE, thumbnails: true });
    try {
      const found = await call(`${this.address}?${asked}`, { kept: true });
      if (this.#closed) return;
      this.#page = found.page;
      this.#add(found);
      if (found.results.some(({ picture }) => !picture)) await this.#lookUp(asked, found.results);
    } catch (error) {
      if (!this.#samples.length) this.list.replaceChildren();
      setText(this.words, errorText(error));
      this.more.hidden = false;
    }
  }

  #add({ problem, page, pages, total, results, attempt }) {
    this.attempt = attempt;
    if (!this.#samples.length) this.list.replaceChildren();
    for (const sample of results) sample.threshold = this.group.threshold;
    this.#samples.push(...results);
    this.list.append(...results.map((sample) => this.#shot(sample)));
    this.more.hidden = problem !== null || page >= pages;
    const shown = this.#samples.length;
    setText(this.words, problem ?? (shown < total ? `The first ${count(shown)} of ${count(total)}.` : ""));
    if (this.#columns) this.#drawTable();
  }

  #shot(sample) {
    const frame = el("span", { class: "frame" });
    this.#frames.set(sample.sample_id, frame);
    if (sample.picture) frame.append(picture(sample.picture));
    const open = async () => {
      const { openPicture } = await import("./picture_dialog.js");
      const from = { samples: this.#samples, frames: this.#frames, split: this.split, attempt: this.attempt };
      openPicture(sample, { ...from, address: this.address });
    };
    return el(
      "li",
      {},
      el("button", { type: "button", class: "shot", "aria-label": sampleLabel(sample), click: open }, frame),
      el("span", { class: "shot-score" }, scoreOf(sample)),
      el("span", { class: "muted" }, shortName(sample.sample_id ?? UNKNOWN)),
    );
  }

  // What the run keeps no picture of: drawn from the data, if they can still be read.
  async #lookUp(asked, results) {
    const { images, problems, columns, rows, problem } = await call(`${this.address}pictures/?${asked}`);
    if (this.#closed) return;
    for (const [sample, src] of Object.entries(images)) {
      const frame = this.#frames.get(sample);
      if (frame && !frame.firstChild) frame.append(picture(src));
    }
    if (columns) {
      this.#columns = columns;
      for (const [sample, cells] of Object.entries(rows)) this.#rows.set(sample, cells);
      await this.#drawTable();
    }
    for (const { sample_id: sample } of results) {
      const frame = this.#frames.get(sample);
      if (frame && !frame.firstChild) showWords(frame, problems[sample] ?? "No picture");
    }
    const none = this.list.querySelector("img") ? "No other pictures" : "No pictures";
    if (problem) setText(this.words, `${this.words.textContent} ${none}: ${problem}`.trim());
  }

  async #drawTable() {
    this.list.hidden = true;
    const { dataTable } = await import("../../frame/data_table.js"); // only rows of a table need it
    if (this.#closed) return;
    const cells = this.#samples.map((sample) => [
      sample.sample_id ?? UNKNOWN,
      sample.patient_id ?? UNKNOWN,
      scoreOf(sample),
      sample.class ?? UNKNOWN,
      sample.predicted ?? UNKNOWN,
      ...(this.#rows.get(sample.sample_id) ?? this.#columns.map(() => UNKNOWN)),
    ]);
    this.table.replaceChildren(dataTable(groupTitle(this.group), [...HEAD, ...this.#columns], cells));
  }
}

const emptyShot = () => el("li", { class: "empty-shot", "aria-hidden": "true" }, el("span", { class: "frame" }));
const picture = (src) => el("img", { src, alt: "" });
