// What a run is judged by, in a few numbers: of the test split, else of validation, which then is said. Pure.

import { capital, epochNumber, known, metricName, splitName } from "../frame/format.js";
import { metricRange, metricValue } from "../frame/metric_text.js";

/** @typedef {import("./run_types").RunState} RunState */
/** @typedef {import("../events/event_types").FinalStats} FinalStats */
/** @typedef {[name: string, value: string, detail: string]} Fact */

/** Why numbers of the validation split are too good, by how much nobody knows. */
export const CAVEAT =
  "The best epoch was chosen on this validation split, so its numbers are likely to be better than those of new data.";

const NO_INTERVAL = "no interval: too few"; // samples, or patients, of a class

/**
 * Return the split that a run is judged by: test where there is one.
 *
 * @param {Map<string, FinalStats>} finals
 */
const judged = (finals) => finals.get("test") ?? finals.get("val");

/**
 * Return the facts that come first: of the evaluated checkpoint, before that of the best epoch up to now.
 *
 * @param {Pick<RunState, "finals" | "best" | "bestEpoch" | "monitor" | "epochs"> &
 *   Partial<Pick<RunState, "operatingPoint">>} state
 * @returns {Fact[]}
 */
export function headline(state) {
  const final = judged(state.finals);
  if (!final) return bestEpochFacts(state);
  return final.class_names.length > 2 ? ofManyClasses(final) : ofTwoClasses(final, state.operatingPoint);
}

/**
 * Return whether the facts that come first are of the split on which the best epoch was chosen.
 *
 * @param {Pick<RunState, "finals" | "bestEpoch">} state
 */
export const needsCaveat = ({ finals, bestEpoch }) =>
  judged(finals) ? judged(finals)?.split === "val" : known(bestEpoch);

/**
 * @param {FinalStats} final
 * @param {RunState["operatingPoint"]} [saved] comes before the run's own threshold
 * @returns {Fact[]}
 */
function ofTwoClasses({ split, epoch, threshold, statistics }, saved) {
  const chosen = saved?.splits[split];
  const at = chosen
    ? `saved threshold ${Number(saved?.threshold?.toPrecision(4))}`
    : known(threshold)
      ? `threshold ${threshold}`
      : "";
  return [
    statistic(`${splitName(split)} AUROC`, "final_auroc_cm", statistics, `epoch ${epochNumber(epoch)}`),
    statistic("Sensitivity", "final_sensitivity", chosen ?? statistics, at),
    statistic("Specificity", "final_specificity", chosen ?? statistics, at),
  ];
}

/**
 * @param {FinalStats} final
 * @returns {Fact[]}
 */
function ofManyClasses({ split, epoch, class_names: names, statistics }) {
  const recalls = names.map((name) => ({ name, recall: statistics[`final_sensitivity/${name}`] }));
  const ranked = recalls.filter(({ recall }) => known(recall)).sort((a, b) => (a.recall ?? 0) - (b.recall ?? 0));
  const worst = ranked.at(0);
  return [
    statistic(`${splitName(split)} macro AUROC`, "final_auroc_cm", statistics, `epoch ${epochNumber(epoch)}`),
    statistic("Balanced accuracy", "final_balanced_accuracy", statistics, `${names.length} classes`),
    ["Worst class's recall", metricValue("final_sensitivity", worst?.recall), worst?.name ?? ""],
  ];
}

/**
 * @param {string} label
 * @param {string} name
 * @param {Record<string, number | null>} statistics
 * @param {string} more
 * @returns {Fact}
 */
function statistic(label, name, statistics, more) {
  const none = known(statistics[name]) && statistics[`${name}_ci_low`] === null;
  const range = none ? NO_INTERVAL : metricRange(name, statistics[`${name}_ci_low`], statistics[`${name}_ci_high`]);
  return [label, metricValue(name, statistics[name]), [range, more].filter(Boolean).join(" · ")];
}

/**
 * @param {Pick<RunState, "best" | "bestEpoch" | "monitor" | "epochs">} state
 * @returns {Fact[]}
 */
function bestEpochFacts({ best, bestEpoch, monitor, epochs }) {
  const others = ["val_auroc", "val_recall", "val_loss"].filter((name) => name !== monitor).slice(0, 2);
  const at = known(bestEpoch) ? `epoch ${epochNumber(bestEpoch)}` : "";
  return [
    [`Best ${short(monitor)}`, metricValue(monitor, best.value), at],
    ...others.map(
      (name) => /** @type {Fact} */ ([`${capital(short(name))} then`, ofEpoch(epochs, bestEpoch, name), at]),
    ),
  ];
}

/** @param {string} name */
const short = (name) => metricName(name).replace("validation", "val");

/**
 * @param {RunState["epochs"]} epochs
 * @param {number | null} epoch
 * @param {string} name
 */
const ofEpoch = (epochs, epoch, name) => metricValue(name, known(epoch) ? epochs.value(epoch, name) : null);
