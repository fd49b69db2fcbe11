// Samples to look at: small pictures by class, or a table's first rows.

import { el, setText } from "../../realtime/frame/dom.js";
import { count, plural, splitName } from "../../realtime/frame/format.js";
import { call } from "../../realtime/frame/api.js";

const find = (id) => document.getElementById(id);

export class Samples {
  constructor() {
    Object.assign(this, { version: null, page: 1, pages: 1, label: "", turn: 0 });
    find("sample-class").addEventListener("change", ({ target }) => this.#go(1, target.value));
    find("sample-back").addEventListener("click", () => this.#go(this.page - 1));
    find("sample-on").addEventListener("click", () => this.#go(this.page + 1));
  }

  // Looks anew only when the version changed.
  show({ state, content_hash: version, classes, links }) {
    find("samples").hidden = state !== "ready" || !version;
    if (find("samples").hidden || this.version === version) return;
    Object.assign(this, { version, api: links.samples });
    const names = (classes ?? []).map(({ name, samples }) => el("option", { value: name }, `${name} (${count(samples)})`));
    find("sample-class").replaceChildren(el("option", { value: "" }, "All classes"), ...names);
    this.#go(1, "");
  }

  async #go(page, label = this.label) {
    const turn = ++this.turn;
    Object.assign(this, { page, label });
    this.#say("Looking at the samples …");
    try {
      const asked = new URLSearchParams({ page, ...(label && { class: label }) });
      const found = await call(`${this.api}?${asked}`);
      if (turn === this.turn) this.#draw(found);
    } catch (error) {
      if (turn !== this.turn) return;
      this.version = null; // so that the next look at the data set tries again
      this.#say(error.message);
    }
  }

  #say(words) {
    setText(find("sample-words"), words);
    for (const id of ["sample-back", "sample-on"]) find(id).disabled = true;
  }

  #draw({ problem, columns, rows, results, total, pages }) {
    this.pages = pages;
    find("sample-class-part").hidden = columns !== null;
    for (const id of ["sample-back", "sample-on"]) find(id).hidden = columns !== null || pages === 1;
    this.#say(problem ?? (columns ? `The first ${count(rows.length)} of ${plural(total, "row")}` : `${plural(total, "sample")}, page ${count(this.page)} of ${count(pages)}`));
    find("sample-back").disabled = this.page <= 1;
    find("sample-on").disabled = this.page >= pages;
    find("sample-grid").replaceChildren(columns ? table(columns, rows) : grid(results));
  }
}

function grid(pictures) {
  return el("ul", { class: "pictures" }, ...pictures.map(({ id, class: label, split, image, problem }) => el("li", { title: id },
    image ? el("img", { src: image, alt: `Sample ${id}`, loading: "lazy" }) : el("p", { class: "broken" }, `Cannot be read: ${problem}`),
    el("span", { class: "picture-class" }, label), el("small", { class: "muted" }, split ? `${splitName(split).toLowerCase()} · ${id}` : id))));
}

function table(columns, rows) {
  const head = columns.map((name) => el("th", { scope: "col" }, name || "(no name)"));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "First rows" },
    el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, cell)))))));
}
