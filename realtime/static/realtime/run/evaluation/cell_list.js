// The samples behind one cell of the matrix, page by page. Loaded when a reader asks for them.

import { call, errorText } from "../../frame/api.js";
import { dataTable } from "../../frame/data_table.js";
import { el, setText } from "../../frame/dom.js";
import { count, plural, scoreBeside, UNKNOWN } from "../../frame/format.js";

const find = (id) => document.getElementById(id);
const HEAD = ["Sample", "Patient", "Score", "Picture"];
const SIDE = 72; // pixels of a picture
const NAMES = { tn: "True negatives", fp: "False positives", fn: "False negatives", tp: "True positives" };
const FIRST = { tn: "lowest", fp: "highest", fn: "lowest", tp: "highest" };

export class CellList {
  #asked = 0; // requests; the answer to an older one is dropped
  #query = null;
  #samples = [];
  #frames = new Map(); // of the samples' pictures, by id

  // The address that lists samples; whether there are pictures of them.
  constructor(address, { pictures = true } = {}) {
    Object.assign(this, { address, hasPictures: pictures });
    find("cell-more").addEventListener("click", () => this.#load());
    find("cell-close").addEventListener("click", () => {
      this.close();
      this.opener?.focus();
    });
  }

  // `query`: split and class; `threshold` decides.
  open(cell, threshold, query) {
    this.#query = new URLSearchParams([...query, ["cell", cell], ["threshold", threshold]]);
    find("cell-export").href = `${this.address}export/?${this.#query}`;
    this.#samples = [];
    this.#frames.clear();
    this.page = 0;
    this.opener = document.activeElement;
    find("cell").hidden = false;
    const decides = threshold > 1 ? "above all scores" : `by a score of ${threshold} or more`;
    setText(find("cell-title"), `${NAMES[cell]}, ${decides}`);
    setText(find("cell-words"), "Loading…");
    find("cell-samples").replaceChildren();
    find("cell-title").focus();
    Object.assign(this, { threshold, order: FIRST[cell] });
    return this.#load();
  }

  close() {
    this.#asked++;
    find("cell").hidden = true;
  }

  async #load() {
    const asked = ++this.#asked;
    find("cell-more").hidden = true;
    try {
      this.#query.set("page", this.page + 1);
      const found = await call(`${this.address}?${this.#query}`);
      if (asked !== this.#asked) return;
      this.#draw(found);
      if (found.results.length && this.hasPictures) this.#addPictures(asked);
    } catch (error) {
      if (asked !== this.#asked) return;
      setText(find("cell-words"), errorText(error));
      find("cell-more").hidden = false;
    }
  }

  #draw({ problem, page, pages, total, results }) {
    this.page = page;
    this.#samples.push(...results);
    const some = this.#samples.length < total ? `The first ${count(this.#samples.length)} of ` : "";
    setText(find("cell-words"), problem ?? `${some}${plural(total, "sample")}, the ${this.order} scores first.`);
    const rows = this.#samples.map(({ sample_id: sample, patient_id: patient, score: value }) => [
      sample ?? UNKNOWN,
      patient ?? UNKNOWN,
      scoreBeside(value, this.threshold),
      ...(this.hasPictures ? [this.#frameOf(sample)] : []),
    ]);
    const title = find("cell-title").textContent;
    find("cell-samples").replaceChildren(
      ...(rows.length ? [dataTable(title, this.hasPictures ? HEAD : HEAD.slice(0, -1), rows)] : []),
    );
    find("cell-more").hidden = problem !== null || page >= pages;
  }

  // Its room is there before the picture comes.
  #frameOf(sample) {
    if (!this.#frames.has(sample)) this.#frames.set(sample, el("span", { class: "picture" }));
    return this.#frames.get(sample);
  }

  #takeFramesAway() {
    for (const frame of this.#frames.values()) if (!frame.firstChild) frame.remove();
  }

  async #addPictures(asked) {
    const words = find("cell-words").textContent;
    try {
      const { images, problem } = await call(`${this.address}pictures/?${this.#query}`);
      if (asked !== this.#asked) return;
      for (const [sample, src] of Object.entries(images))
        this.#frames.get(sample)?.replaceChildren(el("img", { src, alt: "", width: SIDE, height: SIDE }));
      if (problem) setText(find("cell-words"), `${words} No pictures: ${problem}`);
      if (!Object.keys(images).length) this.#takeFramesAway();
    } catch {
      // The list says what the samples are; the next page tries again.
    }
  }
}
