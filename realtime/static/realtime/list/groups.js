// Runs grouped by what they have in common: how many in which state, mean and spread, and the runs of an open group.

import { call } from "../frame/api.js";
import { arrange, el, setText } from "../frame/dom.js";
import { count, known, percent, plural, score, splitName, STATUS_WORDS } from "../frame/format.js";
import { RunTable } from "./table.js";
import { fillTime, timeCell } from "./columns/relative_time.js";

const SHOWN = 20; // runs of an open group; the others are one click away
const STATISTICS = { auroc: "AUROC", recall: "Recall", precision: "Precision", f1: "F1" };

export const BY = {
  experiment: "Experiment",
  group: "Folds",
  tag: "Tag",
  dataset: "Data set",
  model: "Model",
  owner: "Owner",
};

export class Groups {
  #groups = new Map(); // key -> its rows
  #by = null;

  // `options`: those of a RunTable, and {state, api, columns(), onShowAll(key)}
  constructor(node, options) {
    Object.assign(this, { node, options, body: el("tbody") });
    const heads = ["Runs", "Status", "Newest", ...Object.values(STATISTICS)];
    this.name = el("th", { scope: "col" });
    node.replaceChildren(
      el("caption", { class: "hidden-visually" }, "Groups of runs, those with the newest runs first"),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          this.name,
          ...heads.map((words, i) => el("th", { scope: "col", class: i === 0 || i > 2 ? "number" : null }, words)),
        ),
      ),
      this.body,
    );
  }

  get tables() {
    return [...this.#groups.values()].filter((group) => group.table).map((group) => group.table);
  }

  get openKeys() {
    return [...this.#groups.values()].filter((group) => group.isOpen).map((group) => group.key);
  }

  // Those of `keys` that are here, with their runs.
  async open(keys) {
    await Promise.all(
      [...this.#groups.values()]
        .filter((group) => keys.includes(group.key) && !group.isOpen)
        .map((group) => this.#toggle(group)),
    );
  }

  clear() {
    this.#groups.clear();
    this.body.replaceChildren();
  }

  show(groups) {
    if (this.#by !== this.options.state.by) this.#groups.clear();
    this.#by = this.options.state.by;
    setText(this.name, BY[this.#by]);
    const kept = new Map(this.#groups);
    this.#groups.clear();
    for (const found of groups) {
      const group = kept.get(found.key) ?? this.#newGroup(found);
      this.#groups.set(found.key, group);
      this.#fill(group, found);
      if (group.isOpen) this.#load(group);
    }
    arrange(
      this.body,
      [...this.#groups.values()].flatMap(({ node, inside }) => [node, inside]),
    );
  }

  #newGroup(found) {
    const cells = {
      count: el("span"),
      statuses: el("span", { class: "statuses" }),
      newest: el("a"),
      when: timeCell(),
      ...Object.fromEntries(Object.keys(STATISTICS).map((name) => [name, el("span")])),
    };
    const group = { key: found.key, cells, isOpen: false, place: el("td", { colspan: 8 }) };
    group.inside = el("tr", { class: "inside", hidden: true }, group.place);
    group.button = el(
      "button",
      { type: "button", class: "opens", "data-stop": "", "aria-expanded": "false", click: () => this.#toggle(group) },
      found.label,
    );
    const page = found.links.page
      ? el("small", {}, el("a", { href: found.links.page }, "Mean and spread of all folds"))
      : null;
    group.node = el(
      "tr",
      { class: "group", "data-group": found.key },
      el("th", { scope: "row" }, group.button, page),
      el("td", { class: "number", "data-label": "Runs" }, cells.count),
      el("td", { "data-label": "Status", class: "wide" }, cells.statuses),
      el("td", { "data-label": "Newest" }, cells.newest, " ", cells.when),
      ...Object.entries(STATISTICS).map(([name, label]) =>
        el("td", { class: "number", "data-label": label }, cells[name]),
      ),
    );
    return group;
  }

  #fill(group, { count: many, statuses, newest, splits }) {
    group.count = many;
    setText(group.cells.count, count(many));
    const key = JSON.stringify(statuses);
    if (group.statuses !== key)
      arrange(
        group.cells.statuses,
        Object.entries(statuses).map(([status, n]) =>
          el("span", { class: `pill ${status}` }, `${count(n)} ${STATUS_WORDS[status].toLowerCase()}`),
        ),
      );
    group.statuses = key;
    setText(group.cells.newest, newest ? `#${newest.id}` : "");
    if (newest) group.cells.newest.href = newest.links.page;
    fillTime(group.cells.when, newest?.created_at);
    const split = splits.test ? "test" : "val";
    for (const name of Object.keys(STATISTICS)) fillSpread(group.cells[name], name, splits[split], split);
  }

  #toggle(group) {
    group.isOpen = !group.isOpen;
    group.button.setAttribute("aria-expanded", String(group.isOpen));
    group.inside.hidden = !group.isOpen;
    return group.isOpen && this.#load(group);
  }

  async #load(group) {
    const { state, api } = this.options;
    const asked = new URLSearchParams([
      ...state.filters(state.by),
      ...state.extras,
      ["ordering", state.ordering],
      ["page_size", SHOWN],
    ]);
    asked.set(state.by, String(group.key).replaceAll(",", "\\,"));
    group.table ??= new RunTable(el("table", { class: "runs" }), {
      ...this.options,
      onSort: null,
      caption: "Runs of this group",
    });
    group.table.setColumns(this.options.columns(), state.ordering);
    try {
      const { results } = await call(`${api}?${asked}`);
      group.table.show(results);
      const all = el(
        "button",
        { type: "button", class: "quiet", click: () => this.options.onShowAll(group.key) },
        `Show ${group.count > results.length ? `all ${plural(group.count, "run")}` : "them"} as a list`,
      );
      arrange(group.place, [
        el(
          "div",
          { class: "scroll", tabindex: "0", role: "region", "aria-label": `Runs of ${group.button.textContent}` },
          group.table.node,
        ),
        all,
      ]);
    } catch (error) {
      group.place.replaceChildren(el("p", { class: "problem", role: "alert" }, error.message));
    }
  }
}

function fillSpread(node, name, split, called) {
  const found = split?.statistics[name];
  const words = name === "auroc" ? score : percent;
  const key = JSON.stringify([found, called]);
  if (node.dataset.drawn === key) return;
  node.dataset.drawn = key;
  node.title = found?.n
    ? `${splitName(called)} split, over ${plural(found.n, "completed run")}: ${words(found.min)} to ${words(found.max)}`
    : "";
  arrange(node, [
    el("b", {}, words(found?.mean)),
    ...(known(found?.sd) ? [el("small", { class: "muted" }, ` ± ${words(found.sd)}`)] : []),
  ]);
}
