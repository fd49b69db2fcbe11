// What surrounds the list: search, grouping, order, paging, the messages in place of it.

import { el, setText } from "../frame/dom.js";
import { columnsOf } from "./columns/columns.js";
import { BY } from "./groups.js";
import { NEWEST_FIRST } from "./address.js";

const TYPING = 250; // milliseconds without another letter before the search begins

const find = (id) => document.getElementById(id);

export class ListControls {
  #typing = null;

  constructor(state) {
    this.state = state;
    find("by").replaceChildren(
      el("option", { value: "" }, "None"),
      ...Object.entries(BY).map(([value, words]) => el("option", { value }, words)),
    );
    find("by").addEventListener("change", ({ target }) => state.set({ by: target.value }));
    find("order").addEventListener("change", ({ target }) => state.set({ ordering: target.value }));
    find("search").addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#search(), TYPING);
    });
    find("toolbar").addEventListener("submit", (event) => (event.preventDefault(), this.#search()));
    find("more").addEventListener("click", () => this.#toggleFilters());
    find("clear-none").addEventListener("click", () => state.set({ ...state.cleared, by: "" }));
    for (const id of ["next", "previous"]) find(id).addEventListener("click", (event) => this.#turnPage(event));
  }

  #search() {
    clearTimeout(this.#typing);
    this.#typing = null;
    const text = find("search").value;
    if (text.trim() !== this.state.search.trim()) this.state.set({ search: text }, { kind: "search" });
  }

  // On narrow screens, where the filters are folded.
  #toggleFilters() {
    const open = find("more").getAttribute("aria-expanded") !== "true";
    find("more").setAttribute("aria-expanded", String(open));
    for (const id of ["toolbar", "narrowing"]) find(id).classList.toggle("open", open);
  }

  #turnPage(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.state.set({ cursor: new URL(event.target.href).searchParams.get("cursor") });
    find("runs").scrollIntoView();
  }

  // `used`: how many filters are in use.
  draw(used) {
    const { state } = this;
    if (this.#typing === null && find("search").value !== state.search) find("search").value = state.search;
    find("by").value = state.by;
    setText(find("more"), used ? `Filters (${used})` : "Filters");
    this.#drawOrders();
  }

  // On a narrow screen there are no column heads to press.
  #drawOrders() {
    const { ordering, columns } = this.state;
    const found = [
      [NEWEST_FIRST, "Newest first"],
      ["experiment_name", "Name"],
      ...columnsOf(columns)
        .filter(({ sort }) => sort)
        .flatMap(ordersOf),
    ];
    if (!found.some(([value]) => value === ordering)) found.push([ordering, "As sorted"]);
    const options = found.map(([value, words]) => el("option", { value, selected: value === ordering }, words));
    find("order").replaceChildren(...options);
  }

  drawPaging({ next, previous }) {
    find("paging").hidden = !next && !previous;
    for (const [id, url] of Object.entries({ next, previous })) {
      find(id).hidden = !url;
      if (!url) continue;
      const query = new URLSearchParams(location.search);
      query.set("cursor", new URL(url).searchParams.get("cursor"));
      find(id).href = `?${query}`;
    }
  }

  drawEmpty(isEmpty) {
    const { state } = this;
    const filtered = Boolean(state.isFiltered || state.cursor || state.by);
    find("empty").hidden = !isEmpty || filtered;
    for (const id of ["toolbar", "narrowing"]) find(id).hidden = isEmpty && !filtered; // nothing to search
    find("none").hidden = !isEmpty || !filtered;
    setText(find("none-words"), emptyText(state));
  }

  // `more`: nodes beside the text.
  showProblem(text, ...more) {
    find("problem").hidden = !text;
    find("problem").replaceChildren(el("span", {}, text), ...more);
  }
}

const ordersOf = ({ sort, label, descends, numeric }) =>
  numeric || descends
    ? [
        [`-${sort}`, `${label}, highest first`],
        [sort, `${label}, lowest first`],
      ]
    : [[sort, label]];

function emptyText(state) {
  if (state.deleted)
    return "No deleted run can be restored here: after some days deleted runs are removed permanently.";
  if (state.by === "tag" && !state.isFiltered) return "No run has a tag yet. Select runs in the list and press Tag.";
  return "No run matches the filters. Remove one of them, or all.";
}
