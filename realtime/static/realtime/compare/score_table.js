// Numbers side by side, the best of each row marked.

import { el } from "../frame/dom.js";
import { best } from "./scores.js";

// `heads()` makes a head cell for each run.
export function drawScores(container, rows, heads) {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const width = (rows[0]?.values.length ?? 0) + 1;
  const bodies = groups.map((group) =>
    el(
      "tbody",
      {},
      el("tr", { class: "group" }, el("th", { scope: "rowgroup", colspan: width }, group)),
      ...rows.filter((row) => row.group === group).map(scoreRow),
    ),
  );
  const caption = el("caption", { class: "hidden-visually" }, "Numbers, the best of each row marked");
  const head = el("thead", {}, el("tr", {}, el("td"), ...heads()));
  container.replaceChildren(el("table", { class: "compared" }, caption, head, ...bodies));
}

function scoreRow({ name, label, values, lower, show, more }) {
  const marked = best(values, lower);
  const cells = values.map((value, i) =>
    el(
      "td",
      { class: marked.has(i) ? "number is-best" : "number" },
      el("span", {}, show(value), marked.has(i) ? el("span", { class: "best" }, " best") : null),
      more(i) ? el("small", { class: "muted" }, more(i)) : null,
    ),
  );
  return el("tr", { "data-name": name }, el("th", { scope: "row" }, label), ...cells);
}
