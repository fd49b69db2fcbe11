// The folds together, over one split: mean and spread of each statistic, and the summed confusion matrix.

import { drawClasses, drawMatrix } from "../charts/matrix.js";
import { interval, SAME_AS_ANOTHER, withAdded } from "../charts/statistics_text.js";
import { el } from "../frame/dom.js";
import { count, known, plural, splitName } from "../frame/format.js";
import { metricRange, metricValue } from "../frame/metric_text.js";
import { withRoles } from "../frame/table_roles.js";
import { spreadCaption } from "./summary.js";

const MATRIX_CAPTION = "Sum over the folds: rows true, columns predicted";

// `options`: {labels, completed, testLooks}: of the statistics, how many folds have completed, and in words how often
// the test split was looked at.
export function drawSplit(split, { runs, of, statistics, pooled }, options) {
  const head = [`over ${runs} of ${plural(of, "fold")}`, pooled && `${count(pooled.samples)} samples, each once`];
  const looks = split === "test" && options.testLooks ? el("p", { class: "muted" }, options.testLooks) : null;
  const parts = [drawSpreads(split, statistics, pooled, options)];
  if (pooled) parts.push(drawMatrix(pooled, splitName(split), MATRIX_CAPTION), drawClasses(pooled, options.labels));
  return el(
    "article",
    { class: "card split", "data-split": split },
    el(
      "header",
      {},
      el("h3", {}, `${splitName(split)} split`),
      el("p", { class: "muted" }, head.filter(Boolean).join(" · ")),
      looks,
    ),
    el("div", { class: "split-body" }, ...parts),
  );
}

function drawSpreads(split, statistics, pooled, { labels: declared, completed }) {
  const labels = withAdded(declared, Object.keys(statistics));
  const names = Object.keys(labels).filter((name) => name in statistics && !SAME_AS_ANOTHER.has(name));
  // All folds share the test split: their spread there is that of training alone, and gives no interval; equal values
  // give none either.
  const ends = names.some((name) => known(statistics[name].ci_low));
  const heads = ["Mean", "SD", "Range", ...(ends ? ["95 % of the mean"] : []), ...(pooled ? ["Together"] : [])];
  const caption = spreadCaption({ shared: split === "test", pooled });
  const columns = heads.map((text) => el("th", { scope: "col", class: "number" }, text));
  const rows = names.map((name) =>
    spreadRow(name, statistics[name], pooled?.statistics, { labels, completed, heads, ends }),
  );
  const table = el(
    "table",
    {},
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Name"), ...columns)),
    el("tbody", {}, ...rows),
  );
  const region = { class: "scroll spreads blocks", tabindex: "0", role: "region", "aria-label": "Mean and spread" };
  return el("div", region, withRoles(table));
}

function spreadRow(name, found, pooled, { labels, completed, heads, ends }) {
  const texts = [
    metricValue(name, found.mean),
    metricValue(name, found.sd),
    metricRange(name, found.min, found.max),
    ...(ends ? [metricRange(name, found.corrected_ci_low, found.corrected_ci_high)] : []),
  ];
  const partly = found.n < completed ? el("small", { class: "muted" }, `known in ${found.n}`) : null;
  return el(
    "tr",
    { "data-name": name },
    el("th", { scope: "row" }, labels[name], partly),
    ...texts.map((text, at) => el("td", { class: "number", "data-label": heads[at] }, text)),
    pooled ? togetherCell(name, pooled) : null,
  );
}

const togetherCell = (name, pooled) =>
  el(
    "td",
    { class: "number", "data-label": "Together" },
    name in pooled ? metricValue(name, pooled[name]) : "",
    el("small", { class: "muted" }, interval(name, pooled)),
  );
