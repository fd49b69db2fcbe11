// The groups of a configuration, as the configuration itself has them: a new one is shown without a change here. Pure.

import { flat } from "../../compare/options.js";
import { capital } from "../../frame/format.js";

const ELSEWHERE = ["experiment_name", "source_path", "seed"]; // the page has them in its head, under Source and Run

/**
 * Return the groups with their options under their paths within the group; options outside groups come last.
 *
 * @param {Record<string, any> | null | undefined} config
 * @returns {{title: string, options: Record<string, any>}[]}
 */
export function configGroups(config) {
  const entries = Object.entries(config ?? {});
  const isGroup = (/** @type {any} */ value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const groups = entries
    .filter(([, value]) => isGroup(value))
    .map(([name, value]) => ({ title: capital(name.replaceAll("_", " ")), options: Object.fromEntries(flat(value)) }));
  const rest = entries.filter(([name, value]) => !isGroup(value) && !ELSEWHERE.includes(name));
  return rest.length ? [...groups, { title: "Other options", options: Object.fromEntries(rest) }] : groups;
}
