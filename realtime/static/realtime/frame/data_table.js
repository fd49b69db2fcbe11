// A table of texts: on a narrow screen each row is a block, elsewhere it scrolls on its own where it is wider than its
// place.

import { el } from "./dom.js";
import { UNKNOWN } from "./format.js";
import { withRoles } from "./table_roles.js";

const OFTEN_UNKNOWN = "Patient"; // left out where it is unknown of all

// A column whose cells are all numbers, or unknown, is set to the right. A cell may be a node.
export function dataTable(caption, allHead, allRows) {
  const kept = allHead.map((name, at) => name !== OFTEN_UNKNOWN || allRows.some((row) => row[at] !== UNKNOWN));
  const [head, ...rows] = [allHead, ...allRows].map((row) => row.filter((_, at) => kept[at]));
  const kind = (at) => (at && isNumber(rows, at) ? "number" : null);
  const cell = (value, at) => el("td", { class: kind(at), "data-label": head[at] }, value);
  const body = rows.map((row) =>
    el("tr", {}, ...row.map((value, at) => (at ? cell(value, at) : el("th", { scope: "row" }, value)))),
  );
  const table = el(
    "table",
    {},
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...head.map((value, at) => el("th", { scope: "col", class: kind(at) }, value)))),
    el("tbody", {}, ...body),
  );
  const place = { class: "scroll blocks", tabindex: "0", role: "region", "aria-label": caption };
  return el("div", place, withRoles(table));
}

const isNumber = (rows, at) => rows.every((row) => typeof row[at] === "string" && /^(–|[-<>]*\d)/.test(row[at]));
