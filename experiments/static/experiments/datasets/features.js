// What a table's columns hold, in all rows and in each class.

import { el, setText } from "../../realtime/frame/dom.js";
import { count, known, percent, plural, UNKNOWN } from "../../realtime/frame/format.js";
import { call } from "../../realtime/frame/api.js";
import { versionOf } from "./states.js";

const DIGITS = 5; // that are shown; the tooltip has the whole number
const HEAD = [
  ["Feature"],
  ["Rows"],
  ["Known", "Rows with a value"],
  ["Mean"],
  ["Spread", "Standard deviation (n − 1)"],
  ["Lowest"],
  ["Highest"],
];
const LEFT_OUT = "left out of trainings: too many different texts";

const find = (id) => document.getElementById(id);

export class Features {
  constructor() {
    this.version = null;
  }

  // Asks once for each version.
  async show(dataset) {
    const version = versionOf(dataset);
    if (this.version === version) return;
    this.version = version;
    find("features").hidden = false;
    setText(find("feature-words"), "Looking at the columns …");
    try {
      const found = await call(dataset.links.features);
      if (this.version === version) draw(found);
    } catch (error) {
      if (this.version === version) this.version = null; // to be asked again with the samples
      setText(find("feature-words"), error.message);
    }
  }
}

function draw({ problem, features, total, rows, classes, class_total: all }) {
  const first = total > features.length ? `The first ${count(features.length)} of ` : "";
  setText(
    find("feature-words"),
    problem ??
      [
        `${first}${plural(total, "column")} in ${plural(rows, "row")}`,
        ...(all > classes.length ? [`the first ${count(classes.length)} of ${count(all)} classes`] : []),
        "spread is the standard deviation",
      ].join("; "),
  );
  const head = HEAD.map(([name, tip], at) =>
    el("th", { scope: "col", class: at > 1 ? "number" : null, title: tip }, name),
  );
  const table = el(
    "table",
    { class: "rows features" },
    el("thead", {}, el("tr", {}, ...head)),
    ...features.map((feature) => body(feature, rows)),
  );
  find("feature-table").replaceChildren(
    ...(features.length
      ? [el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Columns by class" }, table)]
      : []),
  );
}

function body(feature, rows) {
  const { name, groups } = feature;
  const first = el(
    "th",
    { scope: "rowgroup", rowspan: groups.length },
    el("span", {}, name),
    el("small", { class: "muted" }, about(feature, rows)),
  );
  return el(
    "tbody",
    {},
    ...groups.map((group, at) =>
      el(
        "tr",
        {},
        at ? null : first,
        el("th", { scope: "row" }, group.label ?? "all"),
        number(group.known, count),
        ...cells(feature, group),
      ),
    ),
  );
}

function about({ kind, values, missing }, rows) {
  const gaps = missing ? [`${count(missing)} missing (${percent(missing / (rows || 1))})`] : [];
  const different = kind === "numbers" ? [] : [plural(values, "different text")];
  return [...different, ...gaps, ...(kind === "left out" ? [LEFT_OUT] : [])].join(" · ");
}

function cells({ kind }, { known: size, mean, spread, lowest, highest, frequent, times }) {
  if (kind === "numbers")
    return [number(mean, rounded), number(spread, rounded), number(lowest, short), number(highest, short)];
  const words = frequent === null ? UNKNOWN : `most often ${frequent} (${percent(times / (size || 1))})`;
  return [el("td", { colspan: 4 }, words)];
}

function number(value, write) {
  return el("td", { class: "number", title: known(value) ? String(value) : null }, write(value));
}

// 17.463, 0.0061930: as many digits for columns of any size.
function rounded(value) {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (value === 0) return "0";
  return size >= 1e5 || size < 1e-4 ? value.toExponential(DIGITS - 1).replace("e+", "e") : value.toPrecision(DIGITS);
}

// A value as the data have it, without more digits: 17.85, 1,001.
function short(value) {
  if (known(value) && Number.isInteger(value) && Math.abs(value) < 1e9) return count(value);
  return known(value) && String(value).length <= DIGITS + 2 ? String(value) : rounded(value);
}
