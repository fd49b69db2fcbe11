// Numbers side by side, the best of each row marked.

import { el } from "../frame/dom.js";
import { duration, known, metricName, number, splitName } from "../frame/format.js";
import { interval, SAME_AS_ANOTHER, value } from "../charts/matrix.js";

const LOWER_IS_BETTER = new Set(JSON.parse(document.getElementById("lower-is-better").textContent));

// The places of the best value: several, when equal; none with fewer than two to choose from.
export function best(values, lower) {
  const found = values.filter(known);
  if (found.length < 2) return new Set();
  const top = lower ? Math.min(...found) : Math.max(...found);
  if (found.every((each) => each === top)) return new Set();
  return new Set(values.flatMap((each, i) => (each === top ? [i] : [])));
}

// -> [{group, name, label, values, lower, show(value, i), more(i)}]
export function scoreRows(runs, finals, labels) {
  const rows = [];
  const monitors = [...new Set(runs.map(({ monitor }) => monitor))];
  const monitored = (name) => runs.map((run) => (run.monitor === name ? run.best.value : null));
  for (const name of monitors)
    rows.push(
      row("Best epoch", name, capitalised(name), monitored(name), (i) =>
        known(runs[i].best.epoch) && runs[i].monitor === name ? `epoch ${runs[i].best.epoch}` : "",
      ),
    );
  if (!monitors.includes("val_loss"))
    rows.push(
      row(
        "Best epoch",
        "val_loss",
        capitalised("val_loss"),
        runs.map((run) => run.best.val_loss),
        (i) => (known(runs[i].best.val_loss_epoch) ? `epoch ${runs[i].best.val_loss_epoch}` : ""),
      ),
    );
  for (const split of ["test", "val"]) {
    for (const [name, label] of Object.entries(labels)) {
      if (SAME_AS_ANOTHER.has(name)) continue;
      const statistics = runs.map((run) => finals.get(run.id)?.[split]?.statistics ?? {});
      const values = statistics.map((each) => each[name] ?? null);
      if (!values.some(known)) continue;
      rows.push({
        ...row(`${splitName(split)} split`, name, label, values, (i) =>
          known(values[i]) ? interval(name, statistics[i]) : "",
        ),
        show: (found) => value(name, found),
      });
    }
  }
  rows.push({
    ...row(
      "Cost",
      "duration",
      "Duration",
      runs.map((run) => run.duration_seconds),
      () => "",
    ),
    lower: true,
    show: duration,
  });
  return rows;
}

const capitalised = (name) => {
  const words = metricName(name);
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const row = (group, name, label, values, more) => ({
  group,
  name,
  label,
  values,
  more,
  lower: LOWER_IS_BETTER.has(name),
  show: number,
});

export function drawScores(container, rows, heads) {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const bodies = groups.map((group) =>
    el(
      "tbody",
      {},
      el("tr", { class: "group" }, el("th", { scope: "rowgroup", colspan: (rows[0]?.values.length ?? 0) + 1 }, group)),
      ...rows.filter((each) => each.group === group).map(drawRow),
    ),
  );
  container.replaceChildren(
    el(
      "table",
      { class: "compared" },
      el("caption", { class: "hidden-visually" }, "Numbers, the best of each row marked"),
      el("thead", {}, el("tr", {}, el("td"), ...heads())),
      ...bodies,
    ),
  );
}

function drawRow({ name, label, values, lower, show, more }) {
  const marked = best(values, lower);
  const cells = values.map((each, i) =>
    el(
      "td",
      { class: marked.has(i) ? "number is-best" : "number" },
      el("span", {}, show(each), marked.has(i) ? el("span", { class: "best" }, " best") : null),
      more(i) ? el("small", { class: "muted" }, more(i)) : null,
    ),
  );
  return el("tr", { "data-name": name }, el("th", { scope: "row" }, label), ...cells);
}
