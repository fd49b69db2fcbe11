// How data were read, whole: layout and columns, classes, files and rows, patients, pixels.

import { dataTable } from "../frame/data_table.js";
import { el } from "../frame/dom.js";
import { count, plural } from "../frame/format.js";
import {
  colourText,
  figure,
  FOUND,
  kindText,
  layoutText,
  patientsSource,
  patientsText,
  ROLES,
  storedText,
  sumText,
} from "./reading_text.js";

export const readingParts = (reading) =>
  [
    layout(reading),
    classes(reading),
    usage("Files", "file", reading.files),
    usage("Rows", "row", reading.rows),
    patients(reading.patients),
    subgroups(reading.subgroups ?? []),
    pixels(reading.pixels),
  ].filter(Boolean);

const part = (title, ...content) =>
  el("div", { class: "card part", "data-part": title }, el("h3", {}, title), ...content);

// Rows of [name, value, why]; those without a value are left out.
function described(rows) {
  const shown = rows.filter(([, value]) => value);
  return el(
    "dl",
    { class: "described" },
    ...shown.map(([name, value, why]) =>
      el(
        "div",
        {},
        el("dt", {}, name),
        el("dd", {}, el("span", {}, value), why ? el("span", { class: "why" }, why) : null),
      ),
    ),
  );
}

function layout(reading) {
  const { why, folder, table, columns, features, feature_count: many } = reading;
  const more = many > features.length ? ` and ${count(many - features.length)} more` : "";
  const rows = columns.map(({ role, column, found }) => [ROLES[role] ?? role, column, FOUND[found] ?? found]);
  return part(
    "Layout",
    described([
      ["Layout", layoutText(reading), why],
      ["Folder", folder],
      ["Table", table],
      ["Learned from", many ? plural(many, "column") : "", many ? `${features.join(", ")}${more}` : ""],
    ]),
    rows.length ? dataTable("Columns with a role", ["What for", "Column", "How it was found"], rows) : null,
  );
}

function classes({ classes: names, classes_from: source, positive, positive_why: why, merged }) {
  if (!names.length) return null;
  const spellings = merged.map(({ name, spellings: ways }) => [name, ways.map((way) => `“${way}”`).join(", ")]);
  const marked = (name) => (name === positive ? el("b", { class: "mark positive" }, "positive class") : null);
  return part(
    "Classes",
    el(
      "p",
      { class: "muted caption" },
      `${plural(names.length, "class").replace("classs", "classes")}, in label order`,
    ),
    el(
      "ol",
      { class: "labels", start: 0, tabindex: "0", "aria-label": "Classes in label order" },
      ...names.map((name) => el("li", {}, el("span", {}, name), marked(name))),
    ),
    described([
      ["Taken from", source],
      ["Positive", why ? (positive ?? "Not known") : "", why],
    ]),
    spellings.length ? dataTable("Classes that are spelled in several ways", ["Class", "Found as"], spellings) : null,
  );
}

function usage(title, noun, found) {
  if (!found) return null;
  if (!found.unused.length) return part(title, el("p", {}, sumText(found, noun)));
  const rows = found.unused.map((unused) => [kindText(unused), count(unused.count), examples(unused)]);
  const all = [["Used", count(found.used), ""], ...rows, ["All", count(found.total), ""]];
  return part(title, dataTable(sumText(found, noun), ["What", title, "For example"], all));
}

function examples({ examples: shown, count: all }) {
  const names = shown.map((name) => el("li", {}, el("code", {}, name)));
  return el(
    "ul",
    { class: "examples" },
    ...names,
    all > shown.length && shown.length ? el("li", { class: "muted" }, "…") : null,
  );
}

function patients(found) {
  return part(
    "Patients",
    described([["Patients", patientsText(found), [patientsSource(found), found.why].filter(Boolean).join(". ")]]),
  );
}

function subgroups(columns) {
  if (!columns.length) return null;
  const rows = columns.flatMap(({ column, rule, learned, groups }) =>
    Object.entries(groups).map(([group, samples], place) => [
      place ? "" : column,
      group,
      count(samples),
      place ? "" : `${rule}; ${learned ? "learned from, too" : "not learned from"}`,
    ]),
  );
  const caption = "Kept with the predictions, to tell results apart";
  return part("Subgroups", dataTable(caption, ["Column", "Group", "Samples", "How"], rows));
}

function pixels(found) {
  if (!found) return null;
  const constants = Object.entries(found.constants).map(
    ([name, value]) => `${name.replaceAll("_", " ")} ${figure(value)}`,
  );
  return part(
    "Pixels",
    described([
      ["Size", `${found.size} × ${found.size} pixels`, found.size_why],
      ["Colour", colourText(found), found.channels_why],
      ["As stored", storedText(found)],
      ["Scale", found.scale, constants.join(", ")],
    ]),
  );
}
