// What is said of predictions, and how files become requests. Pure.

import { bytes, count, percent, plural, scoreBeside, UNKNOWN } from "../../realtime/frame/format.js";

/**
 * @typedef {{ holds: "own" | "saved", threshold: number, log_odds: number | null, probability: number | null,
 *   label: string, chosen_on: string, by: string | null, reason: string | null }} Decision
 * @typedef {{ method: string | null, reason: string | null }} Recalibration
 * @typedef {{ classes: string[], positive: string | null, decision: Decision | null,
 *   recalibration: Recalibration }} Described
 * @typedef {{ name: string, problem: string | null, predicted: string | null, logit: number | null,
 *   logits: Record<string, number> | null, score: number | null, scores: Record<string, number> | null,
 *   probability: number | null, probabilities: Record<string, number> | null,
 *   read: Record<string, any> | null }} Item
 * @typedef {{ files: number, bytes: number, rows: number }} Limits
 */

const OVERHEAD = 1024; // of one file in a form: its name, and the lines around it
const BARS = 3; // classes that an item shows
const CHOSEN_ON = /** @type {Record<string, string>} */ ({
  val: "chosen on validation",
  hand: "chosen by hand",
  options: "set in the run's options",
});

/**
 * Part files into requests that the server takes; `tooLarge` would be refused even alone.
 *
 * @template {{ size: number }} F
 * @param {F[]} files
 * @param {Limits} limits
 * @returns {{ parts: F[][], tooLarge: F[] }}
 */
export function requestsOf(files, limits) {
  /** @type {F[][]} */
  const parts = [];
  const tooLarge = files.filter(({ size }) => size + OVERHEAD > limits.bytes);
  let room = 0;
  for (const file of files.filter(({ size }) => size + OVERHEAD <= limits.bytes)) {
    const last = parts.at(-1);
    if (last && last.length < limits.files && file.size + OVERHEAD <= room) last.push(file);
    else {
      parts.push([file]);
      room = limits.bytes;
    }
    room -= file.size + OVERHEAD;
  }
  return { parts, tooLarge };
}

/**
 * Say why a file is not sent.
 *
 * @param {{ size: number }} file
 * @param {Limits} limits
 */
export const tooLargeWords = ({ size }, limits) =>
  `It has ${bytes(size)}, and a request may have ${bytes(limits.bytes)}. Make it a data set, and predict that.`;

/**
 * Say how a class is chosen.
 *
 * @param {Described} described
 */
export function decisionWords({ decision, positive }) {
  if (!decision) return "The class with the highest score is predicted.";
  const { holds, label, chosen_on: on, by } = decision;
  const which =
    holds === "saved"
      ? `the saved operating point: ${label}, ${CHOSEN_ON[on] ?? on}${by ? `, saved by ${by}` : ""}`
      : `the run's own threshold, ${CHOSEN_ON[on] ?? on}`;
  const stands =
    decision.probability === null ? "" : ` It stands for a probability of ${percent(decision.probability)}.`;
  const threshold = scoreBeside(decision.threshold);
  return `A score of ${threshold} or more is predicted as ${positive}. That is ${which}.${stands}`;
}

/**
 * Say what the probabilities are, or why there are none.
 *
 * @param {Described} described
 */
export function recalibrationWords({ recalibration }) {
  if (recalibration.method)
    return [
      "Probabilities are the scores after Platt's method, which was fitted on this run's validation split.",
      "They hold where the class is as frequent as it was there.",
    ].join(" ");
  return recalibration.reason ?? "";
}

/**
 * Sum up what was predicted.
 *
 * @param {Item[]} items
 * @param {string[]} classes
 */
export function summaryWords(items, classes) {
  const failed = items.filter(({ problem }) => problem !== null).length;
  const counts = classes
    .map((name) => /** @type {[string, number]} */ ([name, items.filter(({ predicted }) => predicted === name).length]))
    .filter(([, number]) => number);
  const parts = counts.map(([name, number]) => `${count(number)} ${name}`);
  if (failed) parts.push(`${count(failed)} not predicted`);
  return `${plural(items.length, "item")}: ${parts.join(", ") || "none"}.`;
}

/**
 * Sum up what a worker predicted of a data set.
 *
 * @param {{ samples: number, predicted: Record<string, number>, not_predicted: number, mean_score: number | null,
 *   mean_probability: number | null, notes: string[] } | null | undefined} result
 */
export function jobWords(result) {
  if (!result) return "";
  const parts = Object.entries(result.predicted).map(([name, number]) => `${count(number)} ${name}`);
  if (result.not_predicted) parts.push(`${count(result.not_predicted)} not predicted`);
  const mean = result.mean_score === null ? "" : ` Their mean score is ${scoreBeside(result.mean_score)}`;
  const probability =
    result.mean_probability === null ? "" : `, their mean probability ${percent(result.mean_probability)}`;
  const words = `${plural(result.samples, "sample")}: ${parts.join(", ")}.${mean}${probability}${mean && "."}`;
  return [words, ...result.notes].join(" ");
}

/**
 * Return the bars of an item, the highest first: of two classes that of the positive one, of more the first three.
 *
 * @param {Item} item
 * @param {Described} described
 * @returns {{ name: string, score: number, text: string, probability: number | null, threshold: number | null }[]}
 */
export function barsOf(item, { positive, decision }) {
  if (item.scores === null) return [];
  const threshold = decision?.threshold ?? null;
  if (positive !== null && item.score !== null)
    return [
      {
        name: positive,
        score: item.score,
        text: scoreBeside(item.score, decision && decision.log_odds === null ? threshold : null),
        probability: item.probability,
        threshold,
      },
    ];
  return Object.entries(item.scores)
    .sort(([, one], [, other]) => other - one)
    .slice(0, BARS)
    .map(([name, score]) => ({
      name,
      score,
      text: scoreBeside(score),
      probability: item.probabilities?.[name] ?? null,
      threshold: null,
    }));
}

/**
 * Say what was read of a file.
 *
 * @param {Record<string, any> | null} read
 */
export function readWords(read) {
  if (!read) return UNKNOWN;
  const size = read.width && read.height ? `${count(read.width)} × ${count(read.height)} pixels` : null;
  const depth = read.bits ? `${read.bits} bits` : null;
  const facts = [read.format, size, read.mode, depth].filter(Boolean).join(", ");
  return [facts && `${facts}.`, ...(read.notes ?? [])].filter(Boolean).join(" ") || UNKNOWN;
}

/**
 * Read rows that were pasted: CSV or tab-separated with a line of names, or a JSON list of objects.
 *
 * @param {string} text
 * @returns {{ rows: Record<string, any>[], problem: string | null }}
 */
export function rowsOf(text) {
  const trimmed = text.trim();
  if (!trimmed) return { rows: [], problem: "Paste rows first." };
  if (/^[[{]/.test(trimmed)) return rowsOfJSON(trimmed);
  const separator = trimmed.split("\n")[0].includes("\t") ? "\t" : trimmed.split("\n")[0].includes(";") ? ";" : ",";
  const [head, ...lines] = cellsOf(trimmed, separator);
  if (!lines.length) return { rows: [], problem: "The first line has the names of the columns; paste a row below it." };
  const wrong = lines.findIndex((cells) => cells.length !== head.length);
  if (wrong >= 0)
    return {
      rows: [],
      problem: `Row ${wrong + 1} has ${plural(lines[wrong].length, "cell")}, and the line of names has ${head.length}.`,
    };
  return { rows: lines.map((cells) => Object.fromEntries(cells.map((cell, at) => [head[at], cell]))), problem: null };
}

/**
 * @param {string} text
 * @returns {{ rows: Record<string, any>[], problem: string | null }}
 */
function rowsOfJSON(text) {
  /** @type {any} */
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    return { rows: [], problem: "This begins like JSON, and is none." };
  }
  const rows = Array.isArray(found) ? found : [found];
  const plain = rows.every((row) => row !== null && typeof row === "object" && !Array.isArray(row));
  return plain ? { rows, problem: null } : { rows: [], problem: "Each row is an object: {column: value, …}." };
}

/**
 * Part a text into cells, with quotes as CSV has them.
 *
 * @param {string} text
 * @param {string} separator
 * @returns {string[][]}
 */
function cellsOf(text, separator) {
  const rows = [[""]];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    const row = /** @type {string[]} */ (rows.at(-1));
    if (quoted && sign === '"' && text[at + 1] === '"') row[row.length - 1] += text[at++];
    else if (sign === '"' && (quoted || row[row.length - 1] === "")) quoted = !quoted;
    else if (!quoted && sign === separator) row.push("");
    else if (!quoted && sign === "\n") rows.push([""]);
    else if (quoted || sign !== "\r") row[row.length - 1] += sign;
  }
  return rows.filter((row) => row.length > 1 || row[0] !== "").map((row) => row.map((cell) => cell.trim()));
}

/**
 * Write the predictions as CSV; a text that a spreadsheet would take for a formula gets an apostrophe.
 *
 * @param {Item[]} items
 * @param {Described} described
 */
export function csvOf(items, { classes, positive }) {
  const scored = positive === null ? classes : [positive];
  const head = ["name", "predicted", ...scored.map((name) => `score ${name}`)];
  head.push(...scored.map((name) => `probability ${name}`), ...scored.map((name) => `logit ${name}`), "problem");
  const lines = items.map((item) => [
    item.name,
    item.predicted,
    ...scored.map((name) => item.scores?.[name] ?? null),
    ...scored.map((name) => item.probabilities?.[name] ?? null),
    ...scored.map((name) => (positive === null ? (item.logits?.[name] ?? null) : item.logit)),
    item.problem,
  ]);
  return [head, ...lines].map((cells) => `${cells.map(written).join(",")}\n`).join("");
}

/** @param {string | number | null} cell */
function written(cell) {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const safe = /^[ ']*[=+\-@\t\r\n＝＋－＠]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
