// A table of runs: heads that sort, and rows by run.

import { arrange, el } from "../frame/dom.js";
import { Row } from "./row.js";

export class RunTable {
  rows = new Map(); // run id -> its Row, in the order of the page
  #key = null;

  // `options`: {selection, staff, onTag, onSort, caption, sortable}
  constructor(node, options) {
    Object.assign(this, { node, options });
    this.head = el("thead");
    this.body = el("tbody");
    node.replaceChildren(el("caption", { class: "hidden-visually" }, options.caption), this.head, this.body);
  }

  setColumns(columns, ordering) {
    const key = columns.map((column) => column.key).join();
    if (key !== this.#key) {
      this.rows.clear();
      this.columns = columns;
      this.#drawHead();
    }
    this.#key = key;
    for (const { column, node } of this.heads) {
      const sorted = column.sort && ordering.replace("-", "") === column.sort;
      if (sorted) node.setAttribute("aria-sort", ordering.startsWith("-") ? "descending" : "ascending");
      else node.removeAttribute("aria-sort");
    }
  }

  #drawHead() {
    const name = { key: "name", label: "Run", sort: "experiment_name" };
    this.heads = [name, ...this.columns].map((column) => ({ column, node: this.#headOf(column) }));
    this.all = el("input", {
      type: "checkbox",
      "aria-label": "Select all runs on this page",
      click: ({ target }) =>
        this.options.selection.all(
          [...this.rows.values()].map(({ run }) => run),
          target.checked,
        ),
    });
    this.head.replaceChildren(
      el("tr", {}, el("th", { scope: "col", class: "pick" }, this.all), ...this.heads.map(({ node }) => node)),
    );
  }

  #headOf(column) {
    const sorts = column.sort && this.options.onSort;
    const kind = column.numeric ? "number" : column.wide ? "wide" : null;
    return el(
      "th",
      { scope: "col", class: kind },
      sorts
        ? el(
            "button",
            {
              type: "button",
              class: "sort",
              title: `Sort by ${column.label}`,
              click: () => this.options.onSort(column),
            },
            column.label,
          )
        : column.label,
    );
  }

  show(runs) {
    const kept = new Map(this.rows);
    this.rows.clear();
    for (const run of runs) {
      const row = kept.get(run.id);
      row?.fill(run);
      this.rows.set(run.id, row ?? new Row(run, { ...this.options, columns: this.columns }));
    }
    arrange(
      this.body,
      [...this.rows.values()].map(({ node }) => node),
    );
    this.drawSelected();
  }

  clear() {
    this.rows.clear();
    this.body.replaceChildren();
  }

  fill(run) {
    this.rows.get(run.id)?.fill(run);
  }

  remove(id) {
    this.rows.get(id)?.node.remove();
    this.rows.delete(id);
    this.drawSelected();
  }

  drawSelected() {
    if (!this.all) return; // nothing has been asked for yet
    const rows = [...this.rows.values()];
    const selected = rows.filter((row) => (row.drawSelected(), row.box.checked)).length;
    this.all.checked = rows.length > 0 && selected === rows.length;
    this.all.indeterminate = selected > 0 && selected < rows.length;
  }
}
