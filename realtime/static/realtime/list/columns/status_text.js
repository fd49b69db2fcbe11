// How far a run has come, in words. Pure.

import { count, ENDED, epochNumber, known, percent, plural, remaining } from "../../frame/format.js";
import { queueText } from "../../queue/queue_state.js";

/**
 * @typedef {object} RunSummary as GET /api/runs/ and `run_summary` messages have it; only what is read here
 * @property {string} status
 * @property {string | null} reason
 * @property {number | null} [queue_position]
 * @property {string | null} [estimated_start]
 * @property {string | null} [waits_for]
 * @property {{fraction: number | null, epoch: number | null, max_epochs: number, eta_seconds: number | null}} progress
 */

/**
 * Describe how far the run has come.
 *
 * @param {RunSummary} run
 * @param {Pick<RunSummary, "queue_position" | "estimated_start" | "waits_for"> | null} [entry] its place in the queue,
 *   where that is known better than the summary has it
 */
export function statusText(run, entry = null) {
  const { status, reason, progress } = run;
  if (status === "queued") return [placeText(entry ?? run), reason].filter(Boolean).join(" · ");
  const { fraction, epoch, max_epochs: epochs, eta_seconds: eta } = progress;
  if (ENDED.has(status))
    return reason ?? (known(epoch) ? `${count(epochNumber(epoch))} of ${plural(epochs, "epoch")}` : "");
  if (epoch === null) return "Preparing data and model";
  return `${percent(fraction, 0)} of ${plural(epochs, "epoch")}${known(eta) ? ` · ${remaining(eta)}` : ""}`;
}

/** @param {Pick<RunSummary, "queue_position" | "estimated_start" | "waits_for">} entry */
const placeText = ({ queue_position: queuePosition, estimated_start: estimatedStart, waits_for: waitsFor }) =>
  queueText({ queuePosition, estimatedStart, waitsFor });
