// The menu of columns: fields of every run, metrics and configuration options, with a search over all of them.

import { el } from "../../frame/dom.js";
import { DEFAULT_COLUMNS } from "./column_keys.js";
import { catalogue, columnLabel } from "./columns.js";
import { choices, menu } from "../menu.js";

const MOST = 50; // the API's bound on configuration and metrics together
const SHOWN = 60; // of each kind at a time

// `known()` promises {config, metric}: the paths and names that some run has had.
export function columnPicker(state, known) {
  return menu("Columns", (panel) => fill(panel, state, known), { "data-facet": "columns" });
}

async function fill(panel, state, known) {
  if (!panel.children.length) panel.replaceChildren(el("p", { class: "muted" }, "Loading…"));
  try {
    draw(panel, state, await known());
  } catch (error) {
    panel.replaceChildren(el("p", { class: "problem", role: "alert" }, error.message));
  }
}

function draw(panel, state, known) {
  const find = el("input", {
    type: "search",
    "aria-label": "Find a column",
    placeholder: "Find: learning rate, AUROC…",
  });
  const words = el("p", { class: "problem", role: "alert", hidden: true }, `At most ${MOST} columns.`);
  const change = (key, checked) => {
    const columns = checked ? [...state.columns, key] : state.columns.filter((other) => other !== key);
    words.hidden = columns.length <= MOST;
    if (words.hidden) state.set({ columns }, { kind: "columns" });
  };
  const sections = catalogue(known).map(([heading, keys]) => {
    const found = keys.map((key) => ({ value: key, label: columnLabel(key), checked: state.columns.includes(key) }));
    const { list, draw: narrow } = choices(found, change, { most: SHOWN, heading });
    return { node: el("section", {}, el("p", { class: "kind" }, heading), list), narrow };
  });
  find.addEventListener("input", () => sections.forEach(({ narrow }) => narrow(find.value)));
  const usual = el(
    "button",
    {
      type: "button",
      class: "quiet",
      click: () => (state.set({ columns: DEFAULT_COLUMNS }), draw(panel, state, known)),
    },
    "Default columns",
  );
  panel.replaceChildren(el("div", { class: "panel-head" }, find, usual), words, ...sections.map(({ node }) => node));
  find.focus();
}
