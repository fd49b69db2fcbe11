// Numbers side by side; a run is marked only where it is shown to be better than each other one.

import { el } from "../frame/dom.js";
import { withRoles } from "../frame/table_roles.js";
import { CAVEAT } from "../run/headline.js";
import { differencesOf, differenceText, verdict } from "./scores.js";

// `heads()` makes a head cell for each run; `ids` of the runs; `differences` by split; `testCaveat` in words;
// `otherLosses`: the runs minimise different ones.
export function drawScores(container, rows, heads, { ids, differences, testCaveat, otherLosses }) {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const width = (rows[0]?.values.length ?? 0) + 1;
  const bodies = groups.map((group) =>
    el(
      "tbody",
      {},
      el("tr", { class: "group" }, el("th", { scope: "rowgroup", colspan: width }, group, caveat(group, testCaveat))),
      ...rows
        .filter((row) => row.group === group)
        .map((row) => scoreRow(row, ids, differencesOf(row, differences), otherLosses)),
    ),
  );
  const caption = el("caption", { class: "hidden-visually" }, "Numbers side by side");
  const head = el("thead", {}, el("tr", {}, el("td"), ...heads()));
  container.replaceChildren(withRoles(el("table", { class: "compared" }, caption, head, ...bodies)));
}

const OF_VALIDATION = new Set(["Best epoch", "Validation split"]);

function caveat(group, ofTest) {
  const text = OF_VALIDATION.has(group) ? CAVEAT : group === "Test split" ? ofTest : "";
  return text ? el("small", { class: "muted caveat" }, text) : null;
}

function scoreRow({ group, name, label, values, lower, show, more }, ids, found, otherLosses) {
  const cells = values.map((value, i) => {
    const best = found?.best === ids[i];
    const beside = [more(i), differenceText(found, ids[i])].filter(Boolean);
    return el(
      "td",
      { class: best ? "number is-best" : "number", "data-label": `#${ids[i]}` },
      el("span", {}, show(value), best ? el("span", { class: "best" }, " best") : null),
      ...beside.map((text) => el("small", { class: "muted" }, text)),
    );
  });
  const apart = otherLosses && name === "val_loss" ? "different losses: not comparable" : "";
  const words = verdict(found) || apart || (lower && group !== "Cost" ? "lower is better" : "");
  const said = words ? el("small", { class: "muted verdict" }, words) : null;
  return el("tr", { "data-name": name }, el("th", { scope: "row" }, label, said), ...cells);
}
