// Configurations side by side: only what differs, unless all of it is asked for.

import { el } from "../frame/dom.js";
import { withRoles } from "../frame/table_roles.js";
import { differences, optionRows, same, shown } from "./options.js";

// `heads()` makes a head cell for each run.
export function drawOptions(container, runs, heads, { all }) {
  const rows = all
    ? optionRows(runs).filter(([, values]) => values.some((value) => value !== undefined))
    : differences(runs);
  if (!rows.length)
    return container.replaceChildren(el("p", { class: "muted" }, "All options of these runs are equal."));
  const body = rows.map(([path, values]) =>
    el(
      "tr",
      { class: all && !same(values) ? "differs" : null },
      el("th", { scope: "row" }, el("code", {}, path)),
      ...values.map((value, i) => el("td", { "data-label": `#${runs[i].id}` }, shown(value))),
    ),
  );
  const caption = el("caption", { class: "hidden-visually" }, all ? "All options" : "Options that differ");
  const head = el("thead", {}, el("tr", {}, el("td"), ...heads()));
  container.replaceChildren(withRoles(el("table", { class: "compared" }, caption, head, el("tbody", {}, ...body))));
}
