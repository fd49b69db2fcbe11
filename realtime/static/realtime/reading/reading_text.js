// How data were read, in words and numbers for every page that shows it. Pure.

import { capital, count, known, plural } from "../frame/format.js";

/** @typedef {import("./reading_types").Reading} Reading */
/** @typedef {import("./reading_types").Usage} Usage */
/** @typedef {import("./reading_types").Unused} Unused */
/** @typedef {import("./reading_types").PatientFacts} PatientFacts */
/** @typedef {import("./reading_types").PixelFacts} PixelFacts */
/** @typedef {import("./reading_types").SubgroupColumn} SubgroupColumn */
/** @typedef {[name: string, value: string, detail: string]} Fact */

const CLASSES_NAMED = 4;
const KINDS_NAMED = 3;
const LONGEST = 60; // characters of a name in a line of facts

/** @type {Record<string, string>} */
const LAYOUTS = {
  class_folders: "One folder per class",
  split_folders: "Folders of splits, with one folder per class in each",
  table: "Images, and a table that names them",
  rows: "Rows of a table",
  arrays: "Arrays in a file",
  builtin: "Built in",
};
/** @type {Record<string, string>} */
export const ROLES = { id: "Ids", target: "Classes", patient: "Patients", split: "Splits" };
/** @type {Record<string, string>} */
export const FOUND = {
  named: "named in the request",
  exact: "has the default name",
  alias: "has a usual name for it",
  pattern: "its values look like it",
};
/** @type {Record<string, string>} */
const KINDS = {
  extension: "Type that is not read",
  folder: "In a folder that is left out",
  ignored: "Left out",
  mask: "Mask",
  table: "Another table",
  no_class: "In the folder of no class",
  no_row: "No row names it",
  no_file: "Its file is missing",
  no_label: "Its label is missing",
  unreadable: "Cannot be read",
  repeated: "Repeated",
  split: "Split is unknown",
};
// Kinds of which `what` is a sentence, not the name of something.
const IN_WORDS = new Set(["no_file", "no_label", "unreadable", "repeated", "other", "blank", "array"]);

/**
 * Shorten a name so that a line of facts stays one.
 *
 * @param {string} text
 */
export const shortened = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/** @param {{layout: string | null}} reading */
export const layoutText = ({ layout }) => (layout ? (LAYOUTS[layout] ?? layout.replaceAll("_", " ")) : "Not known");

/**
 * Say what a kind of unused files or rows is.
 *
 * @param {Pick<Unused, "kind" | "what">} unused
 */
export function kindText({ kind, what }) {
  if (what && IN_WORDS.has(kind)) return capital(what);
  const words = KINDS[kind] ?? capital(kind.replaceAll("_", " "));
  return what ? `${words}: ${what}` : words;
}

/** @param {Usage} usage */
export const leftOut = ({ total, used }) => total - used;

/**
 * Say that the numbers add up: "1,200 used + 34 left out = 1,234 files".
 *
 * @param {Usage} usage
 * @param {string} noun
 */
export const sumText = (usage, noun) =>
  `${count(usage.used)} used + ${count(leftOut(usage))} left out = ${plural(usage.total, noun)}`;

/**
 * Name the most frequent kinds of what is left out; nothing where all is used.
 *
 * @param {Usage} usage
 */
export function leftOutText({ unused }) {
  const most = [...unused].sort((one, other) => other.count - one.count);
  const named = most.slice(0, KINDS_NAMED).map((part) => `${count(part.count)} ${shortened(part.what || part.kind)}`);
  const more = most.length - KINDS_NAMED;
  return [...named, ...(more > 0 ? [plural(more, "other kind")] : [])].join(" · ");
}

/**
 * Say what becomes of those that are not used: "43 left out: 30 .txt · 13 masks", or that there are none.
 *
 * @param {Usage} usage
 */
const usageDetail = (usage) =>
  leftOut(usage) ? `${count(leftOut(usage))} left out: ${leftOutText(usage)}` : "none left out";

/** @param {PatientFacts} patients */
export const patientsText = ({ count: many }) => (known(many) ? count(many) : "Not known");

/**
 * Say where the patients are known from; nothing where they are not.
 *
 * @param {PatientFacts} patients
 */
export function patientsSource({ source, name }) {
  if (source === "headers") return "From the files’ headers";
  const places = { column: "From the column", folder: "From the folders", ids: "From the ids" };
  return source ? `${places[source]} ${name}`.trim() : "";
}

/** @param {PixelFacts} pixels */
export function storedText({ stored_bits: bits, lowest, highest }) {
  const range = known(lowest) && known(highest) ? `values from ${figure(lowest)} to ${figure(highest)}` : "";
  return [known(bits) ? `${bits} bits` : "", range].filter(Boolean).join(", ") || "Not known";
}

const figures = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });

/** @param {number} value */
export const figure = (value) => figures.format(value);

/** @param {{channels: number}} pixels */
export const colourText = ({ channels }) => (channels === 3 ? "RGB" : channels === 1 ? "grey" : `${channels} channels`);

/**
 * Return whether anything is known of how the data were read.
 *
 * @param {Reading | null | undefined} reading of a report that may be older than readings
 * @returns {reading is Reading}
 */
export const isKnown = (reading) =>
  Boolean(reading && (reading.layout || reading.classes.length || reading.questions.length));

/** @param {Reading} reading */
export function classesText({ classes, positive }) {
  const named = classes
    .slice(0, CLASSES_NAMED)
    .map((name) => (name === positive ? `${shortened(name)} (positive)` : shortened(name)));
  const more = classes.length - CLASSES_NAMED;
  return [...named, ...(more > 0 ? [`and ${count(more)} more`] : [])].join(", ");
}

/**
 * Give the reading in a few facts, each with its detail; what does not apply is left out.
 *
 * @param {Reading} reading
 * @returns {Fact[]}
 */
export function readingFacts(reading) {
  const { classes, positive, positive_why: why, files, rows, patients, pixels, feature_count: features } = reading;
  const { subgroups = [] } = reading; // older readings have none
  /** @type {(Fact | false | null)[]} */
  const facts = [
    ["Layout", layoutText(reading), reading.table ?? reading.why],
    classes.length > 0 && ["Classes", count(classes.length), classesText(reading)],
    positive !== null && ["Positive class", shortened(positive), why],
    files && ["Files used", usedText(files), usageDetail(files)],
    rows && ["Rows used", usedText(rows), usageDetail(rows)],
    features > 0 && ["Columns to learn from", count(features), reading.features.slice(0, 4).map(shortened).join(", ")],
    ["Patients", patientsText(patients), patientsSource(patients) || patients.why],
    subgroups.length > 0 && ["Subgroups by", subgroupsText(subgroups), subgroupsDetail(subgroups)],
    pixels && ["Pixels", `${pixels.size} × ${pixels.size}, ${colourText(pixels)}`, pixelsDetail(pixels)],
  ];
  return facts.filter((fact) => fact !== false && fact !== null);
}

/** @param {Usage} usage */
const usedText = ({ used, total }) => `${count(used)} of ${count(total)}`;

/** @param {SubgroupColumn[]} subgroups */
const subgroupsText = (subgroups) => subgroups.map(({ column }) => shortened(column)).join(", ");

/** @param {SubgroupColumn[]} subgroups */
const subgroupsDetail = (subgroups) =>
  subgroups
    .map(({ column, groups }) => `${shortened(column)}: ${plural(Object.keys(groups).length, "group")}`)
    .join(" · ");

/** @param {PixelFacts} pixels */
const pixelsDetail = (pixels) => [storedText(pixels), pixels.scale].filter(Boolean).join(". ");

/**
 * Say what a training with default options would do.
 *
 * @param {Reading} reading made with these options
 * @param {string | null} verdict
 */
export function trainingText(reading, verdict) {
  const training = "A training with default options";
  const { length: open } = reading.questions;
  if (verdict === "blocked") return `${training} would be refused, for the reasons above.`;
  if (!open) return `${training} would learn to tell ${taskText(reading)}.`;
  const [are, answers] = open === 1 ? ["is", "answer"] : ["are", "answers"];
  const first = `By the first ${answers} it would learn to tell ${taskText(reading)}.`;
  return `${training} does not start: ${plural(open, "question")} ${are} open. ${first}`;
}

/** @param {Reading} reading */
function taskText({ classes, positive, files, rows, patients }) {
  const others = classes.filter((name) => name !== positive).map(shortened);
  const task =
    positive === null
      ? `${count(classes.length)} classes apart`
      : `${shortened(positive)} (positive) from ${others.join(", ")}`;
  const samples = rows ? plural(rows.used, "row") : files ? plural(files.used, "file") : null;
  if (samples === null) return task;
  return `${task}, from ${samples}${known(patients.count) ? ` of ${plural(patients.count, "patient")}` : ""}`;
}
