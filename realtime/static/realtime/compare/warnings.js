// What makes numbers of several runs say little about each other: other data, another split, another loss. Pure.

import { count, plural } from "../frame/format.js";
import { flat, same } from "./options.js";

/**
 * @typedef {object} WarnedRun
 * @property {string} source_path
 * @property {string | null} [dataset_hash]
 * @property {Record<string, any> | null} config
 * @property {{classes?: string[]} | null} [dataset]
 * @property {{identity: string, looks: number} | null} [test_split]
 */

const SPLIT = [
  "val_fraction",
  "test_fraction",
  "split_column",
  "split_file",
  "folds",
  "fold",
  "patient_column",
  "patients",
];
const LOSS = ["epoch/train_loss", "epoch/val_loss", "batch/loss"];

/** @param {WarnedRun} run */
const dataOf = (run) => run.dataset_hash ?? run.source_path;

/** @param {WarnedRun} run */
const splitOf = ({ config }) => [config?.seed, ...SPLIT.map((name) => config?.data?.[name] ?? null)];

/** @param {WarnedRun} run */
const lossOf = ({ config, dataset }) => [
  flat(config?.loss),
  config?.model?.pos_weight ?? null,
  (config?.loss?.name ?? "auto") === "auto" ? (dataset?.classes?.length ?? 2) > 2 : null,
];

/**
 * Return whether the losses of the runs are of different kinds, so that their values do not compare.
 *
 * @param {WarnedRun[]} runs
 */
export const lossesDiffer = (runs) => runs.length > 1 && !same(runs.map(lossOf));

/**
 * Return the curves that may be drawn over each other.
 *
 * @param {string[]} names
 * @param {WarnedRun[]} runs
 */
export const comparable = (names, runs) => (lossesDiffer(runs) ? names.filter((name) => !LOSS.includes(name)) : names);

/**
 * Return whether test samples are known to be others, whatever the options say: a data set may have changed its splits.
 *
 * @param {WarnedRun[]} runs
 */
function testSplitsDiffer(runs) {
  const known = runs.flatMap(({ test_split: split }) => (split ? [split.identity] : []));
  return new Set(known).size > 1;
}

/**
 * Return whether all are known to have the same test samples: then their numbers of the test split compare.
 *
 * @param {WarnedRun[]} runs
 */
const sameTestSplit = (runs) => runs.every(({ test_split: split }) => split) && !testSplitsDiffer(runs);

/**
 * Say what keeps the numbers of the runs from being compared.
 *
 * @param {WarnedRun[]} runs
 * @returns {string[]}
 */
export function warnings(runs) {
  if (runs.length < 2) return [];
  const found = [];
  if (!same(runs.map(dataOf)))
    found.push("The runs trained on different data: their numbers are of different samples.");
  else if (!same(runs.map(splitOf)))
    found.push(
      sameTestSplit(runs)
        ? "The test samples are the same, but training and validation samples may have been split differently."
        : "The data were split differently: the numbers may be of different samples.",
    );
  else if (testSplitsDiffer(runs))
    found.push("The test splits differ: numbers of the test split may be of different samples.");
  const classes = runs.map(({ dataset }) => dataset?.classes).filter((names) => names !== undefined);
  if (!same(classes.map((names) => names?.length))) found.push("The runs have different numbers of classes.");
  else if (!same(classes))
    found.push("The classes have different names or another order: what counts as positive may differ.");
  if (lossesDiffer(runs))
    found.push("The runs minimise different losses: values of the loss do not compare, and their curves are left out.");
  return found;
}

/**
 * Say that a choice by test numbers uses the test split for selection; nothing where no two runs share one.
 *
 * @param {WarnedRun[]} runs
 */
export function testCaveat(runs) {
  const splits = runs.map(({ test_split: split }) => split).filter((split) => split !== null && split !== undefined);
  const shared = splits.filter((split) => splits.filter(({ identity }) => identity === split.identity).length > 1);
  if (!shared.length) return "";
  return (
    `${sharingText(shared, runs.length)}. Choosing a run by these numbers uses the test split for selection: ` +
    "the number of the chosen one is optimistic. Choose by validation instead."
  );
}

/**
 * @param {{identity: string, looks: number}[]} shared of each run that shares its test samples
 * @param {number} all how many runs there are
 */
function sharingText(shared, all) {
  if (new Set(shared.map(({ identity }) => identity)).size > 1) return "Several of these runs share their test samples";
  const which = shared.length === all ? "These runs" : `${count(shared.length)} of these runs`;
  const most = Math.max(...shared.map(({ looks }) => looks));
  return `${which} share their test samples, which have been evaluated ${plural(most, "time")}`;
}
