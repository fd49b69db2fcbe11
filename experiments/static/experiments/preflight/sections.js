// The parts of the report as tables: counts, files, duplicates, patients, columns, trial.

import { dataTable as table } from "../../realtime/frame/data_table.js";
import { el } from "../../realtime/frame/dom.js";
import { bytes, count, duration, known, percent, plural, splitName } from "../../realtime/frame/format.js";

const KINDS = { exact: "Exact copies", copy: "Saved again or resized", near: "Nearly the same" };
const ROW_KINDS = {
  exact: "Copies: equal rows with values of their own",
  near: "Equal rows, perhaps of different people",
};
const SOUGHT = "Looked for: exact copies, images saved again or resized, images that are nearly the same.";
const ROWS_SOUGHT = "Looked for: rows that are equal in all columns that are learned from.";
// Of Pillow's names for how an image file stores its pixels.
const MODES = {
  1: "black and white, 1 bit",
  L: "grey, 8 bits",
  LA: "grey with transparency",
  P: "palette of colours",
  RGB: "colour",
  RGBA: "colour with transparency",
  CMYK: "colour for print",
  F: "grey, decimal numbers",
};

export function drawSections(report) {
  const parts = [counts(report), files(report), duplicates(report), patients(report), columns(report), trial(report)];
  return parts.filter(Boolean);
}

function section(title, ...content) {
  return el(
    "section",
    { "data-title": title },
    el("h2", {}, title),
    ...content.map((node) => el("div", { class: "card part" }, node)),
  );
}

function counts({ counts: parts, classes }) {
  const total = (row) => parts.reduce((sum, part) => sum + part.classes[row], 0);
  const all = parts.reduce((sum, part) => sum + part.total, 0);
  const rows = classes.map((name, row) => [
    name,
    ...parts.map((part) => count(part.classes[row])),
    count(total(row)),
    percent(total(row) / all),
  ]);
  rows.push(["All", ...parts.map((part) => count(part.total)), count(all), "100.0 %"]);
  return section(
    "Samples per class and split",
    table("Samples", ["Class", ...parts.map(({ split }) => splitName(split)), "All", "Share"], rows),
  );
}

function files({ images }) {
  if (!images) return null;
  const sizes = images.sizes.map(({ width, height, count: many }) => [`${width} × ${height}`, count(many)]);
  if (images.different_sizes > images.sizes.length)
    sizes.push([`${plural(images.different_sizes - images.sizes.length, "other size")}`, "–"]);
  const modes = images.modes.map(({ name, count: many }) => [modeText(name), count(many)]);
  const parts = [
    el(
      "div",
      { class: "side-by-side" },
      table("Sizes in pixels", ["Width × height", "Images"], sizes),
      table("How pixels are stored", ["Stored as", "Images"], modes),
    ),
  ];
  if (images.unreadable_count) {
    const broken = images.unreadable.map(({ name, problem }) => [name, problem]);
    parts.push(
      table(
        `${plural(images.unreadable_count, "file")} that cannot be read${more(images.unreadable_count, broken.length)}`,
        ["File", "Problem"],
        broken,
      ),
    );
  }
  return section("Image files", ...parts);
}

function modeText(name) {
  if (name.startsWith("I")) return `grey, ${name === "I" ? 32 : 16} bits (${name})`;
  return MODES[name] ? `${MODES[name]} (${name})` : name;
}

function duplicates({ duplicates: found, images }) {
  if (!found) return null;
  const words = images ? KINDS : ROW_KINDS;
  const tallies = found.tallies
    .filter(({ kind }) => words[kind])
    .map(({ kind, groups: many, samples, across, conflicts }) => [
      words[kind],
      count(many),
      count(samples),
      count(across),
      count(conflicts),
    ]);
  if (found.tallies.every(({ groups: many }) => many === 0))
    return section("Duplicates", el("p", {}, `None found. ${images ? SOUGHT : ROWS_SOUGHT}`));
  const parts = [
    table(
      "Groups of samples that are the same, or nearly",
      ["Kind", "Groups", "Samples", "Across splits", "Different classes"],
      tallies,
    ),
  ];
  if (found.groups.length) parts.push(groups(found, words));
  return section("Duplicates", ...parts);
}

function groups({ groups: shown, group_count: all }, words) {
  const rows = shown.map((group) =>
    el(
      "li",
      { class: group.across ? "across" : null },
      el("p", { class: "kind-line" }, el("b", {}, words[group.kind]), ...marks(group)),
      el(
        "ul",
        { class: "twins" },
        ...group.samples.map(twin),
        group.size > group.samples.length
          ? el("li", { class: "muted" }, `and ${count(group.size - group.samples.length)} more`)
          : null,
      ),
    ),
  );
  const title = all > shown.length ? `The first ${count(shown.length)} of ${count(all)} groups` : plural(all, "group");
  return el("div", {}, el("p", { class: "muted caption" }, title), el("ol", { class: "groups" }, ...rows));
}

function marks({ kind, likeness, across, conflict }) {
  return [
    kind === "exact" || likeness > 0.9995 ? null : el("span", { class: "muted" }, `likeness ${likeness.toFixed(3)}`),
    across ? el("span", { class: "mark bad" }, "across splits") : null,
    conflict ? el("span", { class: "mark warn" }, "different classes") : null,
  ];
}

function twin({ id, split, label }) {
  return el(
    "li",
    {},
    el("code", {}, id),
    el("span", { class: "muted" }, `${splitName(split).toLowerCase()}, class ${label}`),
  );
}

function patients({ patients: found }) {
  if (!found) return null;
  const rows = found.across.map(({ id, splits }) => [
    id,
    splits.map((split) => splitName(split).toLowerCase()).join(", "),
  ]);
  const content = rows.length
    ? table(
        `${plural(found.across_count, "patient")} of ${count(found.count)} in several splits` +
          more(found.across_count, rows.length),
        ["Patient", "Splits"],
        rows,
      )
    : el("p", {}, `${plural(found.count, "patient")}, each in one split only.`);
  return section("Patients", content);
}

function columns({ table: found }) {
  if (!found) return null;
  const rows = found.columns.map((column) => [
    column.name,
    column.kind,
    count(column.values),
    count(column.missing),
    column.constant ? "constant in training" : "",
  ]);
  return section(
    "Columns",
    table(
      `${plural(found.column_count, "column")}${more(found.column_count, rows.length)}`,
      ["Column", "Holds", "Different values", "Missing", "Remark"],
      rows,
    ),
  );
}

const more = (all, shown) => (all > shown ? `, the first ${count(shown)} here` : "");

function trial({ trial: run }) {
  if (!run) return null;
  const batches = plural(run.batches, "real batch").replace("batchs", "batches");
  const [first, later] = [brief(run.first_batch_seconds), brief(run.batch_seconds)];
  const [epoch, whole] = [about(run.epoch_seconds), about(run.total_seconds)];
  const how = run.precision ? `precision ${run.precision}, ${plural(run.threads, "thread")}` : null;
  const device = how ? `${run.device} (${how})` : run.device;
  const words = [
    `${batches} of ${plural(run.batch_size, "sample")} went through the model, forward and backward, on ${device}.`,
    `The first one took ${first}, then one takes ${later}, a validation batch ${brief(run.validation_batch_seconds)}.`,
    `So an epoch of ${count(run.batches_per_epoch)} takes ${epoch} with its validation,`,
    `and ${plural(run.epochs, "epoch")} ${whole}, unless it stops early.`,
    known(run.gpu_bytes) ? `It took ${bytes(run.gpu_bytes)} of the GPU's ${bytes(run.gpu_total_bytes)}.` : null,
    known(run.memory_bytes) ? `The process, with the data, had at most ${bytes(run.memory_bytes)} in memory.` : null,
  ];
  return section("Trial", el("p", { class: "words" }, words.filter(Boolean).join(" ")));
}

const brief = (seconds) => (seconds < 1 ? `${Math.max(1, Math.round(1000 * seconds))} ms` : duration(seconds));
const about = (seconds) =>
  seconds < 1 ? "less than a second" : `about ${duration(seconds < 10 ? seconds : Math.round(seconds))}`;
