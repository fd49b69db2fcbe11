// The axes of the parallel coordinates: options that differ and can be put on an axis, then results. Pure.

import { differences } from "./options.js";

const RESULTS = ["final_auroc_cm", "final_f1_cm", "final_sensitivity", "duration"];
// What says which data these are and how they are named is no setting that could be varied.
const NO_AXIS =
  /^(?:experiment_name|priority|source_path|data version|tags|.*_columns?|data\.(?:folds?|split_folders))$/;

/** @param {any} value */
const isSimple = (value) => value === undefined || value === null || typeof value !== "object";

/**
 * @param {import("./options.js").ComparedRun[]} runs
 * @param {import("./scores.js").ScoreRow[]} rows
 * @returns {{label: string, values: any[]}[]} the values of each run
 */
export function parallelAxes(runs, rows) {
  const options = differences(runs).filter(([path, values]) => values.every(isSimple) && !NO_AXIS.test(path));
  const results = rows.filter(({ group, name }) => group === "Best epoch" || RESULTS.includes(name));
  return [
    ...options.map(([path, values]) => ({ label: path.split(".").at(-1)?.replaceAll("_", " ") ?? path, values })),
    ...results.map((row) => ({ label: resultLabel(row), values: row.values })),
  ];
}

/** @param {{group: string, label: string}} row */
function resultLabel({ group, label }) {
  if (group === "Cost") return label;
  const part = group.replace(/ (split|epoch)$/, "").replace("Validation", "Val");
  return `${part} ${label.replace(/ \(.*\)$/, "").replace("Validation", "val")}`;
}
