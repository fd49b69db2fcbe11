// A table whose rows stay the same elements while what they show changes: focus and selection stay where they are.

import { arrange, el, setText } from "../frame/dom.js";

export class KeyedTable {
  #rows = new Map();

  // `make(item)` returns a row's {node, fill(item)}; `words` stand for an empty table.
  constructor(section, { key, make }) {
    Object.assign(this, { key, make });
    this.table = section.querySelector("table");
    this.body = section.querySelector("tbody");
    this.none = section.querySelector(".none");
  }

  draw(items, words) {
    const rows = new Map();
    for (const item of items) {
      const key = this.key(item);
      const row = this.#rows.get(key) ?? this.make(item);
      row.fill(item);
      rows.set(key, row);
    }
    this.#rows = rows;
    this.table.hidden = !items.length;
    this.none.hidden = Boolean(items.length);
    setText(this.none, items.length ? "" : words);
    arrange(
      this.body,
      [...rows.values()].map(({ node }) => node),
    );
  }
}

export const cell = (label, ...children) => el("td", { "data-label": label }, ...children);

// Links to runs by their numbers, with their names as titles.
export function fillRunLinks(node, ids, nameOf) {
  const key = ids.map((id) => `${id} ${nameOf(id)}`).join("\n");
  if (node.dataset.drawn === key) return;
  node.dataset.drawn = key;
  const links = ids.map((id) => el("a", { href: `/runs/${id}/`, title: nameOf(id) }, `Run ${id}`));
  arrange(node, links.length ? links.flatMap((link, i) => (i ? [document.createTextNode(", "), link] : [link])) : []);
}
