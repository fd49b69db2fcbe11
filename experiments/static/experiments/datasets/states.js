// What a data set is doing, in words and colours.

import { bytes, count, percent, plural } from "../../realtime/frame/format.js";

export const STATE_WORDS = {
  uploading: "Uploading",
  waiting: "Waiting",
  checking: "Checking",
  ready: "Ready",
  refused: "Refused",
};
const PILLS = {
  uploading: "in_progress",
  waiting: "queued",
  checking: "in_progress",
  ready: "completed",
  refused: "failed",
};
const CLASSES_SHOWN = 4;

export const settled = ({ state }) => state === "ready" || state === "refused";

export const pill = ({ state }) => `pill ${PILLS[state]}`;

// 0 to 1, or null where nobody knows.
export const share = ({ progress }) => (progress?.bytes ? progress.bytes_done / progress.bytes : null);

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

export const samples = ({ classes }) => (classes ? classes.reduce((sum, one) => sum + one.samples, 0) : null);

export function contents(dataset) {
  const { classes } = dataset;
  if (!classes) return doing(dataset);
  const shown = classes.slice(0, CLASSES_SHOWN).map(({ name, samples: size }) => `${count(size)} × ${name}`);
  const more = classes.length > CLASSES_SHOWN ? [`${count(classes.length - CLASSES_SHOWN)} more classes`] : [];
  return [...shown, ...more].join(" · ");
}

export const version = ({ content_hash: hash }) => (hash ? hash.slice(0, 12) : "–");

// "1 finding that blocks, 2 warnings, ", or nothing
export function findings({ blocks, warnings }) {
  const found = [
    blocks && `${plural(blocks, "finding")} that block${blocks === 1 ? "s" : ""}`,
    warnings && plural(warnings, "warning"),
  ].filter(Boolean);
  return found.map((words) => `${words}, `).join("");
}

// What stays the same as long as the data do; null before they are checked. What is built in does not change.
export const versionOf = ({ kind, content_hash: hash }) => (kind === "builtin" ? kind : hash);
