// A table of texts that scrolls on its own where it is wider than its place.

import { el } from "./dom.js";

// A column whose cells are all numbers, or unknown, is set to the right. A cell may be a node.
export function dataTable(caption, head, rows) {
  const cell = (tag, value, at) =>
    el(tag, { scope: tag === "th" ? "col" : null, class: at && isNumber(rows, at) ? "number" : null }, value);
  const body = rows.map((row) =>
    el("tr", {}, ...row.map((value, at) => (at ? cell("td", value, at) : el("th", { scope: "row" }, value)))),
  );
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      {},
      el("caption", {}, caption),
      el("thead", {}, el("tr", {}, ...head.map((value, at) => cell("th", value, at)))),
      el("tbody", {}, ...body),
    ),
  );
}

const isNumber = (rows, at) => rows.every((row) => typeof row[at] === "string" && /^(–|[-<>]*\d)/.test(row[at]));
