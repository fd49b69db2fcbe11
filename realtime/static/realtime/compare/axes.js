// The axes of the parallel coordinates: options that differ and can be put on an axis, then results. Pure.

import { known } from "../frame/format.js";
import { differences } from "./options.js";

/** @typedef {{label: string, values: any[], ends?: [low: number, high: number]}} Axis `ends`: where it ends at least */

const LEAST_SPAN = 0.1; // of the largest result: what differs by less lies close together
const RESULTS = ["final_auroc_cm", "final_f1_cm", "final_sensitivity", "duration"];
// What says which data these are and how they are named is no setting that could be varied.
const NO_AXIS =
  /^(?:experiment_name|priority|source_path|data version|tags|.*_columns?|data\.(?:folds?|split_folders))$/;

/** @param {any} value */
const isSimple = (value) => value === undefined || value === null || typeof value !== "object";

/**
 * @param {import("./options.js").ComparedRun[]} runs
 * @param {import("./scores.js").ScoreRow[]} rows
 * @returns {Axis[]} the values of each run
 */
export function parallelAxes(runs, rows) {
  const options = differences(runs).filter(([path, values]) => values.every(isSimple) && !NO_AXIS.test(path));
  const results = rows.filter(({ group, name }) => group === "Best epoch" || RESULTS.includes(name));
  return [
    ...options.map(([path, values]) => ({ label: path.split(".").at(-1)?.replaceAll("_", " ") ?? path, values })),
    ...results.map((row) => ({ label: resultLabel(row), values: row.values, ends: resultEnds(row) })),
  ];
}

/**
 * Return where the axis of a result ends: stretched to its extremes it would make much of any difference. Of shares at
 * tenths, of other numbers a tenth of the largest apart.
 *
 * @param {Pick<import("./scores.js").ScoreRow, "values" | "lower">} row
 * @returns {[low: number, high: number] | undefined}
 */
export function resultEnds({ values, lower }) {
  const found = values.filter(known);
  if (!found.length) return undefined;
  const [low, high] = [Math.min(...found), Math.max(...found)];
  if (!lower && low >= 0 && high <= 1) {
    const [from, to] = [Math.floor(10 * low), Math.ceil(10 * high)];
    return from < to ? [from / 10, to / 10] : [Math.max(0, from - 1) / 10, Math.min(10, to + 1) / 10];
  }
  const room = Math.max(0, (LEAST_SPAN * Math.max(Math.abs(low), Math.abs(high)) - (high - low)) / 2);
  return [low - room, high + room];
}

/** @param {{group: string, label: string}} row */
function resultLabel({ group, label }) {
  if (group === "Cost") return label;
  const part = group.replace(/ (split|epoch)$/, "").replace("Validation", "Val");
  return `${part} ${label.replace(/ \(.*\)$/, "").replace("Validation", "val")}`;
}
