// Samples: small pictures by class, or a table's first rows.

import { el, setText } from "../../realtime/frame/dom.js";
import { count, plural, splitName } from "../../realtime/frame/format.js";
import { call } from "../../realtime/frame/api.js";
import { versionOf } from "./states.js";

const SMALL = 64; // pixels; what has no more a side is shown pixel by pixel, not smoothed
const EACH = "each"; // in place of a class: a few of each
const ALL = "all";

const find = (id) => document.getElementById(id);

export class Samples {
  // `onTable` is called when the data turn out to be a table.
  constructor(onTable) {
    Object.assign(this, { onTable, version: null, page: 1, pages: 1, chosen: EACH, turn: 0 });
    find("sample-class").addEventListener("change", ({ target }) => this.#go(1, target.value));
    find("sample-back").addEventListener("click", () => this.#go(this.page - 1));
    find("sample-on").addEventListener("click", () => this.#go(this.page + 1));
  }

  // Loads again only when the version has changed.
  show(dataset) {
    const { state, classes, links } = dataset;
    const version = versionOf(dataset);
    find("samples").hidden = state !== "ready" || !version;
    if (find("samples").hidden || this.version === version) return;
    Object.assign(this, {
      version,
      api: links.samples,
      sizes: new Map((classes ?? []).map(({ name, samples }) => [name, samples])),
    });
    const names = (classes ?? []).map(({ name, samples }, at) =>
      el("option", { value: `=${at}` }, `${name} (${count(samples)})`),
    );
    this.names = (classes ?? []).map(({ name }) => name);
    find("sample-class").replaceChildren(
      el("option", { value: EACH }, "Some of each class"),
      el("option", { value: ALL }, "All, in their order"),
      ...names,
    );
    this.#go(1, EACH);
  }

  async #go(page, chosen = this.chosen) {
    const turn = ++this.turn;
    Object.assign(this, { page, chosen });
    this.#showMessage("Looking at the samples …");
    try {
      const found = await call(`${this.api}?${this.#query()}`);
      if (turn === this.turn) this.#draw(found);
    } catch (error) {
      if (turn !== this.turn) return;
      this.version = null; // so that the next look at the data set tries again
      this.#showMessage(error.message);
    }
  }

  #query() {
    if (this.chosen === EACH) return new URLSearchParams({ by: "class" });
    const label = this.names[Number(this.chosen.slice(1))];
    return new URLSearchParams({ page: this.page, ...(this.chosen !== ALL && { class: label }) });
  }

  #showMessage(words) {
    setText(find("sample-words"), words);
    for (const id of ["sample-back", "sample-on"]) find(id).disabled = true;
  }

  #draw({ problem, columns, rows, results, total, pages }) {
    this.pages = pages;
    find("sample-class-part").hidden = columns !== null;
    for (const id of ["sample-back", "sample-on"]) find(id).hidden = columns !== null || pages === 1;
    this.#showMessage(problem ?? this.#summaryText({ columns, rows, results, total, pages }));
    find("sample-back").disabled = this.page <= 1;
    find("sample-on").disabled = this.page >= pages;
    if (columns) this.onTable();
    find("sample-grid").replaceChildren(
      ...(columns ? [table(columns, rows)] : this.chosen === EACH ? this.#byClass(results) : [grid(results)]),
    );
  }

  #summaryText({ columns, rows, results, total, pages }) {
    if (columns) return `The first ${count(rows.length)} of ${plural(total, "row")}`;
    if (this.chosen === EACH) return `${count(results.length)} of ${plural(total, "sample")}`;
    return `${plural(total, "sample")}, page ${count(this.page)} of ${count(pages)}`;
  }

  // In the order they came; a class' name is not repeated under its pictures.
  #byClass(results) {
    const shown = new Map();
    for (const picture of results) shown.set(picture.class, [...(shown.get(picture.class) ?? []), picture]);
    const parts = [...shown].map(([name, pictures]) =>
      el(
        "section",
        { class: "of-class" },
        el(
          "h3",
          {},
          name,
          el("small", { class: "muted" }, ` ${count(pictures.length)} of ${count(this.sizes.get(name))}`),
        ),
        grid(pictures, { named: false }),
      ),
    );
    const more = this.names.length - shown.size;
    return more > 0
      ? [...parts, el("p", { class: "muted" }, `and ${more === 1 ? "1 more class" : `${count(more)} more classes`}`)]
      : parts;
  }
}

function grid(pictures, { named = true } = {}) {
  return el(
    "ul",
    { class: "pictures" },
    ...pictures.map(({ id, class: label, split, image, problem }) =>
      el(
        "li",
        { title: id },
        image
          ? el("img", { src: image, alt: `Sample ${id}`, loading: "lazy", load: sharpen })
          : el("p", { class: "broken" }, `Cannot be read: ${problem}`),
        named ? el("span", { class: "picture-class" }, label) : null,
        el("small", { class: "muted" }, split ? `${splitName(split).toLowerCase()} · ${id}` : id),
      ),
    ),
  );
}

function sharpen({ target }) {
  if (Math.max(target.naturalWidth, target.naturalHeight) <= SMALL) target.classList.add("few-pixels");
}

function table(columns, rows) {
  const head = columns.map((name) => el("th", { scope: "col" }, name || "(no name)"));
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "First rows" },
    el(
      "table",
      { class: "rows" },
      el("thead", {}, el("tr", {}, ...head)),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, cell))))),
    ),
  );
}
