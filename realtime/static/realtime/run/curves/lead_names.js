// Which curves answer most: they come first, and larger than the others. Pure.

import { ENDED } from "../../frame/format.js";

/**
 * Return the names of these metrics: while a run trains, of the one that it is judged by; afterwards loss, that one
 * (AUROC where that is the loss itself), and recall, which is the sensitivity.
 *
 * @param {{status: string, monitor: string}} state
 * @returns {string[]}
 */
export function leadNames({ status, monitor }) {
  const judged = monitor.replace(/^(?:val|train)_/, "");
  if (!ENDED.has(status)) return [judged];
  const second = ["loss", "recall"].includes(judged) ? "auroc" : judged;
  return ["loss", second, "recall"];
}
