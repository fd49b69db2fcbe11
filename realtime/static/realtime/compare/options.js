// Configurations side by side: only what differs, unless all of it is asked for.

import { el } from "../frame/dom.js";

// {a: {b: 1}} -> [["a.b", 1]]
export function flat(config, prefix = "") {
  return Object.entries(config ?? {}).flatMap(([name, value]) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? flat(value, `${prefix}${name}.`)
      : [[prefix + name, value]],
  );
}

// -> [[path, [value of each run]]], in the order of the configuration; undefined where a run has no such option.
export function optionRows(runs) {
  const columns = runs.map((run) => new Map([...flat(run.config), ["data version", run.dataset_hash ?? undefined]]));
  const paths = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  return paths.map((path) => [path, columns.map((column) => column.get(path))]);
}

const same = (values) => values.every((value) => JSON.stringify(value) === JSON.stringify(values[0]));

export const differences = (runs) => optionRows(runs).filter(([, values]) => !same(values));

export const shown = (value) =>
  value === undefined
    ? ""
    : value === null
      ? "–"
      : value === true
        ? "yes"
        : value === false
          ? "no"
          : Array.isArray(value)
            ? value.join(", ")
            : String(value);

export function drawOptions(container, runs, heads, { all }) {
  const rows = all
    ? optionRows(runs).filter(([, values]) => values.some((value) => value !== undefined))
    : differences(runs);
  if (!rows.length)
    return container.replaceChildren(
      el("p", { class: "muted" }, "All options are equal: these runs differ in nothing but chance."),
    );
  const body = rows.map(([path, values]) =>
    el(
      "tr",
      { class: all && !same(values) ? "differs" : null },
      el("th", { scope: "row" }, el("code", {}, path)),
      ...values.map((value) => el("td", {}, shown(value))),
    ),
  );
  container.replaceChildren(
    el(
      "table",
      { class: "compared" },
      el("caption", { class: "hidden-visually" }, all ? "All options" : "Options that differ"),
      el("thead", {}, el("tr", {}, el("td"), ...heads())),
      el("tbody", {}, ...body),
    ),
  );
}
