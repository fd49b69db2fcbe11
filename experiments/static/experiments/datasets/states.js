// What a data set is doing, in words and colours. Pure.

import { bytes, count, percent, plural } from "../../realtime/frame/format.js";

/**
 * @typedef {object} Dataset as GET /api/datasets/<name>/ answers; only what is read here
 * @property {string} state
 * @property {string} [kind]
 * @property {string | null} [content_hash]
 * @property {{name: string, samples: number}[] | null} classes
 * @property {{bytes?: number, bytes_done?: number, files?: number, files_done?: number} | null} [progress]
 */

/** @type {Record<string, string>} */
export const STATE_WORDS = {
  uploading: "Uploading",
  waiting: "Waiting",
  checking: "Checking",
  ready: "Ready",
  refused: "Refused",
};
/** @type {Record<string, string>} */
const PILLS = {
  uploading: "in_progress",
  waiting: "queued",
  checking: "in_progress",
  ready: "completed",
  refused: "failed",
};
/** @type {Record<string, string>} */
const FORM_WORDS = { directory: "folder", zip: "zip file", npz: "file of arrays", file: "one file" };
const CLASSES_SHOWN = 4;

/**
 * Say what the data lie in: "folder, 12 files", "one file".
 *
 * @param {{layout?: string | null, files?: number | null}} dataset
 */
export const formText = ({ layout, files }) =>
  [FORM_WORDS[layout ?? ""] ?? "files", layout === "file" ? "" : plural(files ?? 0, "file")].filter(Boolean).join(", ");

/** @param {{state: string}} dataset */
export const isChecked = ({ state }) => state === "ready" || state === "refused";

/** @param {{state: string}} dataset */
export const pill = ({ state }) => `pill ${PILLS[state]}`;

/**
 * Return the share of the bytes that has arrived, null where it is unknown.
 *
 * @param {Pick<Dataset, "progress">} dataset
 */
export const share = ({ progress }) => (progress?.bytes ? (progress.bytes_done ?? 0) / progress.bytes : null);

/** @param {Dataset} dataset */
export function doing(dataset) {
  const { state, progress } = dataset;
  if (state === "uploading" && progress)
    return `${percent(share(dataset) ?? 0, 0)} of ${bytes(progress.bytes)} arrived`;
  if (state === "waiting") return "Waiting for a worker to check it";
  if (state === "checking" && progress?.files && progress.files_done === progress.files)
    return "All files read; looking at the classes";
  if (state === "checking")
    return progress?.files
      ? `${count(progress.files_done)} of ${plural(progress.files, "file")} read`
      : "Looking at the files";
  return "";
}

/** @param {Pick<Dataset, "classes">} dataset */
export const samples = ({ classes }) => (classes ? classes.reduce((sum, one) => sum + one.samples, 0) : null);

/** @param {Dataset} dataset */
export function contents(dataset) {
  const { classes } = dataset;
  if (!classes) return doing(dataset);
  const shown = classes.slice(0, CLASSES_SHOWN).map(({ name, samples: size }) => `${count(size)} × ${name}`);
  const more = classes.length > CLASSES_SHOWN ? [`${count(classes.length - CLASSES_SHOWN)} more classes`] : [];
  return [...shown, ...more].join(" · ");
}

/** @param {{content_hash?: string | null}} dataset */
export const version = ({ content_hash: hash }) => (hash ? hash.slice(0, 12) : "–");

/**
 * Count the findings of a report: "1 finding that blocks, 1 question, 2 warnings, ", or nothing.
 *
 * @param {{blocks: number, questions: number, warnings: number}} report
 */
export function findings({ blocks, questions, warnings }) {
  const found = [
    blocks && `${plural(blocks, "finding")} that block${blocks === 1 ? "s" : ""}`,
    questions && plural(questions, "question"),
    warnings && plural(warnings, "warning"),
  ].filter(Boolean);
  return found.map((words) => `${words}, `).join("");
}

/**
 * Return what stays the same as long as the data do; null before they are checked. Built-in data do not change.
 *
 * @param {{kind: string, content_hash: string | null}} dataset
 */
export const versionOf = ({ kind, content_hash: hash }) => (kind === "builtin" ? kind : hash);
