// Tables of differences: of one run from the reference, number by number, and of all runs at a glance.

import { el } from "../../frame/dom.js";
import { metricValue } from "../../frame/metric_text.js";
import { pText, signed, signedRange } from "../../frame/signed_text.js";
import { withRoles } from "../../frame/table_roles.js";
import { verdictText } from "./difference_text.js";

const MAIN = "final_auroc_cm"; // the number of the glance at all runs

// `heads`: {run, reference}, nodes for the columns; `labels` of both in words; `names` of the statistics.
export function numbersTable(found, { heads, labels, names, lowerIsBetter, adjusted }) {
  const head = [
    "",
    heads.reference,
    heads.run,
    "Difference",
    "95 % interval",
    adjusted ? "p, adjusted" : "p",
    "In words",
  ];
  const places = [labels.reference, labels.run, ...head.slice(3, -1)];
  const rows = found.numbers.map((number) => {
    const { name } = number;
    const words = verdictText(number, labels, lowerIsBetter.has(name));
    const cells = [
      metricValue(name, number.reference),
      metricValue(name, number.value),
      signed(name, number.difference),
      signedRange(name, number.low, number.high) || "–",
      pText(number.adjusted_p),
    ];
    return el(
      "tr",
      { "data-name": name, class: number.shown ? "shown" : null },
      el("th", { scope: "row" }, names[name] ?? name),
      ...cells.map((text, at) => el("td", { class: "number", "data-label": places[at] }, text)),
      el("td", { class: "words" }, words),
    );
  });
  return table(`Differences of ${labels.run} from ${labels.reference}`, head, rows);
}

// One line for each run; `onPick(run)` shows its numbers.
export function glanceTable(against, { headOf, labelOf, reference, names, lowerIsBetter, picked, onPick }) {
  const head = ["", `${names[MAIN] ?? "AUROC"} less that of ${reference}`, "p, adjusted", "In words", "Decisions", ""];
  const rows = against.map(({ run, numbers, decisions }) => {
    const main = numbers.find(({ name }) => name === MAIN);
    const labels = { run: labelOf(run), reference };
    const range = signedRange(MAIN, main.low, main.high);
    const better = decisions.run_only > decisions.reference_only ? labels.run : reference;
    const verdict = verdictText(main, labels, lowerIsBetter.has(MAIN));
    const button = {
      type: "button",
      class: "quiet screen-only",
      "aria-pressed": String(run === picked),
      click: () => onPick(run),
    };
    return el(
      "tr",
      { "data-run": run },
      el("th", { scope: "row" }, ...headOf(run)),
      el(
        "td",
        { class: "number", "data-label": head[1] },
        `${signed(MAIN, main.difference)}${range ? ` (${range})` : ""}`,
      ),
      el("td", { class: "number", "data-label": head[2] }, pText(main.adjusted_p)),
      el("td", { class: "words", "data-label": head[3] }, verdict),
      el(
        "td",
        { class: "words", "data-label": head[4] },
        decisions.shown ? `${better} decides better: difference shown` : "no difference shown",
        el("small", { class: "muted" }, `p, adjusted: ${pText(decisions.adjusted_p)}`),
      ),
      el("td", {}, el("button", button, `All numbers of ${labels.run}`)),
    );
  });
  return table(`All runs against ${reference}`, head, rows);
}

function table(caption, head, rows) {
  const cell = (content) => (content === "" ? el("td") : el("th", { scope: "col" }, ...[content].flat()));
  return withRoles(
    el(
      "table",
      { class: "compared differences" },
      el("caption", { class: "hidden-visually" }, caption),
      el("thead", {}, el("tr", {}, ...head.map(cell))),
      el("tbody", {}, ...rows),
    ),
  );
}
