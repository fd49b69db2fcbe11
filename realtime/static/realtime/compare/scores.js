// Numbers side by side: which there are, and whether they differ by more than chance. Pure.

import { interval, SAME_AS_ANOTHER, withAdded } from "../charts/statistics_text.js";
import { capital, count, duration, epochNumber, known, metricName, plural, splitName } from "../frame/format.js";
import { metricRange, metricValue } from "../frame/metric_text.js";

/** @typedef {number | null | undefined} Score */
/** @typedef {Record<string, {statistics: Record<string, number | null>}>} Splits by the name of the split */

/**
 * @typedef {object} ScoredRun
 * @property {number} id
 * @property {string} monitor
 * @property {import("../run/run_types").Best} best
 * @property {number | null} duration_seconds
 * @property {{callbacks?: {mode?: string}}} [config]
 * @property {import("../run/run_types").SavedOperatingPoint | null} [operating_point]
 */

/**
 * @typedef {object} ScoreRow
 * @property {string} group
 * @property {string} name
 * @property {string} label
 * @property {Score[]} values of each run
 * @property {boolean} lower whether the lowest is the best
 * @property {(found: Score) => string} show
 * @property {(i: number) => string} more what to say beside the value of run i
 */

/**
 * @typedef {object} Differences of a split, as GET /api/runs/differences/ has them
 * @property {number | null} samples
 * @property {number | null} patients
 * @property {number} [comparisons] pairs of runs
 * @property {number | null} best the run that is shown to be better than each other one
 * @property {{run: number, difference: number, low: number | null, high: number | null}[]} against
 * @property {string | null} problem why nothing is compared
 */

/** @type {Record<string, string>} */
const SPLIT_OF = { [`${splitName("test")} split`]: "test", [`${splitName("val")} split`]: "val" };

/**
 * Return what the server found of the differences in a row; undefined for rows that are not compared.
 *
 * @param {Pick<ScoreRow, "group" | "name">} row
 * @param {Record<string, Differences>} differences by split
 */
export const differencesOf = ({ group, name }, differences) =>
  name === "final_auroc_cm" ? differences[SPLIT_OF[group]] : undefined;

/**
 * Say whether the runs of a row differ by more than chance; nothing for a row that is not compared.
 *
 * @param {Differences | undefined} found
 */
export function verdict(found) {
  if (!found) return "";
  if (found.problem) return `not compared: ${found.problem.replace(/\.$/, "")}`;
  const size = found.patients === null ? `n = ${count(found.samples)}` : `${plural(found.patients, "patient")}`;
  const pairs = (found.comparisons ?? 1) > 1 ? `; p adjusted for ${plural(found.comparisons ?? 1, "pair")}` : "";
  return `${found.best === null ? "not distinguishable" : `run ${found.best} is better`} (${size}${pairs})`;
}

/**
 * Write the paired difference of the highest run less this one.
 *
 * @param {Differences | undefined} found
 * @param {number} run
 */
export function differenceText(found, run) {
  const against = found?.against.find((one) => one.run === run);
  if (!against) return "";
  const range = metricRange("final_auroc_cm", against.low, against.high);
  return `${metricValue("final_auroc_cm", against.difference)} below the highest${range ? ` (${range})` : ""}`;
}

/**
 * Return the rows of the table: of the best epochs, of each split, of the cost.
 *
 * @param {ScoredRun[]} runs
 * @param {Map<number, Splits>} finals by run
 * @param {Record<string, string>} labels of the statistics, in the order of the rows
 * @param {Set<string>} lowerIsBetter names of metrics and statistics
 * @returns {ScoreRow[]}
 */
export function scoreRows(runs, finals, labels, lowerIsBetter) {
  const rows = [
    ...bestEpochRows(runs),
    ...["test", "val"].flatMap((split) => splitRows(split, runs, finals, labels)),
    ...savedRows(runs),
    {
      group: "Cost",
      name: "duration",
      label: "Duration",
      values: runs.map((run) => run.duration_seconds),
      show: duration,
    },
  ];
  return rows.map((row) => ({
    show: (/** @type {Score} */ found) => metricValue(row.name, found),
    more: () => "",
    lower: row.group === "Cost" || lowerIsBetter.has(row.name) || isMinimised(runs, row.name),
    ...row,
  }));
}

/**
 * Return whether the runs that are judged by this number take its lowest value for the best.
 *
 * @param {ScoredRun[]} runs
 * @param {string} name
 */
const isMinimised = (runs, name) => runs.some((run) => run.monitor === name && run.config?.callbacks?.mode === "min");

/** @typedef {Omit<ScoreRow, "lower" | "show" | "more"> & Partial<ScoreRow>} PartialRow */

/**
 * @param {ScoredRun[]} runs
 * @returns {PartialRow[]}
 */
function bestEpochRows(runs) {
  const monitors = [...new Set(runs.map(({ monitor }) => monitor))];
  const row = (/** @type {string} */ name, /** @type {Score[]} */ values, /** @type {Score[]} */ epochs) => ({
    group: "Best epoch",
    name,
    label: capital(metricName(name)),
    values,
    more: (/** @type {number} */ i) => (known(epochs[i]) ? `epoch ${epochNumber(epochs[i] ?? 0)}` : ""),
  });
  const rows = monitors.map((name) => {
    const bests = runs.map((run) => (run.monitor === name ? run.best : null));
    return row(
      name,
      bests.map((found) => found?.value ?? null),
      bests.map((found) => found?.epoch),
    );
  });
  if (monitors.includes("val_loss")) return rows;
  const losses = runs.map((run) => run.best.val_loss);
  const epochs = runs.map((run) => run.best.val_loss_epoch);
  return [...rows, row("val_loss", losses, epochs)];
}

/**
 * @param {string} split
 * @param {ScoredRun[]} runs
 * @param {Map<number, Splits>} finals
 * @param {Record<string, string>} declared labels
 * @returns {PartialRow[]}
 */
function splitRows(split, runs, finals, declared) {
  const statistics = runs.map((run) => finals.get(run.id)?.[split]?.statistics ?? {});
  const labels = withAdded(declared, new Set(statistics.flatMap(Object.keys)));
  const names = Object.keys(labels).filter((name) => !SAME_AS_ANOTHER.has(name));
  return names
    .map((name) => {
      const values = statistics.map((each) => each[name] ?? null);
      return {
        group: `${splitName(split)} split`,
        name,
        label: labels[name],
        values,
        more: (/** @type {number} */ i) => (known(values[i]) ? interval(name, statistics[i]) : ""),
      };
    })
    .filter(({ values }) => values.some(known));
}

/**
 * Return the rows at the saved operating points, of the test split.
 *
 * @param {ScoredRun[]} runs
 * @returns {PartialRow[]}
 */
const savedRows = (runs) =>
  Object.entries({ final_sensitivity: "Sensitivity", final_specificity: "Specificity" })
    .map(([name, label]) => {
      const statistics = runs.map((run) => run.operating_point?.splits.test ?? {});
      const values = statistics.map((each) => each[name] ?? null);
      return {
        group: "Test split, at the saved operating point",
        name,
        label,
        values,
        more: (/** @type {number} */ i) => (known(values[i]) ? interval(name, statistics[i]) : ""),
      };
    })
    .filter(({ values }) => values.some(known));
