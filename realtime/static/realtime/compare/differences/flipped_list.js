// The samples on which only one of two runs decides rightly: loaded page by page when a reader opens the list.

import { call, errorText } from "../../frame/api.js";
import { dataTable } from "../../frame/data_table.js";
import { el, setText } from "../../frame/dom.js";
import { count, plural, scoreBeside, UNKNOWN } from "../../frame/format.js";

const ADDRESS = "/api/runs/differences/samples/";
const SIDE = 72; // pixels of a picture

export class FlippedList {
  #query;
  #samples = [];
  #frames = new Map(); // of the samples' pictures, by id
  #page = 0;
  #loading = false;

  // `query`: reference, run and split; `right`: "run" or "reference"; `labels` of both, and their `thresholds`, where
  // scores decide; `size` of the list.
  constructor({ query, right, labels, thresholds, size }) {
    Object.assign(this, { labels, thresholds });
    this.#query = new URLSearchParams([...query, ["right", right]]);
    this.words = el("p", { class: "muted", role: "status" });
    this.place = el("div");
    this.more = el("button", { type: "button", hidden: true, click: () => this.#load() }, "More samples");
    const title = `Only ${labels[right]} is right: ${plural(size, "sample")}`;
    const opened = ({ target }) => target.open && !this.#page && this.#load();
    const attributes = { class: "card flipped", "data-right": right };
    this.node = size
      ? el("details", { ...attributes, toggle: opened }, el("summary", {}, title), this.words, this.place, this.more)
      : el("p", attributes, title);
    this.title = title;
  }

  async #load() {
    if (this.#loading) return;
    this.#loading = true;
    this.more.hidden = true;
    try {
      this.#query.set("page", this.#page + 1);
      const found = await call(`${ADDRESS}?${this.#query}`);
      this.#draw(found);
      if (found.results.length) await this.#addPictures();
    } catch (error) {
      setText(this.words, errorText(error));
      this.more.hidden = false;
    } finally {
      this.#loading = false;
    }
  }

  #draw({ problem, page, pages, totals, right, results }) {
    if (problem) return setText(this.words, problem);
    this.#page = page;
    this.#samples.push(...results);
    const some = this.#samples.length < totals[right] ? `The first ${count(this.#samples.length)} of ` : "";
    setText(this.words, `${some}${plural(totals[right], "sample")}; those where the scores are farthest apart first.`);
    const head = [...(results.length ? this.#factsOf(results[0]) : []).map(([name]) => name), "Picture"];
    const rows = this.#samples.map((sample) => [
      ...this.#factsOf(sample).map(([, value]) => value),
      this.#frameOf(sample.sample_id),
    ]);
    this.place.replaceChildren(...(rows.length ? [dataTable(this.title, head, rows)] : []));
    this.more.hidden = page >= pages;
  }

  #factsOf(sample) {
    const { labels, thresholds } = this;
    const says = (side) => `${sample[`${side}_predicted`]} (${scoreBeside(sample[`${side}_score`], thresholds[side])})`;
    return [
      ["Sample", sample.sample_id],
      ["Patient", sample.patient_id ?? UNKNOWN],
      ["Class", sample.label],
      [`${labels.reference} says`, says("reference")],
      [`${labels.run} says`, says("run")],
    ];
  }

  // Its room is there before the picture comes.
  #frameOf(sample) {
    if (!this.#frames.has(sample)) this.#frames.set(sample, el("span", { class: "picture" }));
    return this.#frames.get(sample);
  }

  async #addPictures() {
    const asked = call(`${ADDRESS}pictures/?${this.#query}`);
    const { images, large, problems, problem } = await asked.catch(() => ({ images: {}, large: {}, problems: {} }));
    for (const sample of this.#samples.filter(({ sample_id: id }) => id in images)) {
      const src = images[sample.sample_id];
      sample.address = large[sample.sample_id];
      this.#frames.get(sample.sample_id).replaceChildren(this.#button(sample, src));
    }
    const none = Object.keys(images).length ? "No other pictures" : "No pictures";
    if (problem) setText(this.words, `${this.words.textContent} ${none}: ${problem}`);
    for (const [sample, frame] of this.#frames) {
      if (frame.firstChild) continue;
      frame.className = "muted";
      if (sample in problems) frame.textContent = `No picture: ${problems[sample]}`;
    }
  }

  #button(sample, src) {
    const open = async () => {
      const { openPicture } = await import("../../run/errors/picture_dialog.js");
      const samples = this.#samples.filter(({ address }) => address);
      openPicture(sample, { samples, frames: this.#frames, facts: (one) => this.#factsOf(one) });
    };
    const image = el("img", { src, alt: "", width: SIDE, height: SIDE });
    return el("button", { type: "button", "aria-label": `Look at ${sample.sample_id}`, click: open }, image);
  }
}
