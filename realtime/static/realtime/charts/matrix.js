// The end of a run: confusion matrix and statistics of each split, the test split first.

import { el } from "../frame/dom.js";
import { count, epochNumber, known, number, percent, splitName, splitTitle, testFirst } from "../frame/format.js";
import { CAVEAT } from "../run/headline.js";
import { metricValue } from "../frame/metric_text.js";
import { withRoles } from "../frame/table_roles.js";
import { asTabs } from "./split_tabs.js";
import { fewWords, interval, macroTitle, patientsWords, SAME_AS_ANOTHER, withAdded } from "./statistics_text.js";

const BINARY_CELLS = [
  ["TN", "FP"],
  ["FN", "TP"],
];
const COMPACT_FROM = 9; // classes
const LISTED_FROM = 61; // classes: no screen shows so many cells, and no browser draws a million of them

export function drawResults(section, container, finals, labels) {
  section.hidden = finals.size === 0;
  const order = testFirst(finals.keys());
  // Where there is no test split, the first numbers of the page have the caveat already.
  const cards = order.map((split) => drawSplit(finals.get(split), labels, finals.has("test")));
  // Of many classes each has a wide table: one at a time.
  const wide = finals.get(order[0])?.class_names.length > 2 && order.length > 1;
  container.replaceChildren(...(wide ? asTabs(order, cards) : cards));
}

// Few runs have so many classes: the script of the lists is loaded when one does.
function listed(draw) {
  const place = el("div", {});
  const unloaded = () => {}; // the page is left
  import("./confusions.js").then((found) => place.replaceWith(draw(found)), unloaded);
  return place;
}

function drawSplit(final, labels, hasTest) {
  const { split, epoch, threshold, confusion_matrix: matrix, statistics, patients, unit, words } = final;
  const few = fewWords(matrix, final.by_patient?.confusion_matrix, unit);
  const samples = matrix.flat().reduce((sum, cell) => sum + cell, 0);
  const facts = [
    `${count(samples)} ${unit ?? "sample"}s`,
    known(epoch) ? `checkpoint of epoch ${epochNumber(epoch)}` : null,
    known(threshold) ? `threshold ${threshold}` : null,
    unit ? null : patientsWords(patients),
    known(statistics.test_loss) ? `loss ${number(statistics.test_loss)}` : null,
  ];
  return el(
    "article",
    { class: "card split", "data-split": split },
    el(
      "header",
      {},
      el("h3", {}, splitTitle(split)),
      el("p", { class: "muted" }, facts.filter(Boolean).join(" · ")),
      words ? el("p", { class: "muted" }, words) : null,
      few ? el("p", { class: "muted" }, few) : null,
      split === "val" && hasTest ? el("p", { class: "muted caveat" }, CAVEAT) : null,
    ),
    el(
      "div",
      { class: "split-body" },
      drawMatrix(final, splitName(split)),
      drawStatistics(final, labels),
      drawClasses(final, labels),
    ),
  );
}

// Row = true class, column = predicted class; the shade is the share of the row.
// `of` distinguishes this table from others on the page.
export function drawMatrix(
  { confusion_matrix: matrix, class_names: names },
  of,
  caption = "Rows true, columns predicted",
) {
  if (names.length >= LISTED_FROM)
    return listed(({ drawConfusions }) => drawConfusions({ confusion_matrix: matrix, class_names: names }, of));
  const head = el(
    "tr",
    {},
    el("td", { class: "corner" }),
    ...names.map((name) => el("th", { scope: "col", title: name }, el("span", {}, name))),
  );
  const rows = matrix.map((row, i) => {
    const total = row.reduce((sum, cell) => sum + cell, 0);
    return el(
      "tr",
      {},
      el("th", { scope: "row", title: names[i] }, names[i]),
      ...row.map((cell, j) =>
        matrixCell(
          cell,
          total,
          i === j,
          matrix.length === 2 ? BINARY_CELLS[i][j] : null,
          `true ${names[i]}, predicted ${names[j]}`,
        ),
      ),
    );
  });
  const table = el(
    "table",
    { class: names.length >= COMPACT_FROM ? "matrix compact" : "matrix" },
    el("caption", {}, names.length === 2 ? `${caption}; positive class: ${names[1]}` : caption),
    el("thead", {}, head),
    el("tbody", {}, ...rows),
  );
  table.style.setProperty("--classes", String(names.length));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Confusion matrix, ${of}` }, table);
}

// The most frequent mistakes of so many classes that no matrix was kept.
export const drawPairs = (mistakes, names, caption) =>
  listed(({ pairTable }) =>
    el(
      "div",
      { class: "scroll pairs", tabindex: "0", role: "region", "aria-label": caption },
      pairTable(mistakes, names, caption),
    ),
  );

function matrixCell(samples, total, right, short, words) {
  const share = total ? samples / total : null;
  const cell = el(
    "td",
    { class: right ? "right" : "wrong", title: `${words}: ${count(samples)}, ${percent(share)} of the row` },
    short ? el("small", {}, short) : null,
    el("b", {}, count(samples)),
    el("span", {}, percent(share)),
  );
  cell.style.setProperty("--share", `${Math.round(100 * (share ?? 0))}%`);
  return cell;
}

function drawStatistics({ statistics, class_names: names, confusion_matrix: matrix }, labels) {
  const rows = Object.entries(withAdded(labels, Object.keys(statistics)))
    .filter(([name]) => name in statistics && !SAME_AS_ANOTHER.has(name))
    .map(([name, label]) =>
      el(
        "tr",
        { "data-name": name },
        el("th", { scope: "row" }, label),
        el("td", { class: "number" }, metricValue(name, statistics[name])),
        el("td", { class: "number muted" }, interval(name, statistics)),
      ),
    );
  const title = names.length > 2 ? macroTitle(matrix, names, statistics) : `Statistics, positive class: ${names[1]}`;
  return el(
    "table",
    { class: "statistics" },
    el("caption", {}, title),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "col" }, "Name"),
        el("th", { scope: "col", class: "number" }, "Value"),
        el("th", { scope: "col", class: "number" }, "95 % interval"),
      ),
    ),
    el("tbody", {}, ...rows),
  );
}

// One row per class, of the names that some class has.
export function drawClasses(final, labels) {
  const { split, statistics, class_names: names } = final;
  const shown = Object.keys(labels).filter(
    (name) => !SAME_AS_ANOTHER.has(name) && names.some((cls) => `${name}/${cls}` in statistics),
  );
  if (!shown.length) return null;
  const table = (some, caption) => withRoles(classTable(some, { statistics, shown, labels, caption }));
  const region = `Statistics per class${split ? `, ${splitName(split)}` : ""}`;
  if (names.length >= LISTED_FROM)
    return listed(({ drawSearchedClasses }) => drawSearchedClasses(final, region, table));
  return el(
    "div",
    { class: "scroll classes blocks", tabindex: "0", role: "region", "aria-label": region },
    table(names, "Per class, against the rest, with 95 % intervals"),
  );
}

function classTable(names, { statistics, shown, labels, caption }) {
  const head = el(
    "tr",
    {},
    el("th", { scope: "col" }, "Class"),
    ...shown.map((name) => el("th", { scope: "col", class: "number" }, labels[name])),
  );
  const rows = names.map((cls) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, cls),
      ...shown.map((name) => {
        const limits = interval(name, statistics, `/${cls}`);
        return el(
          "td",
          { class: "number", "data-label": labels[name] },
          metricValue(name, statistics[`${name}/${cls}`]),
          limits ? el("small", {}, limits) : null,
        );
      }),
    ),
  );
  return el("table", {}, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, ...rows));
}
