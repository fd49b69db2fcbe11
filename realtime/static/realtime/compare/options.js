// Configurations side by side. Pure.

import { listText } from "../frame/format.js";

/** @typedef {{config: Record<string, any> | null, dataset_hash?: string | null}} ComparedRun */
/** @typedef {[path: string, values: any[]]} OptionRow the value of each run; undefined where it has no such option */

/**
 * Flatten a configuration: {a: {b: 1}} -> [["a.b", 1]].
 *
 * @param {Record<string, any> | null | undefined} config
 * @param {string} [prefix]
 * @returns {[path: string, value: any][]}
 */
export function flat(config, prefix = "") {
  return Object.entries(config ?? {}).flatMap(([name, value]) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? flat(value, `${prefix}${name}.`)
      : /** @type {[string, any][]} */ ([[prefix + name, value]]),
  );
}

/**
 * Return all options of the runs, in the order of their configurations.
 *
 * @param {ComparedRun[]} runs
 * @returns {OptionRow[]}
 */
export function optionRows(runs) {
  const columns = runs.map((run) => new Map([...flat(run.config), ["data version", run.dataset_hash ?? undefined]]));
  const paths = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  return paths.map((path) => [path, columns.map((column) => column.get(path))]);
}

/** @param {any[]} values */
export const same = (values) => values.every((value) => JSON.stringify(value) === JSON.stringify(values[0]));

/** @param {ComparedRun[]} runs */
export const differences = (runs) => optionRows(runs).filter(([, values]) => !same(values));

/**
 * Write the value of an option.
 *
 * @param {any} value
 * @returns {string}
 */
export function shown(value) {
  if (value === undefined) return "";
  if (value === null) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? listText(value) : String(value);
}
